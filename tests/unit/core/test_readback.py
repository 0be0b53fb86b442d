"""What the rendered file says of its variables is what `render` said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.core.render.readback import variables
from devenv.core.rendered import COMPOSE_FILE, Variable
from devenv.core.source import read_yaml
from tests.unit.core.compiling import rendered
from tests.unit.core.test_render_cases import FOLDERS, based


def told(found: tuple[Variable, ...]) -> list[Variable]:
    """Without what only messages say; of a path in a default, which counts from another folder there, its end."""
    return sorted(
        (replace(each, why="", where=None, default=each.default and each.default.lstrip(".")) for each in found),
        key=lambda each: each.name,
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_all_that_was_rendered_is_read_back(folder: Path) -> None:
    found = rendered((folder / "devenv.yaml").read_text(), *based(folder))
    assert told(variables(read_yaml(found.files[COMPOSE_FILE], COMPOSE_FILE))) == told(found.variables)
