"""The forwarder that stands in the network for a service on the host: a program of its own, run inside containers.

It needs the standard library alone (Python 3.9 on), and nothing of devenv imports it but its tests.

    forward.py in   FOLDER  8000=8001 …   in the project's network: port 8000 goes to FOLDER/8001.sock
    forward.py out  FOLDER  8000=8001 …   in the host's network: FOLDER/8001.sock goes to the host's port 8001
    forward.py to   ADDRESS 8000=8001 …   in the project's network: port 8000 goes to ADDRESS:8001

A socket file is there as long as somebody listens on the host's port, and a port is listened on as long as its socket
file is there: so that where nobody is, connections are refused, as they would be by a service that does not run. Most
servers that one debugs listen on 127.0.0.1 alone, which no container but one in the host's network reaches.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterable

REST = 0.2
"""Seconds between two looks at who listens."""
READY = "ready"
"""The line by which one knows that it stands as it should: who listens by now is reached."""
LOOKED = "looked"
"""A file in FOLDER from the first look on."""
LOOPBACK = ("127.0.0.1", "::1")
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"
_CHUNK = 65536

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Accept], Awaitable[asyncio.Server]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Streams]]


def reachable(address: str) -> bool:
    """Whether `address`, as the kernel's tables have it, is one that loopback reaches: any, 127.x or ::1."""
    raw = b"".join(struct.pack("=I", int(address[i : i + 8], 16)) for i in range(0, len(address), 8))
    if len(raw) == 16 and raw.startswith(b"\0" * 10 + b"\xff\xff"):
        raw = raw[12:]
    return not any(raw) or (raw[0] == 127 if len(raw) == 4 else raw == b"\0" * 15 + b"\1")


def listening(tables: tuple[str, ...] = _TABLES) -> set[int]:
    """The TCP ports on which somebody listens in this network, where loopback reaches them."""
    found = set()
    for table in tables:
        try:
            with open(table, encoding="ascii") as lines:
                next(lines, "")
                for line in lines:
                    words = line.split(None, 4)
                    if words[3] == _LISTENS:
                        address, _, port = words[1].partition(":")
                        if reachable(address):
                            found.add(int(port, 16))
        except FileNotFoundError:  # no IPv6 here
            continue
    return found


async def dial_any(hosts: tuple[str, ...], port: int) -> Streams:
    """A connection to the first of `hosts` that takes it. Raises OSError."""
    for host in hosts[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(host, port)
    return await asyncio.open_connection(hosts[-1], port)


async def join(near: Streams, dial: Dial) -> None:
    """Carry bytes both ways until both ends are done; each end's "no more" is passed on. Where there is nobody behind,
    the connection is reset."""
    try:
        far = await dial()
    except OSError:
        _reset(near[1])
        return
    try:
        await asyncio.gather(_carry(near[0], far[1]), _carry(far[0], near[1]))
    except OSError:
        _reset(near[1])
        _reset(far[1])
    finally:
        near[1].close()
        far[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Gate:
    """A server that is there only while it is meant to be. `serve` begins it, `dial` is what lies behind it."""

    def __init__(self, serve: Serve, dial: Dial) -> None:
        self._serve = serve
        self._dial = dial
        self._server: asyncio.Server | None = None
        self._joined: set[asyncio.Task[None] | None] = set()

    async def set(self, open_: bool) -> bool:
        """Open or close it; whether that changed anything. Connections that are there stay."""
        if open_ == (self._server is not None):
            return False
        if self._server is not None:
            self._server.close()
            self._server = None
        else:
            self._server = await self._serve(self._accept)
        return True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The loop holds a connection that has said all only weakly: it might be collected before it has its answer.
        task = asyncio.current_task()
        self._joined.add(task)
        try:
            await join((reader, writer), self._dial)
        finally:
            self._joined.discard(task)


def unix_server(path: str) -> Serve:
    async def serve(accept: Accept) -> asyncio.Server:
        for left in (path, path + ".new"):  # by one that was killed
            _unlink(left)
        # Under another name until it can be used, and by users of other namespaces, too.
        server = await asyncio.start_unix_server(accept, path + ".new", backlog=511)
        os.chmod(path + ".new", 0o666)
        os.rename(path + ".new", path)
        return server

    return serve


def tcp_server(port: int, hosts: tuple[str, ...] | None = None) -> Serve:
    async def serve(accept: Accept) -> asyncio.Server:
        return await asyncio.start_server(accept, hosts, port, backlog=511)

    return serve


async def outside(folder: str, ports: dict[int, int], stopped: asyncio.Event) -> None:
    """`out`: in the host's network."""
    paths = {port: f"{folder}/{port}.sock" for port in set(ports.values())}
    gates = {port: Gate(unix_server(path), _dial_host(port)) for port, path in paths.items()}
    for left in (f"{folder}/{LOOKED}", *paths.values()):
        _unlink(left)
    try:
        while not stopped.is_set():
            there = listening()
            for port, gate in gates.items():
                if await gate.set(port in there) and port not in there:
                    _unlink(paths[port])
            _touch(f"{folder}/{LOOKED}")
            await _rest(stopped)
    finally:
        for path in (f"{folder}/{LOOKED}", *paths.values()):
            _unlink(path)
        await _close(gates.values())


async def inside(folder: str, ports: dict[int, int], stopped: asyncio.Event) -> None:
    """`in`: in the project's network."""
    paths = {port: f"{folder}/{behind}.sock" for port, behind in ports.items()}
    gates = {port: Gate(tcp_server(port), _dial_socket(path)) for port, path in paths.items()}
    for port, behind in ports.items():
        _say(f"runs on the host: connections to port {port} go to the host's 127.0.0.1:{behind}")
    if not ports:
        _say("runs on the host, and listens on no port that is known: nothing to forward")
    ready = False
    while not stopped.is_set():
        first = not ready and (not ports or os.path.exists(f"{folder}/{LOOKED}"))
        for port, gate in gates.items():
            there = os.path.exists(paths[port])
            if await gate.set(there) or (first and not there):
                _say(f"port {port}: {'somebody' if there else 'nobody'} listens on the host")
        if first:
            _say(READY)
            ready = True
        await _rest(stopped)
    await _close(gates.values())


async def directly(address: str, ports: dict[int, int], stopped: asyncio.Event) -> None:
    """`to`: in the project's network, where the engine gives the host an address. Who listens there cannot be seen:
    a connection that nobody takes is reset."""
    gates = {port: Gate(tcp_server(port), _dial_one(address, behind)) for port, behind in ports.items()}
    for port, gate in gates.items():
        _say(f"runs on the host: connections to port {port} go to {address}:{ports[port]}")
        await gate.set(True)
    _say(READY)
    await stopped.wait()
    await _close(gates.values())


def _dial_host(port: int) -> Dial:
    return lambda: dial_any(LOOPBACK, port)


def _dial_one(host: str, port: int) -> Dial:
    return lambda: dial_any((host,), port)


def _dial_socket(path: str) -> Dial:
    return lambda: asyncio.open_unix_connection(path)


async def _close(gates: Iterable[Gate]) -> None:
    for gate in gates:
        await gate.set(False)


async def _rest(stopped: asyncio.Event) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(stopped.wait(), REST)


def _touch(path: str) -> None:
    with open(path, "a", encoding="ascii"):
        pass


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _say(line: str) -> None:
    print(line, flush=True)


MODES = {"in": inside, "out": outside, "to": directly}


async def main(mode: str, place: str, *ports: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    pairs = {int(port): int(behind) for port, _, behind in (item.partition("=") for item in ports)}
    await MODES[mode](place, pairs, stopped)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
