"""One suite, two engines: the fake in memory and the real one keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devenv.backends.fake import FakeEngine
from devenv.model.protocols import Engine
from tests.engines import BASE, clean, new_name


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.engine)])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "fake":
        return FakeEngine(images=[BASE])
    request.getfixturevalue("docker_base")
    found: Engine = request.getfixturevalue("docker_engine")
    return found


@pytest.fixture
def base(engine: Engine) -> str:
    return BASE


@pytest.fixture
def project(engine: Engine) -> Iterator[str]:
    """A project name of the test's own; what carries its label goes afterwards."""
    name = new_name()
    yield name
    clean(engine, name)
