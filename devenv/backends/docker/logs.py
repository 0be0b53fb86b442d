"""What a container says, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.backends.docker import containers
from devenv.backends.docker.client import Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel, LogLine

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
    try:
        with Exchange(client, what=f"read the logs of {container}", cancel=cancel) as exchange:
            exchange.send("GET", client.path(f"/containers/{name(found.id)}/logs", params))
            held = {"stdout": b"", "stderr": b""}
            for stream, part in exchange.frames(raw=bool(found.config.get("Tty"))):
                *lines, rest = (held[stream] + part).split(b"\n")
                if len(rest) > _LONGEST:
                    lines.append(rest)
                    rest = b""
                held[stream] = rest
                for line in lines:
                    yield _line(found.name, stream, line, timestamps)
            for stream, rest in held.items():
                if rest:
                    yield _line(found.name, stream, rest, timestamps)
    except DevenvError:
        if cancel is None or not cancel.cancelled:
            raise


def _line(container: str, stream: str, raw: bytes, timestamps: bool) -> LogLine:
    text = raw.rstrip(b"\r").decode(errors="replace")
    at = ""
    if timestamps:
        at, _, text = text.partition(" ")
    return LogLine(container=container, line=text, stream=stream, at=at)
