"""What a container says, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devenv.backends.docker import containers
from devenv.backends.docker.client import Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel, LogLine

_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) ")
_PART = 16 * 1024
_LONGEST = 256 * 1024
"""Bytes after which a line is broken, so that a container that never ends one takes no memory."""


def logs(
    client: Client,
    container: str,
    *,
    tail: int | None,
    follow: bool,
    timestamps: bool,
    since: float | None,
    cancel: Cancel | None,
) -> Iterator[LogLine]:
    """See `protocols.Engine.logs`. Cancelling ends the iteration. Raises NotFound at the first line asked for."""
    found = containers.inspect(client, container)
    params = {
        "stdout": True,
        "stderr": True,
        "follow": follow,
        "timestamps": timestamps,
        "tail": "all" if tail is None else str(tail),
        "since": None if since is None else f"{since:.9f}",
    }
    raw = bool(found.config.get("Tty"))
    voices = {stream: _Voice(found.name, stream, timestamps, raw) for stream in ("stdout", "stderr")}
    try:
        with Exchange(client, what=f"read the logs of {container}", cancel=cancel) as exchange:
            exchange.send("GET", client.path(f"/containers/{name(found.id)}/logs", params))
            for stream, part in exchange.frames(raw=raw):
                yield from voices[stream].say(part)
            for voice in voices.values():
                yield from voice.end()
    except DevenvError:
        if cancel is None or not cancel.cancelled:
            raise


class _Voice:
    """One stream of a container, its pieces put together to lines. The engine keeps a long line in parts of 16 KiB and
    begins each with its time, where times are asked for; those of a terminal (`raw`) come without a frame."""

    def __init__(self, container: str, stream: str, timestamps: bool, raw: bool) -> None:
        self._container, self._stream, self._timestamps, self._raw = container, stream, timestamps, raw
        self._held = b""
        self._at = ""

    def say(self, part: bytes) -> Iterator[LogLine]:
        """The lines that are whole now that `part` has come."""
        if self._held and self._timestamps and not self._raw:
            time = _TIME.match(part)
            part = part[time.end() :] if time else part
        *lines, self._held = (self._held + part).split(b"\n")
        if len(self._held) > _LONGEST:
            lines.append(self._held)
            self._held = b""
        for line in lines:
            yield self._line(line)

    def end(self) -> Iterator[LogLine]:
        """What was said without a line's end."""
        if self._held:
            yield self._line(self._held)

    def _line(self, line: bytes) -> LogLine:
        if self._timestamps:
            time = _TIME.match(line)
            if time:  # the rest of a line that was broken has none of its own
                self._at, line = time[1].decode(), line[time.end() :]
            if self._raw:
                line = _without_times(line)
        return LogLine(
            container=self._container,
            line=line.rstrip(b"\r").decode(errors="replace"),
            stream=self._stream,
            at=self._at,
        )


def _without_times(line: bytes) -> bytes:
    parts = []
    while len(line) > _PART and (time := _TIME.match(line, _PART)):
        parts.append(line[:_PART])
        line = line[time.end() :]
    return b"".join([*parts, line])
