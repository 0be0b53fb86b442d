"""One request on a socket of its own, for what streams: logs, waits, pulls, builds and the hijacked streams of exec.

Whoever cancels shuts the socket down: closing it could block behind its reader.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from devenv.backends.docker import errors
from devenv.backends.docker.client import READ, Client, message
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel

_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}
_CHUNK = 64 * 1024


class Exchange:
    """A request and its answer. Use as a context manager: it cancels with `cancel` and always closes its socket.
    `refusal` makes the error of (status, text, `what`) that the engine refuses with."""

    def __init__(
        self,
        client: Client,
        *,
        what: str,
        cancel: Cancel | None = None,
        refusal: Callable[[int, str, str], DevenvError] = errors.refusal,
    ) -> None:
        self._client = client
        self._what = what
        self._refusal = refusal
        self._cancel = cancel
        if cancel is not None and cancel.cancelled:
            raise errors.cancelled(what)
        self.socket = client.socket()
        self._file: io.BufferedReader | None = None
        self._response: http.client.HTTPResponse | None = None
        self._forget = cancel.on_cancel(self.shut) if cancel is not None else None

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._forget is not None:
            self._forget()
        self.shut()
        for thing in (self._response, self._file, self.socket):
            if thing is not None:
                with contextlib.suppress(OSError, ValueError):
                    thing.close()

    def shut(self) -> None:
        """End both directions; whoever reads or writes is woken."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def end_input(self) -> None:
        """Say that nothing more comes, and go on reading."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def failure(self, error: BaseException) -> Exception:
        """What to raise when this exchange broke with `error`."""
        if self._cancel is not None and self._cancel.cancelled:
            return errors.cancelled(self._what)
        return errors.unreachable(self._client.url, error)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        stream: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
    ) -> None:
        """Ask. `body` is sent as JSON, `stream` as it comes, in chunks; an error that `stream` raises breaks the
        request off, so the engine does not take a part for the whole. `read_timeout` bounds each wait for an answer,
        None waits for ever. Raises what a refusal says."""
        sent = {"Host": "docker", "User-Agent": "devenv", **(headers or {})}
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        elif stream is not None:
            sent["Transfer-Encoding"] = "chunked"
            sent.setdefault("Content-Type", "application/x-tar")
        elif method != "GET":
            sent["Content-Length"] = "0"
        head = "".join(f"{key}: {value}\r\n" for key, value in sent.items())
        self.socket.settimeout(read_timeout)
        try:
            self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
            if stream is not None:
                self._send_chunks(stream)
            self._response = http.client.HTTPResponse(self.socket, method=method)
            self._response.begin()
            status = self._response.status
            refused = self._response.read() if status >= 400 else b""
        except TimeoutError:
            raise errors.silent(self._client.url, read_timeout or 0) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self.failure(error) from None
        if status >= 400:
            raise self._refusal(status, message(refused.decode(errors="replace")), self._what)

    def _send_chunks(self, stream: Iterable[bytes]) -> None:
        for part in stream:
            if not part:
                continue
            try:
                self.socket.sendall(b"%x\r\n%b\r\n" % (len(part), part))
            except (BrokenPipeError, ConnectionResetError):
                # The engine has said no before it read all: its answer says why.
                return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(b"0\r\n\r\n")

    def upgrade(
        self, path: str, body: Any = None, *, protocol: str = "tcp", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Ask with POST for a raw stream of `protocol` in both directions on this socket; `headers` may have a name
        more than once. Raises what a refusal says."""
        data = b"" if body is None else json.dumps(body).encode()
        sent = [
            ("Host", "docker"),
            ("User-Agent", "devenv"),
            ("Connection", "Upgrade"),
            ("Upgrade", protocol),
            *headers,
        ]
        if body is not None:
            sent.append(("Content-Type", "application/json"))
        sent.append(("Content-Length", str(len(data))))
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in sent) + "\r\n"
        self.socket.settimeout(READ)
        try:
            self.socket.sendall(head.encode() + data)
            self._file = self.socket.makefile("rb")
            line = self._file.readline(65537).split()
            fields = http.client.parse_headers(self._file)
            if len(line) < 2:
                raise ConnectionResetError("connection closed by the engine")
            status = int(line[1])
            # An engine that refuses ends its answer; Content-Length is always there.
            refused = self._file.read(int(fields.get("Content-Length") or 0)) if status >= 400 else b""
        except TimeoutError:
            raise errors.silent(self._client.url, READ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self.failure(error) from None
        if status >= 400:
            raise self._refusal(status, message(refused.decode(errors="replace")), self._what)
        self.socket.settimeout(None)

    def read(self, size: int = _CHUNK) -> bytes:
        """What has come, at least one byte; b"" at the end."""
        source = self._response if self._response is not None else self._file
        assert source is not None
        try:
            return source.read1(size)
        except TimeoutError as error:
            raise errors.silent(self._client.url, self.socket.gettimeout() or 0) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self.failure(error) from None

    def header(self, name: str) -> str:
        """A header of the answer, "" where it has none of that name."""
        return (self._response.getheader(name) if self._response is not None else None) or ""

    def messages(self) -> Iterator[dict[str, Any]]:
        """The JSON objects of a progress stream, one by one."""
        decoder = json.JSONDecoder()
        text = ""
        undecoded = b""
        while part := self.read():
            undecoded += part
            try:
                text += undecoded.decode()
                undecoded = b""
            except UnicodeDecodeError as error:
                # A character that is not all there yet.
                text += undecoded[: error.start].decode()
                undecoded = undecoded[error.start :]
            start = 0
            while True:
                while start < len(text) and text[start].isspace():
                    start += 1
                try:
                    found, start = decoder.raw_decode(text, start)
                except ValueError:
                    break
                if isinstance(found, dict):
                    yield found
            text = text[start:]
        if self._cancel is not None and self._cancel.cancelled:
            raise errors.cancelled(self._what)

    def frames(self, *, raw: bool) -> Iterator[tuple[str, bytes]]:
        """("stdout"|"stderr", bytes) as they come; `raw` streams (of a terminal) have one voice and no frames."""
        if raw:
            while part := self.read():
                yield "stdout", part
            return
        held = bytearray()
        while part := self.read():
            held += part
            while len(held) >= 8:
                size = int.from_bytes(held[4:8], "big")
                if len(held) < 8 + size:
                    break
                yield _STREAMS.get(held[0], "stderr"), bytes(held[8 : 8 + size])
                del held[: 8 + size]
