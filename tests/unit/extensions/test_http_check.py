from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from devenv.extensions.checks.http import HttpCheck
from devenv.model.errors import DevenvError
from devenv.model.protocols import CheckTarget

TARGET = cast(CheckTarget, None)
"""What an HTTP request has no use for."""


@contextmanager
def _answering(answer: bytes) -> Iterator[str]:
    """The address of a server that says `answer` to one request, and then nothing more."""
    over = threading.Event()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            over.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
def test_an_answer_that_hangs_half_way_is_slow_whatever_its_status(status: str) -> None:
    with (
        _answering(f"HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\nhalf".encode()) as url,
        pytest.raises(DevenvError, match=r"^no answer in 0\.3 s$"),
    ):
        HttpCheck().ask(TARGET, {"url": url}, timeout=0.3)


def test_a_refusal_is_an_answer() -> None:
    with _answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone") as url:
        answer = HttpCheck().ask(TARGET, {"url": url}, timeout=5)
    assert (answer.code, answer.text) == (404, "gone")


@pytest.mark.parametrize(
    "options",
    [
        {"url": "http://[::1/x"},
        {"url": "http://127.0.0.1:1/\nx"},
        {"url": "http://127.0.0.1:port/"},
        {"url": "http://127.0.0.1:1/", "headers": {"a": "b\nc"}},
    ],
)
def test_what_cannot_be_sent_is_the_step_s_own_fault(options: dict[str, object]) -> None:
    with pytest.raises(DevenvError, match=r"^it cannot be sent: ") as caught:
        HttpCheck().ask(TARGET, options, timeout=1)
    assert "Correct the step's" in caught.value.hint
