"""A normalised model as `docker compose config` prints it: in JSON what is hashed, in YAML also `x-…` at any depth.

Source: docker/compose `cmd/compose/config.go`; compose-go `types/project.go` (what JSON and YAML leave out).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from devenv.core.compose.documents import Model
from devenv.core.compose.normalise import secret_keys

_NEVER_EMPTY = frozenset((("networks", "*", "ipam"), ("services", "*", "deploy", "resources"),
                          ("services", "*", "deploy", "placement")))  # fmt: skip
"""What JSON shows also when it is empty."""


def as_json(model: Model, only: Collection[str] | None = None) -> dict[str, Any]:
    """What `config --format json` prints. `only`: of these services alone, and what they use."""
    normal = model.normal
    services = {name: config for name, config in normal.services.items() if only is None or name in only}
    used = {
        "networks": {key for config in services.values() for key in config.get("networks") or ()},
        "volumes": {mount.get("source") for config in services.values() for mount in config.get("volumes") or ()},
        "secrets": {key for config in services.values() for key in secret_keys(config)},
        "configs": {grant["source"] for config in services.values() for grant in config.get("configs") or ()},
    }
    printed: dict[str, Any] = {"name": normal.project, "services": {k: dict(v) for k, v in services.items()}}
    for kind in ("networks", "volumes", "secrets", "configs"):
        items = getattr(normal, kind)
        kept = {key: dict(item) for key, item in items.items() if only is None or key in used[kind]}
        if kept:
            printed[kind] = kept
    if normal.jobs:
        printed["jobs"] = dict(normal.jobs)
    top = model.document.value
    printed |= {key: item for key, item in top.items() if key.startswith("x-")}
    return _doubled(printed)  # type: ignore[no-any-return]


def as_yaml(model: Model, only: Collection[str] | None = None) -> dict[str, Any]:
    """What `config` prints in YAML, `only` as for `as_json`."""
    printed = as_json(model, only)
    if model.normal.models:
        printed["models"] = _doubled(model.normal.models)
    if model.normal.jobs:
        printed["jobs"] = {name: {"name": name, **job} for name, job in printed["jobs"].items()}
    return _extended(_without_empty(printed, ()), _doubled(model.document.value))  # type: ignore[no-any-return]


def _doubled(value: Any) -> Any:
    """Compose prints what can be read as a Compose file again: each `$` twice."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {_doubled(key): _doubled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_doubled(item) for item in value]
    return value


def _without_empty(value: Any, at: tuple[str, ...]) -> Any:
    if at[2:3] == ("blkio_config",) and isinstance(value, list):
        return [{name.lower(): item for name, item in each.items()} for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {}
    for key, item in value.items():
        here = (*at, "*" if len(at) == 1 else key)
        if here in _NEVER_EMPTY and not item:
            continue
        if here[:1] in (("services",), ("jobs",)) and here[2:] in (("command",), ("entrypoint",)) and item is None:
            continue
        if (here[2:3] if len(here) == 4 else here[3:4]) == ("ulimits",) and isinstance(item, Mapping):
            item = {"soft": 0, "hard": 0, **item}
        if here == ("services", "*", "develop", "watch"):
            item = [{k: v for k, v in rule.items() if k != "exec" or v["command"]} for rule in item]
        if here == ("services", "*", "pre_start"):
            item = [{k: v for k, v in hook.items() if k != "entrypoint" or v is not None} for hook in item or ()]
        found[key] = _without_empty(item, here) if len(here) < 5 else item
    return found


def _extended(printed: Any, written: Any) -> Any:
    """`printed` with the `x-…` that stand at the same places of `written`."""
    if isinstance(printed, list) and isinstance(written, list) and len(printed) == len(written):
        return [_extended(*both) for both in zip(printed, written, strict=True)]
    if not isinstance(printed, dict) or not isinstance(written, dict):
        return printed
    found = {key: _extended(item, written.get(key)) for key, item in printed.items()}
    own = {key: item for key, item in written.items() if key.startswith("x-")}
    return {**found, **{key: item for key, item in own.items() if key not in found}}
