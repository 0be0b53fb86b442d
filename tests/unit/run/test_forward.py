"""The forwarder as it runs in containers: a program of its own, on real sockets. Both of its ends are in one network
here, so the port inside and the one on the host are two."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devenv.run import forward

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it does not come to that")


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        [sys.executable, "-I", str(forward.__file__), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield program
    finally:
        program.terminate()
        said, _ = program.communicate(timeout=20)
        assert program.returncode == 0, said
        assert "Traceback" not in said


@contextmanager
def serving(port: int, host: str = HOST, answer: Callable[[bytes], bytes] = bytes.upper) -> Iterator[None]:
    """A server that reads to the end and then answers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen()

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(answer(whole(connection)))

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            worker.join(10)


def whole(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return whole(connection)


def refused(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=10).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="it reads the kernel's tables")
def test_bytes_go_both_ways_and_nobody_there_is_refused_as_ever(tmp_path: Path) -> None:
    inside, outside = free_port(), free_port()
    pair = f"{inside}={outside}"
    with started("in", str(tmp_path), pair), started("out", str(tmp_path), pair):
        assert refused(inside)
        with serving(outside):
            until(lambda: not refused(inside))
            big = bytes(range(97, 123)) * 100_000
            assert ask(inside, big) == big.upper()  # the end of one direction does not end the other
        until(lambda: refused(inside))
        with serving(outside, "::1"):
            until(lambda: not refused(inside))
            assert ask(inside, b"six") == b"SIX"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="it reads the kernel's tables")
def test_a_socket_left_by_a_killed_one_is_used_again(tmp_path: Path) -> None:
    outside = free_port()
    path = tmp_path / f"{outside}.sock"
    for name in (path, Path(f"{path}.new")):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(name))
    with serving(outside), started("out", str(tmp_path), f"8000={outside}"):

        def answer() -> bool:
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(str(path))
                except (ConnectionRefusedError, FileNotFoundError):
                    return False
                client.sendall(b"again")
                client.shutdown(socket.SHUT_WR)
                return client.recv(100) == b"AGAIN"

        until(answer)


def test_where_the_engine_names_the_host_it_goes_there_and_resets_where_nobody_is() -> None:
    inside, outside = free_port(), free_port()
    with started("to", HOST, f"{inside}={outside}"):
        until(lambda: not refused(inside))
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            ask(inside, b"x")
        with serving(outside):
            assert ask(inside, b"direct") == b"DIRECT"


def test_only_what_loopback_reaches_counts_as_listening(tmp_path: Path) -> None:
    words = "  sl  local_address rem_address   st\n"
    rows = {
        "0100007F:1F40": "0A", "00000000:1F41": "0A", "0101A8C0:1F42": "0A", "0100007F:1F43": "01",
        "00000000000000000000000001000000:1F44": "0A", "0000000000000000FFFF00000100007F:1F45": "0A",
        "000080FE000000000000000001000000:1F46": "0A", "00000000000000000000000000000000:1F47": "0A",
    }  # fmt: skip
    table = tmp_path / "tcp"
    table.write_text(words + "".join(f"   0: {address} 00000000:0000 {state} 0\n" for address, state in rows.items()))
    found = forward.listening((str(table), str(tmp_path / "gone")))
    assert found == {8000, 8001, 8004, 8005, 8007}


def test_one_that_listens_on_nothing_says_so_and_stays(tmp_path: Path) -> None:
    with started("in", str(tmp_path)) as program:
        assert program.stdout is not None
        assert "nothing to forward" in program.stdout.readline()
        assert program.stdout.readline() == "ready\n"
        assert program.poll() is None
