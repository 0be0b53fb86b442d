"""What tests that use an engine share: names that are found again, a Report that remembers, cleaning up."""

from __future__ import annotations

import itertools
import os

from devenv.model.protocols import Engine

BASE = "localhost/devenv-test/trixie:latest"
RUN = os.environ.get("DEVENV_TEST_RUN") or str(os.getpid())
_numbers = itertools.count(1)


class Told:
    """A Report that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, str, str]] = []
        self.lines: list[str] = []

    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None:
        self.steps.append((current, total, unit, text))

    def log(self, line: str, stream: str = "stdout") -> None:
        self.lines.append(line)


def new_name() -> str:
    """A name that no other test and no other run has; what is named so is removed at the latest by `./dev test`."""
    return f"devenv-test-{RUN}-{os.getpid()}x{next(_numbers)}"


def clean(engine: Engine, project: str) -> None:
    """Remove what carries the label of `project`, and see that it is gone."""
    left = engine.observe(project)
    for container in left.containers:
        engine.remove_container(container.id, volumes=True)
    for network in left.networks:
        engine.remove_network(network.name)
    for volume in left.volumes:
        engine.remove_volume(volume.name)
    left = engine.observe(project)
    assert (left.containers, left.networks, left.volumes) == ((), (), ())
