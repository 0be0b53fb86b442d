"""The keys of the published Compose schema, and which of them a Compose file uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

_PLACES = {
    "container_spec": "services.*",
    "service": "services.*",
    "workload_spec": "services.*",
    "job": "jobs.*",
    "schedule": "jobs.*.triggers.schedule[]",
    "healthcheck": "services.*.healthcheck",
    "development": "services.*.develop",
    "deployment": "services.*.deploy",
    "generic_resources": "services.*.deploy.resources.reservations.generic_resources",
    "devices": "services.*.deploy.resources.reservations.devices",
    "gpus": "services.*.gpus",
    "include": "include[]",
    "network": "networks.*",
    "volume": "volumes.*",
    "secret": "secrets.*",
    "config": "configs.*",
    "model": "models.*",
    "service_hook": "services.*.post_start[]",
    "pre_start_hook": "services.*.pre_start[]",
    "env_file": "services.*.env_file",
    "blkio_limit": "services.*.blkio_config.device_read_bps[]",
    "blkio_weight": "services.*.blkio_config.weight_device[]",
    "service_config_or_secret": "services.*.secrets",
    "ulimits": "services.*.ulimits",
}
"""Where in a file a definition of the schema stands. One that stands at several places is shown at one of them."""
_BRANCHES = ("oneOf", "anyOf", "allOf")


def schema() -> dict[str, Any]:
    """The published schema, as the package check-jsonschema carries it."""
    path = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def keys() -> list[str]:
    """Every key of it, in its order: `services.*.deploy.mode`. `*` is a name of the user's, `[]` an item."""
    whole = schema()
    found = list(_keys(whole, ""))
    for name, definition in whole["$defs"].items():
        found += _keys(definition, _PLACES.get(name, ""))
    return list(dict.fromkeys(found))


def _keys(node: Any, at: str) -> Iterator[str]:
    if not isinstance(node, Mapping):
        return
    for key, item in node.get("properties", {}).items():
        yield (here := f"{at}.{key}".lstrip("."))
        yield from _keys(item, here)
    for kind in ("patternProperties", "additionalProperties"):
        for item in _nested(node, kind):
            yield from _keys(item, f"{at}.*")
    yield from _keys(node.get("items"), f"{at}[]")
    for branch in _BRANCHES:
        for item in node.get(branch, ()):
            yield from _keys(item, at)


def _nested(node: Mapping[str, Any], kind: str) -> Iterator[Any]:
    found = node.get(kind)
    if not isinstance(found, Mapping):
        return
    if kind == "additionalProperties":
        yield found
    else:
        yield from (item for pattern, item in found.items() if pattern != "^x-")


def used(value: Any) -> set[str]:
    """The keys that the Compose file with this `value` uses, at any of their places."""
    whole = schema()
    found: set[str] = set()
    _used(whole, whole["$defs"], value, "", found)
    return found


def _used(node: Any, definitions: Mapping[str, Any], value: Any, at: str, found: set[str]) -> None:
    if not isinstance(node, Mapping):
        return
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        _used(definitions[name], definitions, value, _PLACES.get(name, at), found)
    if isinstance(value, Mapping):
        known = node.get("properties", {})
        for key, item in value.items():
            if key in known:
                here = f"{at}.{key}".lstrip(".")
                found.add(here)
                _used(known[key], definitions, item, here, found)
            else:
                for kind in ("patternProperties", "additionalProperties"):
                    for each in _nested(node, kind):
                        _used(each, definitions, item, f"{at}.*", found)
    if isinstance(value, list):
        for item in value:
            _used(node.get("items"), definitions, item, f"{at}[]", found)
    for branch in _BRANCHES:
        for each in node.get(branch, ()):
            _used(each, definitions, value, at, found)
