"""A real engine and a real base image. An engine that cannot be had fails the tests; it never skips them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from zlib import crc32

import pytest

from devenv.backends.docker import connect
from devenv.host.engine import ensure
from devenv.host.machine import ThisHost
from devenv.model.protocols import Engine
from devenv.run.cancel import CancelToken

BASE = "localhost/devenv-test/trixie:latest"
PREFIX = f"devenv-test-{os.environ.get('DEVENV_TEST_RUN', os.getpid())}"
"""Everything that a test makes on the engine is named so: what a killed run leaves is found by it."""


class Quiet:
    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None: ...

    def log(self, line: str, stream: str = "stdout") -> None: ...


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    address = ensure(install=False, ask=lambda question: False, say=lambda line: None)
    engine = connect(address.url)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def base(engine: Engine) -> str:
    """A minimal Debian with a shell; made once an engine, kept as a cache."""
    if engine.image(BASE) is None:
        host = ThisHost(install=True, ask=lambda question: False, say=lambda line: None)
        cancel = CancelToken()
        tar = host.bootstrap("trixie", report=Quiet(), cancel=cancel)
        engine.import_image(BASE, tar, labels={"dev.devenv.test": "base"}, cancel=cancel)
    return BASE


@pytest.fixture
def project(engine: Engine, request: pytest.FixtureRequest) -> Iterator[str]:
    """A project name of the test's own; what carries its label goes afterwards."""
    name = f"{PREFIX}-{crc32(request.node.nodeid.encode())}"
    yield name
    left = engine.observe(name)
    for container in left.containers:
        engine.remove_container(container.id, volumes=True)
    for network in left.networks:
        engine.remove_network(network.name)
    for volume in left.volumes:
        engine.remove_volume(volume.name)
    left = engine.observe(name)
    assert (left.containers, left.networks, left.volumes) == ((), (), ())
