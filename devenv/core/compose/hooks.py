"""Hooks of a service in their normal form: `post_start` and `pre_stop`, which run inside its containers, and
`pre_start`, each a container of its own that has all of the service's configuration but what it says itself.

Source: the Compose Specification's `service_hook` and `pre_start_hook`, docker/compose `pkg/compose/hook_spec.go`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.merge import merge
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Document, Path
from devenv.model.stack import Hook

_OF_SERVICES = frozenset(
    ("attach", "build", "container_name", "depends_on", "deploy", "develop", "expose", "extends", "external_links",
     "healthcheck", "links", "ports", "post_start", "pre_start", "pre_stop", "profiles", "provider", "restart", "scale",
     "stdin_open", "tty")
)  # fmt: skip
"""Keys that are a service's alone: what stays of it is the configuration of a container, which a hook may have too."""
_LATER = frozenset(("env_file", "label_file"))


def inside(reader: Reader, value: Any, at: Path, *, command: values.Read) -> list[dict[str, Any]] | None:
    """`post_start` or `pre_stop`."""
    known: dict[str, values.Read] = {
        "command": command,
        "user": values.text,
        "privileged": values.boolean,
        "working_dir": values.text,
        "environment": lambda reader, value, at: values.pairs(reader, value, at) or None,
    }
    found = []
    for index, item in _items(reader, value, at):
        hook = fields(reader, item, (*at, index), known)
        if hook is not None and not hook.get("command"):
            reader.wrong((*at, index), "The hook has no `command`.", "Say what it runs.")
        elif hook is not None:
            found.append({key: hook[key] for key in known if key in hook})
    return found or None


def before(
    reader: Reader, value: Any, at: Path, *, service: Mapping[str, Any], keys: Mapping[str, values.Read]
) -> list[dict[str, Any]] | None:
    """`pre_start` of the normalised `service`, each hook laid over it as a second file would be; but for its volumes,
    which a hook has at run time. `keys` are what is read of a service, and how."""
    known = {key: read for key, read in keys.items() if key not in _OF_SERVICES}
    base = {key: item for key, item in inherited(service, keys).items() if item is not None}
    found = []
    for index, item in _items(reader, value, at):
        here: Path = (*at, index)
        hook = fields(reader, item, here, {**known, "per_replica": values.boolean}, unsupported=_LATER)
        if hook is None:
            continue
        if hook.pop("per_replica", False):
            reader.wrong(
                (*here, "per_replica"),
                "A `pre_start` hook runs once a service, not once for each of its containers (as with Compose 5.6).",
                "Take `per_replica` out, or do it in `post_start`.",
            )
        own = dict(base)
        if hook.get("network_mode") or hook.get("networks"):
            own = {key: item for key, item in base.items() if key not in ("network_mode", "networks")}
        over = {key: item for key, item in hook.items() if item is not None}
        merged = merge(_document(own), _document(over)).value["services"]["hook"]
        found.append({key: merged.get(key) for key in sorted({*merged, "command", "entrypoint"})})
    return found or None


def inherited(service: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """What a `pre_start` hook has of its `service`; `keys` are those that are read of one."""
    return {key: item for key, item in service.items() if key in keys and key not in _OF_SERVICES and key != "volumes"}


def _document(spec: Mapping[str, Any]) -> Document:
    return Document(file="", value={"services": {"hook": dict(spec)}})


def _items(reader: Reader, value: Any, at: Path) -> Iterable[tuple[int, Any]]:
    if not isinstance(value, list):
        reader.not_a(at, "a list of hooks")
        return ()
    return enumerate(value)


def hooks(config: Mapping[str, Any], kind: str) -> tuple[Hook, ...]:
    """The hooks `kind` (`post_start`, `pre_stop`) of a normalised service."""
    return tuple(
        Hook(
            command=tuple(item["command"]),
            user=item.get("user", ""),
            privileged=item.get("privileged", False),
            workdir=item.get("working_dir", ""),
            environment={name: value for name, value in item.get("environment", {}).items() if value is not None},
        )
        for item in config.get(kind) or ()
    )
