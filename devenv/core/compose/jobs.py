"""`jobs` of a Compose file: containers that run to their end, by hand or by the clock.

They are read as Compose reads them and started by nobody here, as Compose's `up` starts none (which is said).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.service import service
from devenv.core.compose.values import Read, Reader, fields
from devenv.model.manifest import Path

_OF_SERVICES = frozenset(
    ("attach", "container_name", "deploy", "develop", "external_links", "links", "post_start", "pre_start", "pre_stop",
     "provider", "restart", "scale")
)  # fmt: skip
_ELSEWHERE = frozenset(("env_file", "label_file", "extends"))
_SCHEDULE: dict[str, Read] = {
    "cron": values.text,
    "timezone": values.text,
    "concurrency": values.choice("forbid", "queue"),
    "missed_fires": values.choice("one", "skip"),
}


def _schedules(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        reader.not_a(at, "a list of schedules")
        return None
    found = []
    for index, item in enumerate(value):
        here = (*at, index)
        found.append(fields(reader, {"cron": item} if isinstance(item, str) else item, here, _SCHEDULE) or {})
        if isinstance(item, Mapping) and "cron" not in item:
            reader.wrong(here, "The schedule has no `cron`.", 'Say when: `cron: "0 * * * *"`.')
    return found or None


_TRIGGERS: dict[str, Read] = {"manual": values.flag, "schedule": _schedules}


def jobs(reader: Reader, written: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The jobs whose profile is active, by name, in the form of `docker compose config`."""
    found: dict[str, dict[str, Any]] = {}
    for name, item in written.items():
        at: Path = ("jobs", name)
        if not isinstance(item, Mapping):
            reader.not_a(at, "a mapping")
            continue
        for key in (key for key in item if key in _OF_SERVICES | _ELSEWHERE):
            reader.wrong((*at, key), f"A job has no `{key}`.", "Remove it, or make the job a service.")
        if not item.get("triggers"):
            reader.wrong(at, f"The job `{name}` has no `triggers`.", "Say what starts it: `triggers: {manual: true}`.")
        body = {key: each for key, each in item.items() if key != "triggers" and key not in _OF_SERVICES | _ELSEWHERE}
        config = service(reader, body, at, environment={}, labels={})
        if not values.is_active(reader, config.get("profiles")):
            continue
        triggers = fields(reader, item.get("triggers") or {}, (*at, "triggers"), _TRIGGERS)
        found[name] = {"triggers": triggers, **config}
    return found
