"""What devenv brings along: the catalogue's services, their recipes, and the templates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from devenv.app.places import data_folder
from devenv.core.catalogue import read_service
from devenv.core.source import read_yaml
from devenv.host.files import read_text
from devenv.model.manifest import CatalogueService, Recipe


@cache
def catalogue() -> Mapping[str, CatalogueService]:
    """Every service of the catalogue, by name. They come with devenv: its tests hold them to their schema."""
    found: dict[str, CatalogueService] = {}
    for file in sorted((data_folder() / "stacks" / "services").glob("*/service.yaml")):
        service = read_service(read_yaml(read_text(file), str(file)), str(file.parent))
        found[service.name] = service
    return found


def recipes() -> tuple[Recipe, ...]:
    """The recipes of the catalogue."""
    return tuple(service.recipe for service in catalogue().values() if service.recipe)


@cache
def templates() -> Mapping[str, str]:
    """The texts of the templates, by file name."""
    return {file.name: read_text(file) for file in sorted((data_folder() / "templates").glob("*.j2"))}


@cache
def forwarder() -> str:
    """The text of the program that stands in the network for a service on the host. It runs in containers, not here."""
    return read_text(Path(__file__).parents[1] / "run" / "forward.py")
