"""Streams over TLS: a plain socket in front of an encrypted one."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_CHUNK = 64 * 1024


def pump(connection: socket.socket, context: ssl.SSLContext, name: str) -> socket.socket:
    """A plain socket that stands for TLS over `connection`, to a server that proves to be `name`: a TLS session must
    not be read and written by two threads at once, so one thread of ours does both. A half-close of the plain side is
    said to the server as TLS says it. Raises OSError (ssl.SSLError is one) where they do not agree."""
    session = _Session(connection, context, name)
    ours, theirs = socket.socketpair()
    threading.Thread(target=session.carry, args=(theirs,), daemon=True).start()
    return ours


class _Session:
    def __init__(self, connection: socket.socket, context: ssl.SSLContext, name: str) -> None:
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(self._outgoing.read())
                part = connection.recv(_CHUNK)
                if not part:
                    raise ConnectionResetError("the engine ended the TLS handshake") from None
                self._incoming.write(part)
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    connection.sendall(self._outgoing.read())
                raise
        connection.sendall(self._outgoing.read())

    def carry(self, plain: socket.socket) -> None:
        """Hand on in both directions until the server ends it or nobody listens any more."""
        raw = self._connection
        raw.setblocking(False)
        plain.setblocking(False)
        to_raw, to_plain = bytearray(), bytearray()
        open_in = open_out = True
        try:
            while open_out or to_plain:
                sources = ((raw, open_out and len(to_plain) < _CHUNK), (plain, open_in and len(to_raw) < _CHUNK))
                reads = [side for side, wanted in sources if wanted]
                writes = [side for side, waiting in ((raw, to_raw), (plain, to_plain)) if waiting]
                ready, able, _ = select.select(reads, writes, [])
                if raw in ready:
                    part = raw.recv(_CHUNK)
                    self._incoming.write(part) if part else self._incoming.write_eof()
                    open_out = self._decrypt(to_plain) and bool(part)
                if plain in ready:
                    open_in = self._encrypt(plain.recv(_CHUNK))
                to_raw += self._outgoing.read()
                if plain in able and to_plain:
                    del to_plain[: plain.send(to_plain)]
                if raw in able and to_raw:
                    del to_raw[: raw.send(to_raw)]
        except OSError:
            pass
        finally:
            for side in (raw, plain):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()

    def _decrypt(self, into: bytearray) -> bool:
        """All that has come; False where the server has said its end."""
        try:
            while part := self._tls.read(_CHUNK):
                into += part
        except ssl.SSLWantReadError:
            return True
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            pass
        return False

    def _encrypt(self, part: bytes) -> bool:
        """Send `part`; where it is empty say that nothing more comes, and return False."""
        if part:
            self._tls.write(part)
            return True
        # It says so and then waits for the server's own end, which comes later. All that came is decrypted already.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        return False
