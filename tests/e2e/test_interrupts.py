"""Ctrl-C and SIGTERM at points of an `up`: it ends with clean words, exit code 130 and at once, and the next one goes
on from there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e import plugs
from tests.e2e.repository import DOCKERFILE, Repository

pytestmark = pytest.mark.engine

WITHIN = 3.0
"""Seconds from the signal to the end."""
ASLEEP = DOCKERFILE.replace("COPY", "RUN sleep 300\nCOPY")
SLOW_CHECK = "checks:\n  slow:\n    - exec: {service: db, command: sleep 30}\n"
POINTS = {
    "start": plugs.step(0),
    "build": plugs.progress("Build", "", word="sleep 300"),
    "create": plugs.begun("create:db"),
    "start of a container": plugs.begun("start:db"),
    "wait": plugs.progress("WaitReady", "db"),
    "seed": plugs.progress("Seed", "db", beyond=0.3),
    "seed of another server": plugs.begun("seed:cache:1"),
    "one-shot": plugs.progress("Run", "migrate", word="begins"),
    "wait behind a one-shot": plugs.begun("ready:api"),
    "check": plugs.begun("check:slow"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with plugs.stack(tmp_path_factory.mktemp("interrupts") / "repository") as one:
        yield one


def _clean(how: plugs.Hit, times: int = 1) -> None:
    assert how.code == 130, how.words
    assert "Traceback" not in how.words
    said = "stopping; press Ctrl-C again to end at once" in how.words
    assert said or how.words.endswith("devenv: interrupted\n"), how.words
    if times == 1:
        assert (how.events[-1]["event"], how.events[-1]["code"]) == ("run_finished", 130)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("point", POINTS)
def test_it_ends_at_once_and_the_next_up_goes_on(stack: Repository, point: str, times: int) -> None:
    rows = plugs.MANY if point == "seed" else plugs.FEW
    manifest = (stack.folder / "devenv.yaml").read_text()
    plugs.from_nothing(stack)
    plugs.products(stack, rows)
    if point == "build":
        stack.write("api/Dockerfile", ASLEEP)
    if point == "check":
        stack.write("devenv.yaml", manifest.replace("checks:\n", SLOW_CHECK))
    try:
        how = plugs.hit(stack, POINTS[point], plugs.pressed(times))
    finally:
        stack.write("api/Dockerfile", DOCKERFILE)
        stack.write("devenv.yaml", manifest)
    _clean(how, times)
    assert how.seconds < WITHIN
    plugs.mended(stack, rows=rows, runs=1)
    print(f"\n{point}, {'once' if times == 1 else 'twice'}: ended {how.seconds:.2f} s after it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_on_after_a_seed_that_was_cut_off(stack: Repository, number: signal.Signals) -> None:
    plugs.from_nothing(stack)
    plugs.products(stack, plugs.MANY)
    how = plugs.hit(stack, POINTS["seed"], lambda pid: os.kill(pid, number))
    _clean(how)
    plugs.mended(stack, rows=plugs.MANY)


def test_words_and_code_on_a_pipe(repository: Repository) -> None:
    repository.write("api/Dockerfile", ASLEEP)
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
