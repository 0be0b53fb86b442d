"""Held against the real Docker Compose: the points of `sharing_points`, one test a point; each at once for one kind of
project and with `-m slow` for the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devenv.model import labels
from tests.e2e.compose import binary
from tests.e2e.sharing_points import POINTS, Shared, project
from tests.engines import new_name

pytestmark = pytest.mark.engine

ORDER = (1, 5, 3, 6, 10, 2, 4)
"""Those that need Compose alone. Each leaves its project as it found it, so they share one; the last takes all down."""


def _points(at_once: Sequence[int]) -> list[Any]:
    return [pytest.param(point, marks=() if point in at_once else pytest.mark.slow) for point in ORDER]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, docker_base: str) -> Iterator[Shared]:
    with project(tmp_path_factory.mktemp("shared") / "repository", new_name(), "manifest") as one:
        yield one


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, docker_base: str) -> Iterator[Shared]:
    with project(tmp_path_factory.mktemp("shared") / "repository", new_name(), "plain") as one:
        yield one


@pytest.mark.parametrize("point", _points((1, 5, 6, 4)))
def test_a_manifest_with_compose(manifest: Shared, point: int) -> None:
    POINTS[point](manifest)


@pytest.mark.parametrize("point", _points((3, 10, 2)))
def test_a_plain_file_with_compose(plain: Shared, point: int) -> None:
    POINTS[point](plain)


def test_an_installed_compose_is_asked(plain: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one, then one whose hashes are others: what it says is the label, and nothing is made anew for it."""
    plugin = tmp_path / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir()
    plugin.symlink_to(binary())
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    plain.up()
    plain.containers()["workspace"].remove(force=True)
    plain.up()
    theirs = dict(line.split() for line in plain.compose("config", "--hash", "*").splitlines())
    assert json.loads((plain.folder / ".devenv/compose.json").read_text())["hashes"] == theirs
    assert plain.containers()["workspace"].labels[labels.CONFIG_HASH] == theirs["workspace"]
    plugin.unlink()
    plugin.write_text(f"""#!/bin/sh\n'{binary()}' "$@" | sed -E 's/ [0-9a-f]{{8}}([0-9a-f]{{56}})$/ 00000000\\1/'\n""")
    plugin.chmod(0o755)
    assert "nothing to do" in plain.up()
    plain.containers()["workspace"].remove(force=True)
    plain.up()
    assert plain.containers()["workspace"].labels[labels.CONFIG_HASH] == f"00000000{theirs['workspace'][8:]}"
    assert "nothing to do" in plain.up()
