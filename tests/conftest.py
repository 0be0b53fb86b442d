"""What all tests that need a real engine share. An engine that cannot be had fails them; it never skips them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from devenv.backends.docker import connect
from devenv.host.engine import Address, ensure
from devenv.host.machine import ThisHost
from devenv.model.protocols import Engine
from devenv.run.cancel import CancelToken
from tests.engines import BASE, Told

collect_ignore = ["cases"]
"""Data: some of it are repositories with tests of their own."""


@pytest.fixture
def report() -> Told:
    return Told()


@pytest.fixture
def cancel() -> CancelToken:
    return CancelToken()


@pytest.fixture(scope="session")
def engine_address() -> Address:
    return ensure(install=False, ask=lambda question: False, say=lambda line: None)


@pytest.fixture(scope="session")
def docker_engine(engine_address: Address) -> Iterator[Engine]:
    engine = connect(engine_address.url, tls=engine_address.tls)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def docker_base(docker_engine: Engine) -> str:
    """A minimal Debian with a shell; made once an engine and kept, as a cache."""
    if docker_engine.image(BASE) is None:
        host = ThisHost(install=True, ask=lambda question: False, say=lambda line: None)
        cancel = CancelToken()
        tar = host.bootstrap("trixie", report=Told(), cancel=cancel)
        docker_engine.import_image(BASE, tar, labels={"dev.devenv.test": "base"}, cancel=cancel)
    return BASE


@pytest.fixture
def forget_image(request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Takes the name of an image that the test makes, and sees that the real engine does not keep it."""
    refs: list[str] = []

    def remember(ref: str) -> str:
        refs.append(ref)
        return ref

    yield remember
    if "docker_engine" in request.fixturenames or "docker" in request.node.name:
        from docker import APIClient
        from docker.errors import ImageNotFound

        address = request.getfixturevalue("engine_address")
        client = APIClient(base_url=address.url, version="auto")
        for ref in refs:
            with contextlib.suppress(ImageNotFound):
                client.remove_image(ref, force=True)
        client.close()
