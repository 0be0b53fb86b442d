"""An image that a recipe may stand in for is left to a variable, also where the person names it literally."""

from __future__ import annotations

import pytest

from devenv.core.rendered import COMPOSE_FILE
from devenv.core.source import read_yaml
from tests.unit.core.compiling import rendered


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("image: 'postgres:17'", "${DEVENV_IMAGE_A:-postgres:17}"),
        ("image: docker.io/library/postgres:17", "${DEVENV_IMAGE_A:-docker.io/library/postgres:17}"),
        ("use: postgres, image: 'postgres:17'", "${DEVENV_IMAGE_A:-postgres:17}"),
        ("image: 'postgres:12'", "postgres:12"),
        ("image: ghcr.io/team/postgres:17", "ghcr.io/team/postgres:17"),
        ("image: 'postgres:${MAJOR:-17}'", "postgres:${MAJOR:-17}"),
        ("image: 'postgres:17', build: .", "postgres:17"),
    ],
)
def test_the_image_in_the_file(written: str, image: str) -> None:
    found = rendered(f"name: n\nservices:\n  a: {{{written}}}\n")
    assert read_yaml(found.files[COMPOSE_FILE], COMPOSE_FILE).value["services"]["a"]["image"] == image
    chosen = [variable for variable in found.variables if variable.kind == "image"]
    assert [variable.ref for variable in chosen] == ([image.partition(":-")[2][:-1]] if "IMAGE_A" in image else [])
