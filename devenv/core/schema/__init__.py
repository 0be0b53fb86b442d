"""The schemas: of `devenv.yaml`, of a Compose file with `x-devenv`, of a catalogue service. Data first, one validator.

manifest_schema(kinds), compose_schema(kinds), service_schema(kinds)   JSON Schema 2020-12
extension_schema(kinds)                                                of `x-devenv` alone
validate(document, which, kinds)                                       every error of a document, with its place

`kinds` are the kinds of readiness that `ready` may name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from devenv.core.readiness import Kinds
from devenv.core.schema import compose_service, compose_top, devenv_keys
from devenv.core.schema.shapes import SHARED, Schema, by_name, key, mapping

if TYPE_CHECKING:
    from devenv.model.errors import DevenvError
    from devenv.model.manifest import Document

Which = Literal["manifest", "compose", "extension", "service"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SERVICE_NAME = "^[a-zA-Z0-9][a-zA-Z0-9._-]*$"


def _definitions(kinds: Kinds) -> dict[str, Schema]:
    own = devenv_keys.definitions(kinds)
    return {**SHARED, **compose_service.DEFINITIONS, "deploy": compose_top.DEPLOY, **own}


def _services(keys: dict[str, Schema]) -> Schema:
    return _by_name(mapping(keys, "a mapping of the service's keys"))


def _by_name(service: Schema) -> Schema:
    return key(
        by_name(service, "a mapping of services", _SERVICE_NAME),
        "The services, by name.",
        {"db": {"image": "postgres:17"}},
    )


def manifest_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of `devenv.yaml`: Compose's keys and devenv's."""
    service = {**compose_service.SERVICE, **devenv_keys.SERVICE}
    return {
        "$schema": _DRAFT,
        "description": "devenv.yaml: a team's development stack.",
        **mapping({**compose_top.TOP, **devenv_keys.TOP, "services": _services(service)}, "a mapping"),
        "$defs": _definitions(kinds),
    }


def compose_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of a Compose file whose devenv keys stand under `x-devenv`: a team's own, or a rendered one."""
    service = mapping({**compose_service.SERVICE}, "a mapping of the service's keys")
    service["properties"]["x-devenv"] = key(
        mapping(devenv_keys.X_SERVICE), "What devenv adds to the service.", {"ready": {"http": "/health"}}
    )
    top = mapping({**compose_top.TOP}, "a mapping")
    top["properties"]["x-devenv"] = key(
        mapping(devenv_keys.X_TOP), "What devenv adds to the whole.", {"tasks": {"test": "pytest -q"}}
    )
    top["properties"]["services"] = _by_name(service)
    return {"$schema": _DRAFT, "description": "A Compose file with x-devenv.", **top, "$defs": _definitions(kinds)}


def extension_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of what devenv adds to a Compose file, whatever else stands in it."""
    service = {"type": "object", "properties": {"x-devenv": mapping(devenv_keys.X_SERVICE)}}
    top = {"x-devenv": mapping(devenv_keys.X_TOP), "services": {"type": "object", "additionalProperties": service}}
    return {"$schema": _DRAFT, "type": "object", "properties": top, "$defs": _definitions(kinds)}


def service_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of a catalogue's `service.yaml`."""
    from devenv.core.schema.service_file import SERVICE_FILE

    return {
        "$schema": _DRAFT,
        "description": "A service of the catalogue.",
        **SERVICE_FILE,
        "$defs": _definitions(kinds),
    }


def schema_of(which: Which, kinds: Kinds) -> dict[str, Any]:
    """The schema by its name."""
    made = {"manifest": manifest_schema, "compose": compose_schema, "extension": extension_schema}
    return {**made, "service": service_schema}[which](kinds)


def validate(document: Document, which: Which, kinds: Kinds) -> list[DevenvError]:
    """Everything in `document` that its schema forbids, in the order of the file; empty where nothing is wrong."""
    from devenv.core.schema.explain import problems

    return [problem.error for problem in problems(document, which, kinds)]
