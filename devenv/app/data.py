"""What devenv brings along: the catalogue's services and stacks, and the templates. In a checkout they stand at its
top, in an installed package under `devenv/_data`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from devenv.core.catalogue import read_service
from devenv.core.decode import BaseStack
from devenv.core.source import read_yaml
from devenv.host.files import read_text
from devenv.model.manifest import CatalogueService, Recipe

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """The folder that holds `stacks/` and `templates/`."""
    packed = _PACKAGE / "_data"
    return packed if packed.is_dir() else _PACKAGE.parent


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
