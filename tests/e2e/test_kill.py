"""devenv killed with SIGKILL at twenty points of an `up`, five of them inside a COPY: the next `up` mends it all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.repository import API, Repository, made
from tests.engines import new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]

ROWS = 300_000
STEPS = 15
STRIDE = 2.6
INSIDE_COPY = (0.05, 0.2, 0.4, 0.6, 0.9)

Event = dict[str, Any]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The repository with a seed that takes a while, its images built, nothing up."""
    with made(tmp_path_factory.mktemp("kill") / "repository", new_name()) as one:
        rows = "".join(f"{i},Thing number {i} of many,{i % 900}.50\n" for i in range(1, ROWS + 1))
        one.write("db/products.csv", "id,name,price\n" + rows)
        one.up()
        yield one


def _after_step(number: int) -> Callable[[list[Event]], bool]:
    """True once `number` steps began or ended. A run that makes all anew, two builds in it, has 38 such events."""
    return lambda seen: sum(e["event"] in ("step_started", "step_finished") for e in seen) >= number


def _within_copy(share: float) -> Callable[[list[Event]], bool]:
    def there(seen: list[Event]) -> bool:
        last = seen[-1]
        return (
            last["event"] == "step_progress" and last["step"] == "Seed" and last["total"] > 1_000_000
            and last["current"] >= share * last["total"]
        )  # fmt: skip

    return there


POINTS = [
    *(pytest.param(_after_step(int(STRIDE * n) + 1), id=f"step-{int(STRIDE * n) + 1}") for n in range(STEPS)),
    *(pytest.param(_within_copy(share), id=f"copy-{share}") for share in INSIDE_COPY),
]


@pytest.mark.parametrize("there", POINTS)
def test_the_next_up_mends_it(large: Repository, there: Callable[[list[Event]], bool]) -> None:
    assert large.run("down", "--volumes", "--yes").returncode == 0
    large.write("api/server.py", f"{API}# {new_name()}\n")  # so that there is something to build
    killed, last = _kill_when(large, there)
    assert killed, "the run was over before the point was reached"
    if last["event"] == "step_progress" and last["step"] == "Seed":
        # Not one row can be seen: it was killed before its COPY was committed.
        assert large.sql("SELECT count(*) FROM products") == "0"
    large.up()
    status = large.status()
    assert {name: (row["state"], row["ready"]) for name, row in status.items()} == dict.fromkeys(
        ("db", "api", "web", "workspace"), ("running", True)
    )
    assert status["db"]["seeded"] == "done"
    assert large.sql("SELECT count(*), count(DISTINCT id) FROM products") == f"{ROWS}|{ROWS}"
    assert large.sql("SELECT count(*) FROM notes") == "10"
    assert large.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'devenv%'") == "0"
    assert "psql" not in large.processes("db")
    assert large.things() == (
        [f"{large.name}-{service}-1" for service in ("api", "db", "web", "workspace")],
        [f"{large.name}_default"],
        [f"{large.name}_db-data"],
    )
    assert "nothing to do" in large.up()


def _kill_when(repository: Repository, there: Callable[[list[Event]], bool]) -> tuple[bool, Event]:
    """Run `up` and kill it, with all that it started, as soon as `there` is true of the events so far. Whether it died
    of that, and the last event that was read."""
    process = subprocess.Popen(
        repository.command("up", "--output", "json"),
        cwd=repository.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen: list[Event] = []
    with process:
        for line in process.stdout:
            seen.append(json.loads(line))
            if there(seen):
                os.killpg(process.pid, signal.SIGKILL)
                break
        process.wait(60)
    return process.returncode == -signal.SIGKILL, seen[-1]


def test_a_folder_with_room_and_a_letter_in_its_name(tmp_path: Path) -> None:
    with made(tmp_path / "a folder, größer", new_name()) as one:
        one.up()
        assert all(row["ready"] for row in one.status().values())
