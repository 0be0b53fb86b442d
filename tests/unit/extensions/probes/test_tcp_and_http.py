from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from devenv.extensions.probes.http import HttpProbe
from devenv.extensions.probes.tcp import TcpProbe
from devenv.model.errors import DevenvError
from devenv.model.protocols import Broken, ExecResult, IsReady, Look, NotYet
from devenv.model.stack import Ready
from tests.unit.extensions.probes.places import Inside, at, free_port, listening

HOST = {"host": ("n0", "")}


def tcp(engine: Inside, port: int, published: int = 0, timeout: float = 1.0, **fields: Any) -> Look:
    ports = {f"{port}/tcp": (("127.0.0.1", published),)} if published else {}
    ready = Ready(kind="tcp", options={"port": port})
    return TcpProbe().look(at(engine, ports=ports, **fields), ready, timeout=timeout)


def http(engine: Inside, published: int, timeout: float = 2.0, **options: Any) -> Look:
    ports = {"8000/tcp": (("0.0.0.0", published),)} if published else {}
    ready = Ready(kind="http", options={"port": 8000, **options})
    return HttpProbe().look(at(engine, ports=ports), ready, timeout=timeout)


def answering(head: str, body: str = "") -> Any:
    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(65536).decode())
        connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    asked: list[str] = []
    talk.asked = asked  # type: ignore[attr-defined]
    return talk


def test_tcp_at_the_container_itself() -> None:
    with listening(lambda connection: None) as port:
        assert tcp(Inside(), port, networks=HOST) == IsReady()


def test_tcp_refused_says_where() -> None:
    port = free_port()
    assert tcp(Inside(), port, networks=HOST) == NotYet(why=f"connection refused on 127.0.0.1:{port}")


def test_a_published_port_must_stay_open_or_say_something() -> None:
    with listening(lambda connection: None) as port:  # the engine's proxy: accepts, and closes at once
        assert tcp(Inside(rootless=True), 5432, port) == NotYet(why=f"nothing listens behind port {port}")
    with listening(lambda connection: time.sleep(0.5)) as port:
        assert tcp(Inside(rootless=True), 5432, port) == IsReady()
    with listening(lambda connection: connection.sendall(b"220 hello")) as port:
        assert tcp(Inside(rootless=True), 5432, port) == IsReady()


def test_tcp_from_inside_where_there_is_no_door() -> None:
    table = b"   0: 00000000:1538 00000000:0000 0A 0\n"
    assert tcp(Inside(lambda command: ExecResult(exit_code=0, output=table)), 5432) == IsReady()
    assert tcp(Inside(), 5432) == NotYet(why="nothing listens on port 5432")
    assert isinstance(tcp(Inside(lambda command: ExecResult(exit_code=127)), 5432), Broken)

    def refuse(command: object) -> ExecResult:
        raise DevenvError("it is not running", hint="")

    assert tcp(Inside(refuse), 5432) == NotYet(why="it is not running")


def test_an_address_that_swallows_the_request_leaves_time_for_the_next_way() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, listening(lambda c: time.sleep(0.5)) as port:
        deaf = full.getsockname()[1]
        held = [socket.socket() for _ in range(3)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", deaf))
        begun = time.monotonic()
        assert tcp(Inside(), deaf, port, networks=HOST, timeout=2.0) == IsReady()
        assert 0.3 < time.monotonic() - begun < 1.5
        for one in held:
            one.close()


def test_an_address_that_is_a_strangers_does_not_hide_the_published_port() -> None:
    unused = free_port()
    with listening(lambda connection: time.sleep(0.5)) as port:
        assert tcp(Inside(), unused, port, networks=HOST) == IsReady()
    with listening(lambda connection: None) as port:
        assert tcp(Inside(), unused, port, networks=HOST) == NotYet(why=f"connection refused on 127.0.0.1:{unused}")


def test_a_probe_without_a_port_cannot_look() -> None:
    ready = Ready(kind="tcp", options={})
    assert isinstance(TcpProbe().look(at(Inside()), ready, timeout=1), Broken)
    assert isinstance(HttpProbe().look(at(Inside()), ready, timeout=1), Broken)


def test_http_asks_the_path_and_judges_the_status() -> None:
    talk = answering("204 No Content")
    with listening(talk) as port:
        look = http(Inside(rootless=True), port, path="health?q=ä b", headers={"X-Who": "devenv", "host": "shop.test"})
    assert look == IsReady()
    assert talk.asked[0].startswith("GET /health?q=%C3%A4%20b HTTP/1.1\r\n")
    assert "X-Who: devenv" in talk.asked[0]
    assert talk.asked[0].lower().count("host:") == 1
    assert "shop.test" in talk.asked[0]


@pytest.mark.parametrize(
    ("head", "options", "ready"),
    [
        ("503 Busy", {}, False),
        ("302 Found", {}, True),
        ("503 Busy", {"status": 503}, True),
        ("204 Empty", {"status": [200, "201-203"]}, False),
        ("200 OK", {"body": "ye."}, True),
        ("200 OK", {"body": "no"}, False),
    ],
)
def test_http_statuses_and_bodies(head: str, options: dict[str, Any], ready: bool) -> None:
    with listening(answering(head, "yes")) as port:
        look = http(Inside(rootless=True), port, **options)
    assert isinstance(look, IsReady) is ready
    if not ready:
        assert isinstance(look, NotYet)
        assert look.why.startswith(f"HTTP {head[:3]} from /")


def test_http_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with listening(answering("200 OK")) as port:
        assert http(Inside(rootless=True), port) == IsReady()


def test_http_where_something_else_answers() -> None:
    with listening(lambda connection: None) as port:
        assert "closed" in http(Inside(rootless=True), port).why  # type: ignore[union-attr]
    with listening(lambda connection: connection.sendall(b"SSH-2.0-hello\r\n")) as port:
        look = http(Inside(rootless=True), port)
        assert isinstance(look, NotYet)
        assert "does not speak HTTP" in look.why or "closed" in look.why


def test_http_is_done_in_its_time_however_slowly_it_is_answered() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(1000)
        for _ in range(40):
            connection.sendall(b"H")
            time.sleep(0.05)

    inside = Inside(rootless=True)
    with listening(drip) as port:
        begun = time.monotonic()
        look = http(inside, port, timeout=0.4)
        assert time.monotonic() - begun < 1.5
    assert isinstance(look, NotYet)
    assert look.why == f"127.0.0.1:{port} takes connections, but gives no answer to / in 0.4 s"
    assert inside.ran == []


def test_http_from_inside_by_whatever_client_the_image_has() -> None:
    curl = ExecResult(exit_code=0, output=b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nall well")
    wget = ExecResult(exit_code=0, output=b"all well", errors=b"  HTTP/1.1 302 Found\n  HTTP/1.1 200 OK\n")
    for answer in (curl, wget):
        assert http(Inside(lambda command, answer=answer: answer), 0, body="well") == IsReady()
    assert http(Inside(lambda command: ExecResult(exit_code=7)), 0) == NotYet(
        why="no answer on port 8000 inside the container"
    )
    assert isinstance(http(Inside(lambda command: ExecResult(exit_code=127)), 0), Broken)

    def refuse(command: object) -> ExecResult:
        raise DevenvError("it is not running", hint="")

    assert http(Inside(refuse), 0) == NotYet(why="it is not running")


def test_what_cannot_be_asked_is_broken_and_no_bug() -> None:
    with listening(answering("200 OK", "x")) as port:
        assert isinstance(http(Inside(rootless=True), port, headers={"A": "b\r\nC: d"}), Broken)
        assert isinstance(http(Inside(rootless=True), port, status="fine"), Broken)
        assert isinstance(http(Inside(rootless=True), port, body="("), Broken)
