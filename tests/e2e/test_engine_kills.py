"""The engine killed under an `up`, as a process and as a machine crash does it, at ten points: `up` ends 3 and says so;
the next one starts the engine again and leaves the whole stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.engine_points import POINTS
from tests.e2e.machine import Machine

pytestmark = [pytest.mark.slow, pytest.mark.engine]

_DRIVER = "exec $(ls -d ~/.cache/devenv/env-*/bin/python | head -n 1) /src/tests/e2e/engine_points.py"
KINDS = ("dockerd", "crash")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Machine("trixie") as made:
        code, output = made.run("./dev version")
        assert code == 0, output
        code, output = made.run(f"{_DRIVER} engine")
        assert code == 0, output
        for name in ("postgres:17", "redis:8", "python:3.13-slim", "nginx:1.26"):
            made.carry(f"localhost/devenv/{name.partition('-')[0]}", name)
        code, output = made.run(f"{_DRIVER} prepare")
        assert code == 0, output
        yield made


@pytest.mark.parametrize("point", POINTS)
def test_the_next_up_starts_it_and_mends_all(machine: Machine, point: str) -> None:
    kind = KINDS[list(POINTS).index(point) % 2]
    code, output = machine.run(f"{_DRIVER} {point} {kind}")
    assert code == 0, output
    print(f"\n{output.strip()}")
