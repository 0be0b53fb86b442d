"""Two devenvs at the same moment on one project: one after the other, one stack, seeded once."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.e2e import plugs
from tests.e2e.repository import PRODUCTS, Repository

pytestmark = pytest.mark.engine


def _begun(repository: Repository, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        repository.command(*words),
        cwd=repository.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _until(process: subprocess.Popen[str], word: str) -> str:
    """Read what it writes up to a line with `word`; all of that."""
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if word in line:
            return told
    raise AssertionError(f"{word!r} was not said: {told}")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with plugs.stack(tmp_path_factory.mktemp("together") / "repository") as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(20))
def test_two_ups_from_nothing_leave_one_stack(stack: Repository, turn: int) -> None:
    """Ten times at the very same moment, ten times ever later in the first one's run."""
    if turn % 2:
        assert stack.run("down", "--volumes", "--yes").returncode == 0
    plugs.from_nothing(stack, build=turn % 5 == 0)
    first = _begun(stack, "up")
    time.sleep(max(turn - 9, 0) * 0.2)
    second = _begun(stack, "up")
    told = [process.communicate(timeout=300)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], told
    waited = ["waiting for another devenv that works on" in words for words in told]
    if any(waited):  # but for one that came when the other was through
        assert sum(waited) == 1, told
        worker, words = (first, told[1]) if waited[1] else (second, told[0])
        assert f"works on {stack.name} (process {worker.pid}, since " in words or "(it has just begun)" in words
        assert "nothing to do" in words
    plugs.mended(stack)
    print(f"\n{turn}: {'one waited for the other' if any(waited) else 'one came when the other was through'}")


def test_two_ups_and_a_down_take_turns(repository: Repository) -> None:
    for _ in range(2):
        both = [_begun(repository, "up") for _ in range(2)]
        told = [process.communicate(timeout=300)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        assert sum("nothing to do" in words for words in told) == 1
        assert [len(names) for names in repository.things()] == [4, 1, 1]
        assert repository.sql("SELECT count(*) FROM products") == str(PRODUCTS)
        assert repository.sql("SELECT count(*) FROM notes") == "10"
        assert repository.run("down", "--volumes", "--yes").returncode == 0

    up = _begun(repository, "up")
    _until(up, "db: creating")
    interrupted = _begun(repository, "up")
    _until(interrupted, "waiting for another devenv")
    interrupted.send_signal(signal.SIGINT)
    assert "interrupted" in interrupted.communicate(timeout=3)[0]
    assert interrupted.returncode == 130
    down = _begun(repository, "down", "--volumes", "--yes")
    assert up.communicate(timeout=300)
    assert up.returncode == 0
    words, _ = down.communicate(timeout=300)
    assert down.returncode == 0, words
    assert f"waiting for another devenv that works on {repository.name} (process {up.pid}" in words
    assert repository.things() == ([], [], [])
