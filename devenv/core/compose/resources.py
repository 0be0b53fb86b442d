"""What a service may use of the machine, and `deploy`: limits, weights of disks, GPUs and other devices.

Each gives the form and the order of keys of `docker compose config`. Source: compose-go `types/types.go` and
`loader/validate.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.values import Read, Reader, fields
from devenv.model.manifest import Path

ALL = -1
"""How many devices: all of them."""


def within(least: int, most: int) -> Read:
    """A whole number from `least` to `most`, 0 left out."""

    def read(reader: Reader, value: Any, at: Path) -> int | None:
        number = values.count(reader, value, at)
        if number is not None and not least <= number <= most:
            reader.not_a(at, f"a whole number from {least} to {most}")
            return None
        return number or None

    return read


def _weight(reader: Reader, value: Any, at: Path) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        reader.not_a(at, "a whole number from 0 to 1000, without quotes")
        return None
    return value


def _list_of(known: Mapping[str, Read], names: Mapping[str, str], what: str) -> Read:
    """A list of mappings, their keys called otherwise in the normal form (compose-go gives those none of their own)."""

    def read(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            reader.not_a(at, f"a list of {what}")
            return None
        items = (fields(reader, item, (*at, index), known) or {} for index, item in enumerate(value))
        return [{names[key]: each for key, each in item.items()} for item in items] or None

    return read


_RATES = _list_of(
    {"path": values.text, "rate": values.size}, {"path": "Path", "rate": "Rate"}, "mappings with `path` and `rate`"
)
_BLKIO: dict[str, Read] = {
    "weight": lambda reader, value, at: _weight(reader, value, at) or None,
    "weight_device": _list_of(
        {"path": values.text, "weight": _weight},
        {"path": "Path", "weight": "Weight"},
        "mappings with `path` and `weight`",
    ),
    "device_read_bps": _RATES,
    "device_read_iops": _RATES,
    "device_write_bps": _RATES,
    "device_write_iops": _RATES,
}


def blkio(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`blkio_config`: the service's weight at disks, and the most it may read and write there."""
    return fields(reader, value, at, _BLKIO)


_CREDENTIAL: dict[str, Read] = dict.fromkeys(("config", "file", "registry"), values.text)


def credential_spec(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`credential_spec`, which only a swarm of Windows machines has: kept, and said in a notice."""
    return fields(reader, value, at, _CREDENTIAL)


def _how_many(reader: Reader, value: Any, at: Path) -> int | None:
    if value == "all":
        return ALL
    number = values.count(reader, value, at)
    return number or None


_DEVICE: dict[str, Read] = {
    "capabilities": values.strings,
    "driver": values.text,
    "count": _how_many,
    "device_ids": values.strings,
    "options": values.labels,
}


def _devices(*, capable: bool) -> Read:
    """Requests of devices: without `count` and `device_ids` all of them. `capable`: each must say of what."""

    def read(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            reader.not_a(at, "a list of devices")
            return None
        found: list[dict[str, Any]] = []
        for index, item in enumerate(value):
            here = (*at, index)
            device = fields(reader, item, here, _DEVICE)
            if device is None:
                continue
            if "count" in item and "device_ids" in item:
                reader.wrong(here, "`count` and `device_ids` exclude each other.", "Say how many, or which ones.")
            if capable and "capabilities" not in item:
                reader.wrong(here, "It has no `capabilities`.", "Say what the device can do: `capabilities: [gpu]`.")
            if "device_ids" not in item:
                device = {**device, "count": device.get("count", ALL)}
            found.append({key: device[key] for key in _DEVICE if key in device})
        return found or None

    return read


def gpus(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """`gpus`: `all`, or a list of requests."""
    if isinstance(value, str):
        if value != "all":
            reader.not_a(at, "`all` or a list of devices")
            return None
        return [{"count": ALL}]
    found: list[dict[str, Any]] | None = _devices(capable=False)(reader, value, at)
    return found


def _memory(reader: Reader, value: Any, at: Path) -> str | None:
    if not isinstance(value, str):
        reader.not_a(at, "a text such as `512m`", f'Quote it: "{value}".' if isinstance(value, int) else "")
        return None
    return values.size(reader, value, at)


def _discrete(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    return fields(reader, value, at, {"kind": values.text, "value": values.count})


_generic = _list_of(
    {"discrete_resource_spec": _discrete}, {"discrete_resource_spec": "discrete_resource_spec"}, "resources"
)
_LIMITS: dict[str, Read] = {"cpus": values.number, "memory": _memory, "pids": values.integer}
_RESERVATIONS: dict[str, Read] = {
    "cpus": values.number,
    "memory": _memory,
    "devices": _devices(capable=True),
    "generic_resources": _generic,
}


def _part(known: Mapping[str, Read]) -> Read:
    return lambda reader, value, at: fields(reader, value, at, known)


def _not_zero(reader: Reader, value: Any, at: Path) -> str | None:
    given = values.duration(reader, value, at)
    return None if given == "0s" else given


_ROLLOUT: dict[str, Read] = {
    "parallelism": values.count,
    "delay": _not_zero,
    "failure_action": values.text,
    "monitor": _not_zero,
    "max_failure_ratio": values.number,
    "order": values.choice("start-first", "stop-first"),
}
_RESTART: dict[str, Read] = {
    "condition": values.text,
    "delay": values.duration,
    "max_attempts": values.count,
    "window": values.duration,
}
_PLACEMENT: dict[str, Read] = {
    "constraints": values.strings,
    "preferences": _list_of({"spread": values.text}, {"spread": "spread"}, "mappings with `spread`"),
    "max_replicas_per_node": values.integer,
}
_DEPLOY: dict[str, Read] = {
    "mode": values.text,
    "replicas": values.count,
    "labels": values.labels,
    "update_config": _part(_ROLLOUT),
    "rollback_config": _part(_ROLLOUT),
    "resources": _part({"limits": _part(_LIMITS), "reservations": _part(_RESERVATIONS)}),
    "restart_policy": _part(_RESTART),
    "placement": _part(_PLACEMENT),
    "endpoint_mode": values.text,
}


def deploy(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`deploy`. Compose prints its `resources` and `placement` always."""
    if value is None:
        return None
    found = fields(reader, value, at, _DEPLOY)
    if found is None:
        return None
    found = {"resources": {}, "placement": {}, **found}
    return {key: found[key] for key in _DEPLOY if key in found}


_TWICE = (
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "reservations", "memory"),
    ("pids_limit", "limits", "pids"),
)
"""What can be said at two places: key of the service, part of `deploy.resources`, key there."""


def check_agreement(reader: Reader, found: Mapping[str, Any], at: Path) -> None:
    """One limit has one value: where `deploy.resources` has that part at all, it must say the same (as in Compose)."""
    resources = (found.get("deploy") or {}).get("resources") or {}
    for key, part, name in _TWICE:
        there = resources.get(part)
        if found.get(key) and there is not None and there.get(name) != found[key]:
            place = f"deploy.resources.{part}.{name}"
            said = f"`{place}` says {there[name]}" if name in there else f"`deploy.resources.{part}` does not have it"
            reader.wrong(
                (*at, key),
                f"`{key}` says {found[key]}, and {said}: they are one limit.",
                f"Say it once, as `{key}` or as `{place}`, or the same at both.",
            )
