"""The catalogue's services: read from their `service.yaml`, found by `use:`, put under what the person wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devenv.core import longform
from devenv.core.ports import image_variable, reference
from devenv.core.readiness import Kinds
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.manifest import CatalogueService, Document, Recipe

_UNNAMED = "latest"


def read_service(document: Document, folder: str, *, kinds: Kinds | None = None) -> CatalogueService:
    """A catalogue service from its `service.yaml`; `folder` is the absolute folder it lies in.

    With `kinds`, what `ready` may name, it is held to its schema: raises DevenvError(s) with places where it does not
    fit. Without, it is trusted: what devenv itself carries was held to it by its tests.
    """
    if kinds is not None:
        from devenv.core.schema import validate

        raise_all(validate(document, "service", kinds))
    value: Mapping[str, Any] = document.value
    recipe = value.get("recipe")
    return CatalogueService(
        name=value["name"],
        title=value["title"],
        image=value["image"],
        default=value["default"],
        versions=tuple(value["versions"]),
        config=value.get("config", {}),
        port=_number(value.get("port")),
        host_port=_number(value.get("host_port")),
        data=value.get("data"),
        server=value.get("server", False),
        values=value.get("values", {}),
        url=value.get("url"),
        ready=tuple(value.get("ready", ())),
        commands={kind: tuple(command) for kind, command in value.get("commands", {}).items()},
        seeder=value.get("seeder"),
        recipe=None
        if recipe is None
        else Recipe(
            name=value["name"],
            image=value["image"],
            version=recipe["version"],
            tags=tuple(recipe["tags"]),
            suite=recipe["suite"],
            folder=folder,
            bootstrap=recipe.get("bootstrap", False),
        ),
        folder=folder,
    )


def _number(port: Any) -> int | None:
    return None if port is None else int(port)


def lookup(
    catalogue: Mapping[str, CatalogueService], use: str, where: Span | None = None
) -> tuple[CatalogueService, str]:
    """The service that `use` names (`postgres`, `postgres@17`) and the version that is meant.

    Raises DevenvError at `where` for a name or version that the catalogue does not know.
    """
    name, given, version = use.partition("@")
    service = catalogue.get(name)
    if service is None:
        hint = did_you_mean(name, catalogue, what="The catalogue has") or "Name an `image:` instead."
        raise DevenvError(f"The catalogue has no service `{name}`.", hint=hint, where=where)
    if given and version not in service.versions:
        known = ", ".join(f"`{name}@{known}`" for known in service.versions)
        raise DevenvError(
            f"The catalogue does not know version `{version}` of `{name}`.",
            hint=f"It knows {known}; for another one name an `image:` instead.",
            where=where,
        )
    return service, version if given else service.default


def kind_of(service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> CatalogueService | None:
    """What `use` of `service` stands for; None where it says none that there is."""
    kind = catalogue.get(str(service.get("use", "")).partition("@")[0])
    return None if kind is None else as_used(service, kind)


def as_used(service: Mapping[str, Any], kind: CatalogueService) -> CatalogueService:
    """`kind` as `service` uses it: a one-shot runs the image's client, and serves nothing and keeps no data."""
    if str(service.get("one_shot", "")).lower() != "true":
        return kind
    return replace(kind, port=None, host_port=None, data=None, server=False, url=None, ready=(), seeder=None)


def official(service: CatalogueService, version: str) -> str:
    """The official image's reference: `postgres:17`."""
    return f"{service.image}:{version}"


def under(name: str, service: Mapping[str, Any], kind: CatalogueService, version: str) -> dict[str, Any]:
    """What `use` puts under the keys of the service `name`: the catalogue's config, image, port, readiness and the
    volume for its data, each only where the person says nothing else."""
    given: dict[str, Any] = dict(kind.config)
    if "image" not in service and "build" not in service:
        given["image"] = reference(image_variable(name), official(kind, version))
    if kind.port is not None and "ports" not in service:
        given["ports"] = [kind.port]
    if kind.ready and "ready" not in service:
        given["ready"] = [dict(ready) for ready in kind.ready]
    if kind.data and not _mounted(service, kind.data):
        given["volumes"] = [*given.get("volumes", ()), f"{name}-data:{kind.data}"]
    return given


def data_volume(name: str, kind: CatalogueService, service: Mapping[str, Any]) -> str | None:
    """The named volume that `under` gives the service for its data, if it does."""
    return f"{name}-data" if kind.data and not _mounted(service, kind.data) else None


def _mounted(service: Mapping[str, Any], target: str) -> bool:
    volumes = (item for item in longform.volumes(service.get("volumes")) if isinstance(item, dict))
    return any(str(item.get("target", "")).rstrip("/") == target.rstrip("/") for item in volumes)
