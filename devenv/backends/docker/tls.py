"""Streams over TLS: a plain socket in front of an encrypted one."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_CHUNK = 64 * 1024


def pump(secure: ssl.SSLSocket) -> socket.socket:
    """A plain socket that stands for `secure`: a TLS session must not be read and written by two threads at once, so
    one thread of ours does both. A half-close of the plain side half-closes the connection beneath."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=_pump, args=(secure, theirs), daemon=True).start()
    return ours


def _pump(secure: ssl.SSLSocket, plain: socket.socket) -> None:
    secure.setblocking(False)
    plain.setblocking(False)
    to_engine, to_plain = bytearray(), bytearray()
    open_in = open_out = True
    try:
        while open_out or to_plain:
            sources = ((secure, open_out and len(to_plain) < _CHUNK), (plain, open_in and not to_engine))
            reads = [side for side, wanted in sources if wanted]
            writes = [side for side, waiting in ((secure, to_engine), (plain, to_plain)) if waiting]
            ready, able, _ = select.select(reads, writes, [], 0 if secure.pending() and secure in reads else None)
            if secure in ready or (secure in reads and secure.pending()):
                try:
                    part = secure.recv(_CHUNK)
                    open_out = bool(part)
                    to_plain += part
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            if plain in ready:
                part = plain.recv(_CHUNK)
                to_engine += part
                if not part:
                    open_in = False
                    socket.socket.shutdown(secure, socket.SHUT_WR)
            if plain in able and to_plain:
                del to_plain[: plain.send(to_plain)]
            if secure in able and to_engine:
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    del to_engine[: secure.send(to_engine)]
    except OSError:
        pass
    finally:
        for side in (secure, plain):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(side, socket.SHUT_RDWR)
            side.close()
