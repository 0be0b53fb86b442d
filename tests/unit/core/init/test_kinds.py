"""Eight small repositories of different kinds, and the files that are written for them: read as a person would.

`DEVENV_WRITE_CASES=1` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.app import compiling, data
from devenv.core.decode import decode
from devenv.core.dockerfile import bases
from devenv.core.init import MANIFEST, Repository, interesting, look, write
from devenv.core.recipes import Recipes, RecipeSource
from devenv.core.render import TEMPLATES, render
from devenv.extensions.probes import PROBES

CASES = Path(__file__).parents[3] / "cases" / "init"
KINDS = sorted(path.name for path in CASES.iterdir() if path.is_dir() and path.name != "written")
SCHEMA = ".devcontainer/devenv/schema.json"


def read(folder: Path) -> Repository:
    files = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
    return Repository(
        name=folder.name,
        files=files,
        texts={path: (folder / path).read_text(encoding="utf-8") for path in interesting(files)},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written(kind: str) -> None:
    files = write(look(read(CASES / kind)), schema=SCHEMA)
    folder = CASES / "written" / kind
    if os.environ.get("DEVENV_WRITE_CASES"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for path, text in files.items():
            (folder / path).write_text(text, encoding="utf-8")
    assert files == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_manifest_and_all_it_builds_on_can_be_had_without_a_registry(kind: str) -> None:
    files = write(look(read(CASES / kind)), schema=SCHEMA)
    assert files[MANIFEST].startswith(f"# yaml-language-server: $schema={SCHEMA}\n")
    assert max(map(len, files[MANIFEST].splitlines())) <= 120
    manifest = decode(
        files[MANIFEST], MANIFEST, folder="/x", catalogue=data.catalogue(), bases=compiling.bases(), kinds=PROBES
    )
    templates = {key: data.templates()[key] for key in TEMPLATES}
    rendered = render(manifest, data.catalogue(), templates=templates, existing={}, kinds=PROBES)
    assert ".devcontainer/compose.yaml" in rendered.files
    recipes = Recipes(RecipeSource(recipe=recipe) for recipe in data.recipes())
    for ref in bases(files.get("Dockerfile.dev", "")):
        assert recipes.find(ref), ref
