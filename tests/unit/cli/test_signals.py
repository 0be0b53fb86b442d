from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devenv.cli.signals import Interrupts

ROOT = Path(__file__).resolve().parents[3]
# A command that tells when it has begun; `WORK` is what its verb does with `ctx`.
PROGRAM = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from devenv.cli import main as cli
def verb(ctx, **options):
    WORK
    return 0
code = cli.run(["up"], load=lambda name: verb)
cli.os._exit(code)
"""
LISTENING = """
    done = threading.Event()
    ctx.cancel.on_cancel(done.set)
    print("begun", flush=True)
    done.wait(30)
    return 1"""
DEAF = """
    ctx.cancel.on_cancel(lambda: None)
    print("begun", flush=True)
    time.sleep(30)"""
UNHEARD = """
    print("begun", flush=True)
    time.sleep(30)"""


def _end(work: str, *signals: int) -> tuple[int, str, float]:
    """Exit code, stderr and seconds from the first signal of a command that does `work`."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("WORK", work.strip()), str(ROOT)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        began = time.monotonic()
        said = ""
        for index, number in enumerate(signals):
            process.send_signal(number)
            if index == 0:  # heard before the next one is sent: two that are pending at once are one
                said += process.stderr.readline()
        _, rest = process.communicate(timeout=20)
        return process.returncode, said + rest, time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_ends_cleanly_with_one_line(number: int) -> None:
    code, said, seconds = _end(LISTENING, number)
    assert code == 130
    assert said == "devenv: stopping; press Ctrl-C again to end at once\n"
    assert seconds < 10


def test_where_nobody_listens_the_call_is_left_at_once() -> None:
    code, said, seconds = _end(UNHEARD, signal.SIGINT)
    assert (code, said) == (130, "devenv: interrupted\n")
    assert seconds < 10


def test_the_second_ends_at_once() -> None:
    code, said, seconds = _end(DEAF, signal.SIGINT, signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said
    assert seconds < 10


def test_the_handlers_are_put_back_and_listeners_counted() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    ended: list[int] = []
    heard: list[str] = []
    with Interrupts(heard.append, end=ended.append) as interrupts:
        token = interrupts.cancel
        take_back = token.on_cancel(lambda: None)
        assert token.listeners == 1
        take_back()
        take_back()
        assert token.listeners == 0
        token.on_cancel(lambda: heard.append("told"))
        os.kill(os.getpid(), signal.SIGTERM)
        assert token.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
    deadline = time.monotonic() + 10
    while len(heard) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert heard == ["told", "stopping; press Ctrl-C again to end at once"]
    assert ended == [130]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
