"""Where a probe stands: which address of a container can be reached from here, and what listens behind it.

In this order (DESIGN, rule 4): the container's own address, which only a rootful Linux engine on this very host routes
to us; else a published port; else, from inside, by exec.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from devenv.core.sockets import listeners
from devenv.model.observed import EngineInfo, ObservedContainer
from devenv.model.protocols import ProbeTarget

_AWAY = frozenset(
    (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.EADDRNOTAVAIL, errno.EPERM, errno.EACCES)
)
_ANYWHERE = frozenset(("0.0.0.0", "::", ""))
_FIRST = 0.5
"""Seconds to connect in, where there is another way to ask: a kernel answers at once, and an address that is not
routed to us swallows the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A place to knock. `direct` where it is the container itself and no proxy of the engine that accepts for it."""

    host: str
    port: int
    direct: bool

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def doors(target: ProbeTarget, port: int) -> tuple[Door, ...]:
    """Where TCP `port` of the container may be reached from this host, the best first; empty: only from inside."""
    info, container = target.engine.info, target.container
    found: list[Door] = []
    if _routed(info):
        if "host" in container.networks:
            found.append(Door(host="127.0.0.1", port=port, direct=True))
        found += [Door(host=ip, port=port, direct=True) for _, ip in container.networks.values() if ip]
    for ip, published in container.ports.get(f"{port}/tcp", ()):
        if published:
            host = ip
            if not info.local:
                host = _engine_host(info)
            elif ip in _ANYWHERE:
                host = "127.0.0.1"
            found.append(Door(host=host, port=published, direct=False))
    return tuple(dict.fromkeys(found))


def default_port(container: ObservedContainer) -> int | None:
    """The TCP port that is meant where none is named: the lowest published one, else the lowest exposed one."""
    exposed = container.config.get("ExposedPorts")
    published = [name for name, bound in container.ports.items() if bound]
    for names in (published, [*container.ports, *(exposed if isinstance(exposed, Mapping) else ())]):
        parts = [str(name).partition("/") for name in names]
        numbers = [int(number) for number, _, protocol in parts if number.isdigit() and protocol in ("", "tcp")]
        if numbers:
            return min(numbers)
    return None


def connect(door: Door, timeout: float) -> socket.socket:
    """A connection through `door`, in less than `timeout` so that there is time for another way. Raises OSError."""
    connection = socket.create_connection((door.host, door.port), timeout=max(0.01, min(timeout / 2, _FIRST)))
    if connection.getsockname() == connection.getpeername():
        # Nothing listens on a port of our own host, and the kernel chose that very port for our end.
        connection.close()
        raise ConnectionRefusedError(errno.ECONNREFUSED, "connection refused")
    return connection


@contextlib.contextmanager
def cut_off(connection: socket.socket, seconds: float) -> Iterator[None]:
    """End `connection` after `seconds`, however its other side drips: a socket's own timeout counts one read only."""

    def end() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0.01), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def elsewhere(error: OSError) -> bool:
    """Whether `error` says that the address cannot be reached from here, so that another door is worth a try."""
    return isinstance(error, TimeoutError | socket.gaierror) or error.errno in _AWAY


def why(error: OSError, door: Door, container: ObservedContainer, port: int) -> str:
    """One short sentence for a person who waits."""
    if isinstance(error, ConnectionRefusedError):
        if door.direct and _listens_on_loopback_only(container, port):
            return f"listening on port {port}, but only inside the container (127.0.0.1)"
        return f"connection refused on {door}"
    if isinstance(error, TimeoutError):
        return f"no answer from {door}"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"connection closed by {door}"
    return f"{door}: {(error.strerror or str(error)).lower()}"


def _routed(info: EngineInfo) -> bool:
    return info.local and not info.rootless and sys.platform == "linux"


def _engine_host(info: EngineInfo) -> str:
    if "://" not in info.host:
        return info.host or "127.0.0.1"
    parts = urlsplit(info.host)
    return parts.hostname or "127.0.0.1" if parts.scheme in ("tcp", "http", "https", "ssh") else "127.0.0.1"


def _listens_on_loopback_only(container: ObservedContainer, port: int) -> bool:
    # The kernel shows the socket table of a process's network to everyone, so this costs no exec. The cgroup says
    # whether that process is our container's at all: in a container of our own its number means another one.
    if not container.pid:
        return False
    base = f"/proc/{container.pid}"
    try:
        with open(f"{base}/cgroup", encoding="ascii", errors="replace") as file:
            if container.id not in file.read():
                return False
        text = ""
        for name in ("tcp", "tcp6"):
            path = os.path.join(base, "net", name)
            if os.path.exists(path):
                with open(path, encoding="ascii", errors="replace") as file:
                    text += file.read()
    except OSError:
        return False
    bound = [listener for listener in listeners(text, byteorder=sys.byteorder) if listener.port == port]
    return bool(bound) and all(listener.loopback for listener in bound)
