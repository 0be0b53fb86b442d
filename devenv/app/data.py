"""What devenv brings along: the catalogue's services and stacks, and the templates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from devenv.app.places import data_folder
from devenv.core.catalogue import read_service
from devenv.core.decode import BaseStack
from devenv.core.source import read_yaml
from devenv.host.files import read_text
from devenv.model.manifest import CatalogueService, Recipe


@cache
def catalogue() -> Mapping[str, CatalogueService]:
    """Every service of the catalogue, by name. Raises DevenvError where a `service.yaml` is broken."""
    found: dict[str, CatalogueService] = {}
    for file in sorted((data_folder() / "stacks" / "services").glob("*/service.yaml")):
        service = read_service(read_yaml(read_text(file), str(file)), str(file.parent))
        found[service.name] = service
    return found


def recipes() -> tuple[Recipe, ...]:
    """The recipes of the catalogue."""
    return tuple(service.recipe for service in catalogue().values() if service.recipe)


@cache
def bases() -> Mapping[str, BaseStack]:
    """The stacks that `base:` may name."""
    return {
        file.parent.name: BaseStack(
            name=file.parent.name, folder=str(file.parent), file=str(file), text=read_text(file)
        )
        for file in sorted((data_folder() / "stacks" / "examples").glob("*/devenv.yaml"))
    }


@cache
def templates() -> Mapping[str, str]:
    """The texts of the templates, by file name."""
    return {file.name: read_text(file) for file in sorted((data_folder() / "templates").glob("*.j2"))}
