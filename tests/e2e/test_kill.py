"""devenv killed with SIGKILL at fifty points of an `up` from nothing, its images there: the next `up` mends it all.

Half of them the process alone, half its whole group; in the steps, in builds, in a COPY, in a one-shot, in waits and
in the checks.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import plugs
from tests.e2e.repository import Repository, made
from tests.engines import new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]

STEPS = 54
"""Beginnings and ends of steps in a run that makes all but images."""
POINTS = {
    **{f"step-{n}": plugs.step(n) for n in (0, *range(1, STEPS - 2, 2), 24, 34, 44)},
    **{f"build-step-{n}": plugs.step(n) for n in (2, 4, 7)},
    **{f"in-build-{n}": plugs.nth("Build", n) for n in (1, 8)},
    **{f"copy-{share}": plugs.progress("Seed", "db", beyond=share) for share in (0.05, 0.2, 0.4, 0.6, 0.9)},
    "one-shot-created": plugs.begun("create:migrate"),
    "one-shot-asked-for": plugs.begun("run:migrate"),
    "one-shot-begins": plugs.progress("Run", "migrate", word="begins"),
    "one-shot-has-ended": plugs.progress("Run", "migrate", word="has ended"),
    "wait-db": plugs.progress("WaitReady", "db"),
    "wait-api": plugs.progress("WaitReady", "api"),
    "seed-cache": plugs.begun("seed:cache:0"),
    "seed-cache-second": plugs.begun("seed:cache:1"),
    "seed-db-last": plugs.begun("seed:db:2"),
    "check": plugs.begun("check:greeting"),
}
assert len(POINTS) == 50


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with plugs.stack(tmp_path_factory.mktemp("kill") / "repository") as one:
        yield one


@pytest.mark.parametrize("point", POINTS)
def test_the_next_up_mends_it(repository: Repository, point: str) -> None:
    rows = plugs.MANY if point.startswith("copy") else plugs.FEW
    plugs.from_nothing(repository, build="build" in point)
    plugs.products(repository, rows)
    alone = list(POINTS).index(point) % 2 == 0
    how = plugs.hit(repository, POINTS[point], plugs.killed if alone else plugs.killed_with_all)
    assert how.code == -signal.SIGKILL, "the run was over before it was hit"
    if point.startswith("copy"):
        # Not one row can be seen: it was killed before its COPY was committed.
        assert repository.sql("SELECT count(*) FROM products") == "0"
    # A one-shot goes on in its container: it is joined, not begun a second time.
    plugs.mended(repository, rows=rows, runs=1)
    whom = "process alone" if alone else "whole group"
    print(f"\n{point}: {whom} killed at {how.last['event']} {how.last['node']}")


def test_a_folder_with_room_and_a_letter_in_its_name(tmp_path: Path) -> None:
    with made(tmp_path / "a folder, größer", new_name()) as one:
        one.up()
        assert all(row["ready"] for row in one.status().values())
