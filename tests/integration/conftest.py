"""Tests here run on the real engine: `engine`, a `base` image with a shell, and a `project` of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devenv.model.protocols import Engine
from tests.engines import clean, new_name


@pytest.fixture(scope="session")
def engine(docker_engine: Engine) -> Engine:
    return docker_engine


@pytest.fixture(scope="session")
def base(docker_base: str) -> str:
    return docker_base


@pytest.fixture
def project(engine: Engine) -> Iterator[str]:
    """A project name of the test's own; what carries its label goes afterwards."""
    name = new_name()
    yield name
    clean(engine, name)
