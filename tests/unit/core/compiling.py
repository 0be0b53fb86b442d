"""What the compiler's tests share: a small catalogue, templates, and the way from a manifest to what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from devenv.core.catalogue import read_service
from devenv.core.decode import BaseStack, decode
from devenv.core.render import TEMPLATES, Rendered, render
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import CatalogueService, Manifest

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "render"
FOLDER = "/repo"


@cache
def catalogue() -> Mapping[str, CatalogueService]:
    """The services of `tests/cases/render/catalogue/`: what these tests say does not depend on the real one."""
    files = sorted((CASES / "catalogue").glob("*.yaml"))
    return {
        file.stem: read_service(
            read_yaml(file.read_text(), f"{file.stem}/service.yaml"), f"/catalogue/{file.stem}", kinds=PROBES
        )
        for file in files
    }


@cache
def templates() -> Mapping[str, str]:
    return {name: (ROOT / "templates" / name).read_text() for name in TEMPLATES}


def manifest(text: str, *bases: BaseStack, folder: str = FOLDER) -> Manifest:
    named = {base.name: base for base in bases}
    return decode(text, "devenv.yaml", folder=folder, catalogue=catalogue(), bases=named, kinds=PROBES)


def rendered(
    text: str,
    *bases: BaseStack,
    existing: Mapping[str, str] | None = None,
    wrapper: bool = True,
    force: bool = False,
    folder: str = FOLDER,
) -> Rendered:
    return render(
        manifest(text, *bases, folder=folder),
        catalogue(),
        templates=templates(),
        existing=existing or {},
        kinds=PROBES,
        wrapper=wrapper,
        force=force,
    )


def errors(text: str, *bases: BaseStack) -> list[DevenvError]:
    """Everything that decoding `text` complains of; none where it is right."""
    try:
        manifest(text, *bases)
    except DevenvErrors as several:
        return list(several.errors)
    except DevenvError as one:
        return [one]
    return []


def told(text: str, *bases: BaseStack) -> list[str]:
    """The complaints as `line:column message`."""
    return [f"{e.where.line}:{e.where.column} {e.message}" if e.where else e.message for e in errors(text, *bases)]
