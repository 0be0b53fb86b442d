"""Whether something at an address is an engine and answers: `GET /_ping` by hand, so that no SDK is loaded for it."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT = 5.0
"""Seconds that an engine may take to answer. A loaded one answers a ping within one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """It answers. `api` is its newest API version ("1.41"; "" where it did not say)."""

    api: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Nothing listens there. `why` is the system's word."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The socket may not be opened by this user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Connected, and then no answer that an engine gives. `why` says what came instead."""

    why: str


Answer = Alive | Dead | Denied | Silent


def ping(url: str, *, tls: str = "", timeout: float = TIMEOUT) -> Answer:
    """Ask the engine at `url` (`unix://…`, `tcp://…`, `http(s)://…`). `tls` is a folder with ca.pem, cert.pem, key.pem.
    What cannot be asked this way (`ssh://`, `npipe://`) counts as alive: its client will tell."""
    parts = urlsplit(url)
    if parts.scheme not in ("unix", "tcp", "http", "https"):
        return Alive(api="")
    try:
        with contextlib.closing(_connect(url, tls, timeout)) as connection:
            connection.settimeout(timeout)
            connection.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            return _read(connection)
    except PermissionError:
        return Denied()
    except TimeoutError:
        return Silent(why=f"no answer within {timeout:g} s")
    except ssl.SSLError as error:
        return Silent(why=f"TLS failed: {error.reason or error}")
    except OSError as error:
        if error.errno in (errno.ECONNRESET, errno.EPIPE):
            return Silent(why="it closed the connection")
        return Dead(why=error.strerror or str(error))


def _connect(url: str, tls: str, timeout: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(url.removeprefix("unix://"))
        except BaseException:
            connection.close()
            raise
        return connection
    port = parts.port or (2376 if tls or parts.scheme == "https" else 2375)
    plain = socket.create_connection((parts.hostname or "127.0.0.1", port), timeout)
    if not tls and parts.scheme != "https":
        return plain
    try:
        context = ssl.create_default_context()
        if tls:
            folder = Path(tls)
            if (folder / "ca.pem").exists():
                context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            if (folder / "cert.pem").exists():
                context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return context.wrap_socket(plain, server_hostname=parts.hostname)
    except BaseException:
        plain.close()
        raise


def _read(connection: socket.socket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < 65536:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = lines[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if len(status) < 2 or not status[0].startswith("HTTP/"):
        return Silent(why="what answers there does not speak HTTP" if data else "it closed the connection")
    if status[1] != "200":
        return Silent(why=f"it answered {' '.join(status[1:])}")
    return Alive(api=headers.get("api-version", ""))
