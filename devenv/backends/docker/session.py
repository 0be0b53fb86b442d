"""A session with BuildKit: what a build asks of whoever called it, served over HTTP/2 on a connection to the engine.

POST /session is taken over; then the engine is the client, and calls by gRPC what the request's headers announced
(moby/buildkit `session/session.go`, github.com/grpc/grpc `doc/PROTOCOL-HTTP2.md`). `grants` has the services.
Why a server of our own: docs/adr/0005.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError

from devenv.backends.docker import protobuf
from devenv.backends.docker.client import Client
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel

_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = protobuf.encode((1, 1))
_UNKNOWN, NOT_FOUND, _UNIMPLEMENTED = 2, 5, 12
"""gRPC's own status codes."""


class GrpcError(Exception):
    """A call that ends with a status other than OK."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Call:
    """One call of the engine's: its `headers`, the messages that come and those that are sent."""

    def __init__(self, session: Session, number: int, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._session = session
        self._number = number
        self._parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def feed(self, part: bytes | None) -> None:
        """What came; None at the end."""
        self._parts.put(part)

    def messages(self) -> Iterator[bytes]:
        held = b""
        while (part := self._parts.get()) is not None:
            messages, held = protobuf.unframed(held + part)
            yield from messages

    def send(self, message: bytes) -> None:
        self._session.send(self._number, protobuf.framed(message))


Service = Callable[[Call], None]
"""Answers one call. Raises GrpcError to refuse it."""


class Session:
    """Serves `services` (by gRPC path) as long as the context lasts; `id` is what a build names it by."""

    def __init__(self, client: Client, services: Mapping[str, Service], *, cancel: Cancel) -> None:
        self.id = secrets.token_hex(16)
        self._client = client
        self._services = {_HEALTH: _healthy, **services}
        self._cancel = cancel
        self._calls: dict[int, Call] = {}
        # The engine's side opens streams; HTTP/2's own state is one, whoever reads or writes.
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._changed = threading.Condition()
        self._ended = False

    def __enter__(self) -> Session:
        self._exchange = Exchange(self._client, what="open a session with BuildKit", cancel=self._cancel)
        headers = [
            ("X-Docker-Expose-Session-Uuid", self.id),
            ("X-Docker-Expose-Session-Name", "devenv"),
            ("X-Docker-Expose-Session-Sharedkey", ""),
            *(("X-Docker-Expose-Session-Grpc-Method", path) for path in self._services),
        ]
        try:
            self._exchange.upgrade(self._client.path("/session"), protocol="h2c", headers=headers)
            with self._changed:
                self._http.initiate_connection()
                self._flush()
        except BaseException:
            self._exchange.__exit__(None, None, None)
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._exchange.shut()
        self._reader.join(timeout=5)
        self._exchange.__exit__(None, None, None)

    def send(self, number: int, data: bytes) -> None:
        """Send `data` on stream `number`, as fast as the other side takes it. What is gone is not told."""
        with self._changed, contextlib.suppress(ProtocolError, OSError):
            while data:
                room = 0
                while not self._ended:
                    room = min(self._http.local_flow_control_window(number), self._http.max_outbound_frame_size)
                    if room > 0:
                        break
                    self._changed.wait()
                if self._ended:
                    return
                self._http.send_data(number, data[:room])
                self._flush()
                data = data[room:]

    def _flush(self) -> None:
        self._exchange.socket.sendall(self._http.data_to_send())

    def _read(self) -> None:
        """Everything that comes, until the connection ends."""
        with contextlib.suppress(DevenvError, ProtocolError, OSError):
            while data := self._exchange.read():
                with self._changed:
                    for event in self._http.receive_data(data):
                        self._event(event)
                    self._flush()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for call in tuple(self._calls.values()):  # each takes itself out at its end
            call.feed(None)

    def _event(self, event: Any) -> None:
        match event:
            case RequestReceived():
                call = Call(self, event.stream_id, {_text(key): _text(value) for key, value in event.headers})
                self._calls[event.stream_id] = call
                # A thread each: one that waits for a file or an agent holds nobody up.
                threading.Thread(target=self._answer, args=(event.stream_id, call), daemon=True).start()
            case DataReceived():
                self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.stream_id in self._calls:
                    self._calls[event.stream_id].feed(event.data)
            case StreamEnded() | StreamReset():
                if event.stream_id in self._calls:
                    self._calls[event.stream_id].feed(None)
            case WindowUpdated():
                self._changed.notify_all()

    def _answer(self, number: int, call: Call) -> None:
        self._headers(number, [(":status", "200"), ("content-type", "application/grpc")])
        status, message = 0, ""
        try:
            self._services.get(call.headers.get(":path", ""), _unknown)(call)
        except GrpcError as error:
            status, message = error.code, str(error)
        except Exception as error:  # the other side must not wait for an answer that never comes
            status, message = _UNKNOWN, str(error)
        ending = [("grpc-status", str(status)), *([("grpc-message", message)] if message else [])]
        self._headers(number, ending, last=True)
        self._calls.pop(number, None)

    def _headers(self, number: int, headers: list[tuple[str, str]], *, last: bool = False) -> None:
        with self._changed, contextlib.suppress(ProtocolError, OSError):
            self._http.send_headers(number, headers, end_stream=last)
            self._flush()


def _text(header: bytes | str) -> str:
    return header if isinstance(header, str) else header.decode(errors="replace")


def _healthy(call: Call) -> None:
    for _ in call.messages():
        call.send(_SERVING)
        return


def _unknown(call: Call) -> None:
    raise GrpcError(_UNIMPLEMENTED, f"devenv does not serve {call.headers.get(':path', '')}")
