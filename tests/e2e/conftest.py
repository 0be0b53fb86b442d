from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.repository import Repository, made
from tests.engines import new_name

pytest.register_assert_rewrite("tests.e2e.sharing_points", "tests.e2e.stack_points")


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """A repository of the test's own, nothing of it up."""
    with made(tmp_path / "repository", new_name()) as one:
        yield one


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository whose stack is up, shared by a module; tests leave it as they found it."""
    with made(tmp_path_factory.mktemp("shared") / "repository", new_name()) as one:
        one.up()
        yield one
