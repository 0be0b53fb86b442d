"""Files inside containers, looked at from outside: also where the container does not run and its image has no shell."""

from __future__ import annotations

import posixpath
import re
import tarfile

from devenv.backends.docker.client import READ, Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import InnerFile

HEAD = 64 * 1024
_LINKS = 16
_ABSENT = re.compile(r"could not find the file|no such file|not a directory", re.I)


def read_file(client: Client, container: str, path: str) -> InnerFile | None:
    """See `protocols.Engine.read_file`. Only as much is taken from the engine as is asked for."""
    what = f"look at {path} in container {container}"
    for _ in range(_LINKS):
        try:
            with Exchange(client, what=what) as exchange:
                exchange.send(
                    "GET", client.path(f"/containers/{name(container)}/archive", {"path": path}), read_timeout=READ
                )
                with tarfile.open(fileobj=_Stream(exchange), mode="r|") as tar:  # type: ignore[call-overload]
                    entry = tar.next()
                    if entry is None:
                        return None
                    if not entry.issym():
                        content = tar.extractfile(entry) if entry.isreg() else None
                        head = content.read(HEAD) if content else b""
                        return InnerFile(head=head, mode=entry.mode & 0o7777, folder=entry.isdir())
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.linkname))
        except tarfile.TarError as error:
            raise DevenvError(f"cannot {what}: {error}", hint="call devenv again", code=ExitCode.FAILED) from None
        except DevenvError as error:
            if _ABSENT.search(error.message):
                return None
            raise
    return None


class _Stream:
    """An answer as tarfile reads it: as many bytes as asked for, fewer only at the end."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._held = b""

    def read(self, size: int) -> bytes:
        while len(self._held) < size and (part := self._exchange.read()):
            self._held += part
        given, self._held = self._held[:size], self._held[size:]
        return given
