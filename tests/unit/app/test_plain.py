"""What is wrong with a plain Compose file is told all at once: devenv's keys, and all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.model.errors import DevenvError, DevenvErrors
from tests.unit.app.test_importing import Heard

TEXT = """\
services:
  web:
    image: nginx
    bogus: 1
    x-devenv:
      lazzy: true
  db:
    image: busybox
    depends_on: [weeb]
    x-devenv:
      ready: {http: "{{ web.url }}/x"}
"""


def told(folder: Path, text: str) -> list[tuple[int, str]]:
    (folder / "compose.yaml").write_text(text)
    with pytest.raises(DevenvError) as caught:
        read_project(Context(ui=Heard(), directory=str(folder)))
    error = caught.value
    found = error.errors if isinstance(error, DevenvErrors) else (error,)
    return [(each.where.line if each.where else 0, each.message) for each in found]


def test_an_unknown_key_hides_no_wrong_name(tmp_path: Path) -> None:
    found = told(tmp_path, TEXT)
    assert [line for line, _ in found] == [4, 6, 9, 11]
    assert "`db` needs `weeb`" in found[2][1]


def test_a_file_that_is_right_otherwise_says_one_thing(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        TEXT.replace("    bogus: 1\n", "").replace("weeb", "web").replace("/x", "").replace("{{ web.url }}", "/"),
    )
    assert [line for line, _ in found] == [5]
    assert "lazzy" in found[0][1]
