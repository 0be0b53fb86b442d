"""Held against the real Docker Compose: the points of `sharing_points`, one test a point; each at once for one kind of
project and with `-m slow` for the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

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
