"""One service of a Compose file in its normal form: what `docker compose config --format json` prints of it.

Texts are the real ones (Compose prints a `$` as `$$`). Keys are in compose-go's order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.core.compose import build, mounts, pull, shell, values
from devenv.core.compose.hash import ORDER
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Path

_NAMESPACES = ("network_mode", "ipc", "pid")


def command(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """`command` or `entrypoint`: a list, or a text that is split into words. Empty ones clear the image's."""
    if value is None:
        return None
    if isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, str):
                values.text(reader, item, (*at, index))
        return [item for item in value if isinstance(item, str)]
    if not isinstance(value, str):
        reader.not_a(at, "a text or a list of texts")
        return None
    try:
        return shell.words(value)
    except ValueError as error:
        reader.wrong(at, f"The command cannot be split into words: {error}.", "Write it as a list of its words.")
        return None


def _test(reader: Reader, value: Any, at: Path) -> list[str] | None:
    if isinstance(value, str):
        return ["CMD-SHELL", value]
    words = command(reader, value, at)
    if words and words[0] not in ("NONE", "CMD", "CMD-SHELL"):
        reader.wrong(
            at,
            f"The test begins with `{words[0]}`.",
            'Begin the list with "CMD", "CMD-SHELL" or "NONE", or write one text.',
        )
    return words or None


_HEALTHCHECK: dict[str, values.Read] = {
    "test": _test,
    "timeout": values.duration,
    "interval": values.duration,
    "retries": values.count,
    "start_period": values.duration,
    "start_interval": values.duration,
    "disable": values.boolean,
}


def _healthcheck(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    return fields(reader, value, at, _HEALTHCHECK)


def _logging(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    return fields(reader, value, at, {"driver": values.text, "options": values.options})


_NEED: dict[str, values.Read] = {
    "condition": values.choice("service_started", "service_healthy", "service_completed_successfully"),
    "restart": values.boolean,
    "required": values.flag,
}


def _depends_on(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    if isinstance(value, list):
        value = {name: {"condition": "service_started"} for name in values.strings(reader, value, at) or ()}
    elif not isinstance(value, Mapping):
        reader.not_a(at, "a list or a mapping of services")
        return None
    found: dict[str, Any] = {}
    for name, item in sorted(value.items()):
        need = fields(reader, item, (*at, name), _NEED)
        if need is None:
            continue
        if "condition" not in item:
            reader.wrong((*at, name), f"`{name}` has no `condition`.", "Give it one, such as `service_started`.")
        found[name] = {"condition": "service_started", **need}
        found[name].setdefault("required", True)
    return found or None


def _size_or_nothing(reader: Reader, value: Any, at: Path) -> str | None:
    if isinstance(value, float):
        reader.not_a(at, "a whole number of bytes, or a size such as `512m`", "Compose drops a number with a point.")
        return None
    return values.size(reader, value, at)


def _sorted_pairs(reader: Reader, value: Any, at: Path) -> dict[str, str | None] | None:
    return values.resolved(reader, value, at) or None


def _restart(reader: Reader, value: Any, at: Path) -> str | None:
    given = "no" if value is False else values.text(reader, value, at)
    name, colon, tries = (given or "no").partition(":")
    if name not in ("no", "always", "on-failure", "unless-stopped") or (colon and not tries.isdigit()):
        reader.not_a(at, "`no`, `always`, `on-failure`, `on-failure:3` or `unless-stopped`")
        return None
    return given


def _expose(reader: Reader, value: Any, at: Path) -> list[str] | None:
    found = values.strings(reader, value, at)
    for item in found or ():
        if not re.fullmatch(r"\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?", item):
            reader.not_a(at, "a list of ports such as `8000` or `53/udp`")
    return found


KEYS: dict[str, values.Read] = {
    "annotations": values.labels,
    "attach": values.flag,
    "build": build.build,
    "cap_add": values.strings,
    "cap_drop": values.strings,
    "command": command,
    "configs": mounts.configs,
    "container_name": values.text,
    "cpus": values.number,
    "depends_on": _depends_on,
    "devices": mounts.devices,
    "dns": values.one_or_more,
    "dns_opt": values.strings,
    "dns_search": values.one_or_more,
    "domainname": values.text,
    "entrypoint": command,
    "environment": _sorted_pairs,
    "expose": _expose,
    "extra_hosts": mounts.hosts,
    "group_add": values.strings,
    "healthcheck": _healthcheck,
    "hostname": values.text,
    "image": values.text,
    "init": values.flag,
    "ipc": values.text,
    "labels": values.labels,
    "logging": _logging,
    "mem_limit": _size_or_nothing,
    "mem_reservation": _size_or_nothing,
    "memswap_limit": _size_or_nothing,
    "network_mode": values.text,
    "networks": mounts.networks,
    "pid": values.text,
    "platform": values.text,
    "ports": mounts.ports,
    "privileged": values.boolean,
    "profiles": values.strings,
    "pull_policy": pull.pull_policy,
    "read_only": values.boolean,
    "restart": _restart,
    "scale": values.count,
    "secrets": mounts.secrets,
    "security_opt": values.strings,
    "shm_size": _size_or_nothing,
    "stdin_open": values.boolean,
    "stop_grace_period": values.duration,
    "stop_signal": values.text,
    "sysctls": values.labels,
    "tmpfs": values.one_or_more,
    "tty": values.boolean,
    "ulimits": mounts.ulimits,
    "user": values.text,
    "volumes": mounts.volumes,
    "working_dir": values.text,
}
"""What devenv reads of a service, and how."""
_ELSEWHERE = frozenset(("env_file", "label_file"))
REFUSED = frozenset(ORDER) - frozenset(KEYS) - _ELSEWHERE


def service(
    reader: Reader,
    value: Mapping[str, Any],
    at: Path,
    *,
    environment: Mapping[str, str],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """The service at `at`. `environment` and `labels` are what its `env_file` and `label_file` hold."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key in KEYS:
            found[key] = KEYS[key](reader, item, (*at, key))
        elif key not in _ELSEWHERE and not key.startswith("x-"):
            reader.unknown(at, key, {**KEYS, **dict.fromkeys(_ELSEWHERE)}, REFUSED)
    if environment:
        found["environment"] = dict(sorted({**environment, **(found.get("environment") or {})}.items()))
    if labels:
        found["labels"] = dict(sorted({**labels, **(found.get("labels") or {})}.items()))
    if value.get("label_file"):
        files = values.one_or_more(reader, value["label_file"], (*at, "label_file"))
        found["label_file"] = [mounts.absolute(reader, file) for file in files or ()]
    if not found.get("networks"):
        found["networks"] = None if found.get("network_mode") else {"default": None}
    elif found.get("network_mode"):
        reader.wrong((*at, "network_mode"), "`network_mode` and `networks` exclude each other.", "Keep one of them.")
    for key in _NAMESPACES:
        other = str(found.get(key) or "").partition("service:")[2]
        if other:
            needs = dict(found.get("depends_on") or {})
            needs.setdefault(other, {"condition": "service_started", "restart": True, "required": True})
            found["depends_on"] = dict(sorted(needs.items()))
    if not found.get("image") and not found.get("build") and "image" not in value and "build" not in value:
        reader.wrong(at, f"The service `{at[-1]}` has neither `image` nor `build`.", "Give it one of the two.")
    return {key: found.get(key) for key in ORDER if found.get(key) is not None or key in ("command", "entrypoint")}
