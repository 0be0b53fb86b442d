"""The forwarder as it runs in containers: a program of its own, on real sockets. Both of its ends are in one network
here, so the port inside and the one on the host are two."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
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
def started(mode: str, place: str, pair: str) -> Iterator[None]:
    """The forwarder in a thread of this process."""
    loop, stopped = asyncio.new_event_loop(), asyncio.Event()
    port, _, behind = pair.partition("=")
    work = forward.MODES[mode](place, {int(port): int(behind)}, stopped)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(work)
        except BaseException as error:
            failed.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stopped.set)
        worker.join(20)
        assert not worker.is_alive()
        assert failed == []


@contextmanager
def program(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The forwarder as containers run it."""
    one = subprocess.Popen(
        [sys.executable, "-I", str(forward.__file__), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield one
    finally:
        one.terminate()
        said, _ = one.communicate(timeout=20)
        assert one.returncode == 0, said
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


def slowly(data: bytes) -> bytes:
    """An answer that comes when all that nobody holds is collected."""
    gc.collect()
    time.sleep(0.3)
    gc.collect()
    return data.upper()


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return whole(connection)


def ends(connection: socket.socket) -> bool:
    """Whether nothing more comes of it, in time."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


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
        with serving(outside, "::1", answer=slowly):
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
    with program("in", str(tmp_path)) as one:
        assert one.stdout is not None
        assert "nothing to forward" in one.stdout.readline()
        assert one.stdout.readline() == "ready\n"
        assert one.poll() is None


def test_one_that_is_broken_off_breaks_the_other_off(tmp_path: Path) -> None:
    """A reset comes through as one, in the middle of a transfer, and the forwarder goes on."""
    inside, outside = free_port(), free_port()
    with started("to", HOST, f"{inside}={outside}"), socket.socket() as server:
        server.bind((HOST, outside))
        server.listen()
        until(lambda: not refused(inside))
        server.settimeout(10)
        server.accept()[0].close()  # the one that looked
        with socket.create_connection((HOST, inside), timeout=10) as client:
            far = server.accept()[0]
            client.sendall(b"half")
            assert far.recv(4) == b"half"
            far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            far.close()
            assert ends(client)
        client = socket.create_connection((HOST, inside), timeout=10)
        with client, server.accept()[0] as far:
            far.sendall(b"on")
            assert client.recv(2) == b"on"
