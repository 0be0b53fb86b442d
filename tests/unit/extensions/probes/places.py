"""What the tests of probes stand on: a container by hand, an engine that only answers, servers on this host."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from devenv.model.observed import EngineInfo, ObservedContainer
from devenv.model.protocols import ExecResult, LogLine, ProbeTarget

NEVER = "0001-01-01T00:00:00Z"


class Inside:
    """As much of an engine as a probe uses. `answer` is called with an exec's command and may raise."""

    def __init__(
        self,
        answer: Callable[[Sequence[str]], ExecResult] | None = None,
        *,
        local: bool = True,
        rootless: bool = False,
        host: str = "unix:///run/docker.sock",
        said: Sequence[LogLine] = (),
    ) -> None:
        self.answer = answer or (lambda command: ExecResult(exit_code=0))
        self.info = EngineInfo(
            id="e", version="1", api="1.41", os="linux", arch="amd64", host=host, local=local, rootless=rootless
        )
        self.said = list(said)
        self.ran: list[tuple[str, ...]] = []
        self.since: list[float | None] = []

    def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> ExecResult:
        self.ran.append(tuple(command))
        return self.answer(command)

    def logs(self, container: str, *, timestamps: bool = False, since: float | None = None) -> Iterator[LogLine]:
        self.since.append(since)
        yield from self.said


def at(engine: Any, **fields: Any) -> ProbeTarget:
    container = ObservedContainer(
        **{
            "id": "c1",
            "name": "shop-api-1",
            "image": "api",
            "image_id": "sha256:1",
            "state": "running",
            "labels": {},
            "started_at": "2026-01-01T00:00:00Z",
            "finished_at": NEVER,
            **fields,
        }
    )
    return ProbeTarget(service="api", container=container, engine=engine)


@contextlib.contextmanager
def listening(talk: Callable[[socket.socket], None] | None) -> Iterator[int]:
    """A server on 127.0.0.1 that calls `talk` with each connection (None: never accepts); its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    talk(connection)  # type: ignore[misc]

        thread = threading.Thread(target=serve, daemon=True)
        if talk is not None:
            thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            if talk is not None:
                with contextlib.suppress(OSError), socket.create_connection(server.getsockname(), timeout=1):
                    pass
                thread.join(5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
