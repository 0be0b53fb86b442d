"""Ctrl-C and SIGTERM at points of an `up`: it ends with clean words, exit code 130 and at once, and the next one goes
on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.repository import DOCKERFILE, Repository

pytestmark = pytest.mark.engine

ROWS = 300_000
WITHIN = 3.0
"""Seconds from the signal to the end."""

Event = dict[str, Any]


def test_it_stops_at_once_and_goes_on_from_there(repository: Repository) -> None:
    rows = "".join(f"{i},Thing number {i} of many,{i % 900}.50\n" for i in range(1, ROWS + 1))
    repository.write("db/products.csv", "id,name,price\n" + rows)
    for there in (_at_once, _in_a_wait, _in_a_copy):
        _interrupted(repository, there, signal.SIGINT)
    _interrupted(repository, _in_a_copy, signal.SIGTERM)
    _interrupted(repository, _in_a_copy, signal.SIGINT, signal.SIGINT)
    repository.write("api/Dockerfile", DOCKERFILE.replace("COPY", "RUN sleep 300\nCOPY"))
    for numbers in ((signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)):
        _interrupted(repository, _asleep_in_build, *numbers)
    repository.write("api/Dockerfile", DOCKERFILE)
    repository.up()
    assert all(row["ready"] for row in repository.status().values())
    assert repository.sql("SELECT count(*), count(DISTINCT id) FROM products") == f"{ROWS}|{ROWS}"
    assert repository.sql("SELECT count(*) FROM notes") == "10"
    assert "psql" not in repository.processes("db")


def _at_once(event: Event) -> bool:
    return event["event"] == "run_started"


def _asleep_in_build(event: Event) -> bool:
    return event["event"] in ("step_progress", "step_log") and event["step"] == "Build" and "sleep 300" in str(event)


def _in_a_wait(event: Event) -> bool:
    return event["event"] == "step_progress" and event["node"] == "ready:db"


def _in_a_copy(event: Event) -> bool:
    return (
        event["event"] == "step_progress" and event["node"].startswith("seed:db")
        and event["total"] > 1_000_000 and event["current"] > 0.2 * event["total"]
    )  # fmt: skip


def _interrupted(repository: Repository, there: Callable[[Event], bool], *numbers: signal.Signals) -> None:
    """Run `up`, send it `numbers` when `there` is true of an event, and hold it to how it must end."""
    process = subprocess.Popen(
        repository.command("up", "--output", "json"),
        cwd=repository.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    told: list[str] = []
    reader = threading.Thread(target=told.extend, args=(process.stderr,))
    reader.start()
    sent, last = 0.0, ""
    with process:
        for line in process.stdout:
            last = line
            if not sent and there(json.loads(line)):
                sent = time.monotonic()
                for number in numbers:
                    os.kill(process.pid, number)
                    time.sleep(0.05)
        process.wait(60)
        took = time.monotonic() - sent
        reader.join()
    assert sent, "the run was over before the point was reached"
    assert process.returncode == 130, told
    assert took < WITHIN
    words = "".join(told)
    assert "Traceback" not in words
    assert "stopping; press Ctrl-C again to end at once" in words or words.endswith("devenv: interrupted\n")
    if len(numbers) == 1:
        end = json.loads(last)
        assert (end["event"], end["code"]) == ("run_finished", 130)


def test_words_and_code_on_a_pipe(repository: Repository) -> None:
    repository.write("api/Dockerfile", DOCKERFILE.replace("COPY", "RUN sleep 300\nCOPY"))
    process = subprocess.Popen(
        repository.command("up"),
        cwd=repository.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "building" in line:
            break
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted after" in out
    assert "`devenv up` goes on from here" in out
    assert "http://" not in out  # neither API nor page runs
