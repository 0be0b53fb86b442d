"""Tests here run on the real engine: `engine`, a `base` image with a shell, and a `project` of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.backends.docker import build as docker_build
from devenv.backends.docker.client import Client
from devenv.host.engine import Address
from devenv.model import labels, plan
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build
from devenv.run.cancel import CancelToken
from tests.engines import Told, clean, new_name
from tests.integration.building import AUTHORITY, Make
from tests.integration.recipes import Run, runner


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


@pytest.fixture(scope="module")
def client(engine_address: Address) -> Iterator[Client]:
    found = Client(engine_address.url, timeout=5, tls=engine_address.tls)
    before = _nameless(found)
    yield found
    # The classic builder keeps every step as an image, also of builds that fail.
    for image in _nameless(found) - before:
        found.call("DELETE", f"/images/{image}", what="remove what a test made", accept=(404, 409))


def _nameless(client: Client) -> set[str]:
    found = client.call("GET", "/images/json", params={"filters": {"dangling": ["true"]}}, what="list images")
    return {image["Id"] for image in found}


@pytest.fixture(params=["2", "1"], ids=["buildkit", "classic"])
def buildkit(request: pytest.FixtureRequest) -> bool:
    """Whether builds are done by BuildKit, or by the engine's classic builder."""
    return str(request.param) == "2"


@pytest.fixture
def make(buildkit: bool, client: Client, engine: Engine, report: Told, forget_image: Callable[[str], str]) -> Make:
    """Builds a folder with one of the engine's builders, each in turn; returns the reference."""

    def build(where: Path | str, *, bases: dict[str, str] | None = None, **more: Any) -> str:
        step = {key: more.pop(key) for key in ("labels", "trust", "drop_syntax") if key in more}
        ref = more.pop("ref", None) or forget_image(f"localhost/devenv-test/{new_name()}:1")
        docker_build.build(
            client,
            engine,
            plan.Build(ref=ref, build=Build(context=str(where), **more), bases=bases or {}, **step),
            trust=Trust(certificates=AUTHORITY),
            report=report,
            cancel=CancelToken(),
            versions=("2", "1") if buildkit else ("1",),
        )
        return str(ref)

    return build


@pytest.fixture
def run(engine: Engine, project: str) -> Callable[..., list[str]]:
    """The lines that a command says in a container of an image."""

    def lines(ref: str, *command: str) -> list[str]:
        payload = {
            "Image": ref,
            "Cmd": list(command),
            "Labels": {labels.PROJECT: project},
            "HostConfig": {"NetworkMode": "none"},
        }
        container = engine.create_container(new_name(), payload)
        engine.start(container)
        code = engine.wait(container, cancel=CancelToken())
        said = [line.line for line in engine.logs(container)]
        assert code == 0, said
        return said

    return lines


@pytest.fixture
def recipe(docker_engine: Engine, docker_base: str) -> Iterator[Run]:
    """Starts a container of a recipe; see `recipes.runner`."""
    with runner(docker_engine) as start:
        yield start
