from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.host.ping import Alive, Dead, Silent, ping

Serve = Callable[[bytes | None], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Listens on a socket and answers every connection with the bytes given; with None it never answers."""
    servers: list[socket.socket] = []
    held: list[socket.socket] = []

    def start(answer: bytes | None) -> str:
        path = tmp_path / f"{len(servers)}.sock"
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
        servers.append(server)

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                if answer is None:
                    held.append(connection)
                    continue
                with connection:
                    connection.recv(1000)
                    connection.sendall(answer)

        threading.Thread(target=work, daemon=True).start()
        return f"unix://{path}"

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    for connection in held:
        connection.close()


def test_an_engine_tells_its_api(serve: Serve) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")
    assert ping(url) == Alive(api="1.41")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "it closed the connection"),
        (b"SSH-2.0-x\r\n", "what answers there does not speak HTTP"),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "it answered 500 Internal Server Error"),
    ],
)
def test_what_is_no_engine_is_silent_with_a_reason(serve: Serve, answer: bytes, why: str) -> None:
    assert ping(serve(answer)) == Silent(why=why)


def test_one_that_never_answers_is_silent_after_the_timeout(serve: Serve) -> None:
    assert ping(serve(None), timeout=0.1) == Silent(why="no answer within 0.1 s")


def test_nothing_there_is_dead(tmp_path: Path) -> None:
    assert ping(f"unix://{tmp_path}/none.sock") == Dead(why="No such file or directory")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert ping(f"tcp://127.0.0.1:{port}") == Dead(why="Connection refused")


def test_what_cannot_be_asked_so_is_left_to_its_client() -> None:
    assert ping("ssh://somewhere") == Alive(api="")
