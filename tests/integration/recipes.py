"""Containers of the catalogue's recipes, for the tests that hold them to the official images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from devenv.model import labels
from devenv.model.plan import Build
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build as BuildConfig
from devenv.run.cancel import CancelToken
from tests.engines import BASE, Told, clean, new_name

SERVICES = Path(__file__).parents[2] / "stacks/services"
Files = Mapping[str, tuple[bytes, int]]


class Container:
    """One container of a recipe's image."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name = engine, name

    def sh(self, command: str, *, ok: bool = True) -> str:
        """What a shell inside says; it must succeed unless `ok` is false."""
        result = self.engine.exec(self.name, ["sh", "-c", command])
        said = (result.output + result.errors).decode()
        assert result.exit_code == 0 or not ok, f"{command}\n{said}"
        return said.strip()

    def until(self, command: str, *, seconds: float = 30) -> None:
        """Wait until `command` succeeds inside."""
        end = time.monotonic() + seconds
        while True:
            assert self.engine.inspect(self.name).state == "running", f"it ended:\n{self.said()}"
            if not self.engine.exec(self.name, ["sh", "-c", command]).exit_code:
                return
            assert time.monotonic() < end, f"`{command}` never succeeds:\n{self.said()}"
            time.sleep(0.1)

    def ends(self) -> int:
        return self.engine.wait(self.name, cancel=CancelToken())

    def said(self) -> str:
        return "\n".join(line.line for line in self.engine.logs(self.name, tail=200))

    def stops(self) -> int:
        """The exit code of a stop in order, which no kill had to end."""
        begun = time.monotonic()
        self.engine.stop(self.name, 20)
        assert time.monotonic() - begun < 10
        code = self.engine.inspect(self.name).exit_code
        assert code is not None
        return code


Run = Callable[..., Container]


@contextmanager
def runner(docker_engine: Engine) -> Iterator[Run]:
    """Starts a container of the recipe that is named; the engine's cache makes all but the first build short ones."""
    project = new_name()

    def start(
        recipe: str, *, env: Sequence[str] = (), command: Sequence[str] = (), user: str = "", files: Files | None = None
    ) -> Container:
        image = f"localhost/devenv-test/{recipe}:recipe"
        step = Build(
            ref=image,
            build=BuildConfig(context=str(SERVICES / recipe)),
            bases={"debian:trixie-slim": BASE},
            labels={"dev.devenv.test": recipe},
        )
        docker_engine.build(step, trust=Trust(), report=Told(), cancel=CancelToken())
        name = new_name()
        payload = {
            "Image": image, "Cmd": list(command) or None, "User": user, "Env": list(env),
            "Labels": {labels.PROJECT: project},
        }  # fmt: skip
        docker_engine.create_container(name, payload)
        docker_engine.copy_in(name, files or {})
        docker_engine.start(name)
        return Container(docker_engine, name)

    yield start
    clean(docker_engine, project)
