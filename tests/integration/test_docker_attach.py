"""A command in a container with this process's own streams: at a terminal, and in a pipe."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from devenv.host.engine import Address
from devenv.model import labels
from devenv.model.protocols import Engine

pytestmark = pytest.mark.engine

CALL = """
import sys
from devenv.backends.docker import connect
engine = connect(sys.argv[1], tls=sys.argv[2])
sys.exit(engine.exec_attached(sys.argv[3], sys.argv[5:], tty=sys.argv[4] == "tty", env={"A": "given"}))
"""


@pytest.fixture
def sleeper(engine: Engine, base: str, project: str) -> str:
    payload = {
        "Image": base,
        "Cmd": ["sleep", "600"],
        "Labels": {labels.PROJECT: project},
        "HostConfig": {"Init": True, "NetworkMode": "none"},
    }
    container = engine.create_container(f"{project}-app-1", payload)
    engine.start(container)
    return container


def call(address: Address, container: str, how: str, *command: str) -> list[str]:
    return [sys.executable, "-c", CALL, address.url, address.tls, container, how, *command]


def test_in_a_pipe_streams_stay_apart_and_the_input_ends(engine_address: Address, sleeper: str) -> None:
    ran = subprocess.run(
        call(engine_address, sleeper, "pipe", "sh", "-c", "cat; echo $A >&2; exit 9"),
        input=b"one\ntwo\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (9, b"one\ntwo\n", b"given\n")


def test_without_an_input_the_command_sees_its_end(engine_address: Address, sleeper: str) -> None:
    words = call(engine_address, sleeper, "pipe", "cat")
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"")


class Terminal:
    """A terminal of 91 columns and 27 lines with a program at it."""

    def __init__(self, words: list[str]) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (27, 91))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.slave = slave
        self.seen = b""

    def expect(self, text: bytes) -> None:
        until = time.monotonic() + 30
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            self.seen += os.read(self.master, 4096)
        self.seen = self.seen.partition(text)[2]

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def shell(engine_address: Address, sleeper: str) -> Iterator[Terminal]:
    terminal = Terminal(call(engine_address, sleeper, "tty", "sh", "-i"))
    yield terminal
    terminal.close()


def test_at_a_terminal_size_keys_and_code_are_handed_on(shell: Terminal) -> None:
    shell.expect(b"# ")
    shell.type(b"stty size; tty\r")
    shell.expect(b"27 91")
    shell.expect(b"/dev/pts/")
    shell.type(b"sleep 500\r")
    shell.expect(b"sleep 500\r\n")
    time.sleep(0.3)
    shell.type(b"\x03")  # Ctrl-C is the command's, not ours
    shell.expect(b"# ")
    shell.type(b"echo a\x10b | cat -v\r")  # Ctrl-P too
    termios.tcsetwinsize(shell.slave, (30, 100))
    shell.process.send_signal(28)  # SIGWINCH
    time.sleep(0.5)
    shell.type(b"stty size\r")
    shell.expect(b"30 100")
    shell.type(b"exit 5\r")
    assert shell.process.wait(30) == 5
    assert termios.tcgetattr(shell.slave) == shell.before
