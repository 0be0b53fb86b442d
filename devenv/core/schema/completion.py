"""The schema as editors get it: what `use` and `base` may name is offered, with what it is.

devenv itself looks the names up: to it another name is no fault of the schema, and gets a sentence of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devenv.core.schema.shapes import Schema
from devenv.model.manifest import CatalogueService


def completing(schema: Schema, catalogue: Mapping[str, CatalogueService], bases: Iterable[str]) -> Schema:
    """`schema` (of a manifest, or of a Compose file with `x-devenv`) with the names of the catalogue's services and
    stacks."""
    uses = [
        choice
        for name, service in sorted(catalogue.items())
        for choice in (
            _choice(name, f"{service.title} {service.default}."),
            *(_choice(f"{name}@{version}", f"{service.title} {version}.") for version in service.versions),
        )
    ]
    stacks = [_choice(name, f"The whole stack {name} of the catalogue.") for name in sorted(bases)]
    made: Schema = _offered(schema, {"use": uses, "base": stacks})
    return made


def _choice(name: str, means: str) -> Schema:
    return {"const": name, "description": means}


def _offered(value: Any, names: Mapping[str, list[Schema]]) -> Any:
    """The same with the choices of those keys that have a meaning of devenv's: `use` and `base`."""
    if isinstance(value, list):
        return [_offered(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _offered(item, names) for key, item in value.items()}
    keys = value.get("properties")
    if isinstance(keys, Mapping):
        found["properties"] = {
            key: {**shape, "anyOf": [*names[key], {"type": "string"}]} if names.get(key) else shape
            for key, shape in found["properties"].items()
        }
    return found
