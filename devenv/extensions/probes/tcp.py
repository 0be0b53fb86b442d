"""`tcp: PORT`: something listens there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from devenv.core import readiness
from devenv.core.readiness import ReadyKind
from devenv.core.sockets import listeners
from devenv.extensions.probes.exec import run
from devenv.extensions.probes.reach import Door, connect, default_port, doors, elsewhere, why
from devenv.model.errors import DevenvError
from devenv.model.protocols import Broken, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema

_LINGER = 0.15
"""Seconds that a connection to a published port must stay open: the engine's proxy accepts for a server that is not
there and closes within a few milliseconds."""


class TcpProbe(ReadyKind):
    """Options: `port` (default: the port that the container publishes or exposes)."""

    kind = "tcp"
    means = "It accepts connections."
    example = 5432
    short = "port"
    options: ClassVar = {"port": readiness.port}
    named = True

    def shape(self) -> Schema:
        """A port, or a mapping with one."""
        from devenv.core.schema.shapes import PORT, either, key, mapping

        long = mapping({"port": key(PORT, "Port inside the container.", 5432)}, "a mapping with `port`")
        return either(PORT, long, title="a port from 1 to 65535")

    def rendered(self, value: Any, port: Any) -> Any:
        """The port alone."""
        if not isinstance(value, Mapping):
            return value
        number = value.get("port", port)
        return {} if number is None else readiness.number(number)

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        """One connection; from inside, one look at the table of listening sockets."""
        port = ready.options.get("port") or default_port(target.container)
        if not port:
            return Broken(why="the tcp probe names no port, and the container has none")
        until = time.monotonic() + timeout
        first: NotYet | None = None
        for door in doors(target, int(port)):
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                look = _knock(door, left)
            except OSError as error:
                # Seen from another network (an engine's socket lent to a container) that address may be a stranger's:
                # a published port is asked too, but the first reason is the better one.
                if not elsewhere(error):
                    first = first or NotYet(why=why(error, door, target.container, int(port)))
                continue
            return look if isinstance(look, IsReady) else first or look
        return first or _from_inside(target, int(port), max(until - time.monotonic(), 0.05))


def _knock(door: Door, timeout: float) -> Look:
    until = time.monotonic() + timeout
    with connect(door, timeout) as connection:
        if door.direct:
            return IsReady()
        connection.settimeout(max(0.01, min(_LINGER, until - time.monotonic())))
        try:
            said = connection.recv(1)
        except TimeoutError:
            return IsReady()
        return IsReady() if said else NotYet(why=f"nothing listens behind port {door.port}")


def _from_inside(target: ProbeTarget, port: int, timeout: float) -> Look:
    # Without IPv6 there is no second table, which is no failure.
    command = ("sh", "-c", "cat /proc/net/tcp && { cat /proc/net/tcp6 2>/dev/null || true; }")
    try:
        result = run(target, command, timeout)
    except DevenvError as error:
        return NotYet(why=error.message)
    if result.exit_code in (126, 127):
        return Broken(why="the tcp probe cannot run: no port is published, and the image has no sh and cat")
    if any(listener.port == port for listener in listeners(result.output.decode("ascii", "replace"))):
        return IsReady()
    return NotYet(why=f"nothing listens on port {port}")


PROBE = TcpProbe()
