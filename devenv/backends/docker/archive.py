"""Files of containers, seen and moved from outside: also where one does not run, or its image has no shell."""

from __future__ import annotations

import base64
import json
import posixpath
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping

from devenv.backends.docker.client import READ, Client, name
from devenv.backends.docker.stream import Exchange
from devenv.core.pieces import Pieces
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.observed import PathStat
from devenv.model.protocols import Cancel, InnerFile

_DIRECTORY, _LINK = 1 << 31, 1 << 27
"""Bits of Go's FileMode, in which the engine tells it."""
HEAD = 64 * 1024
_LINKS = 16
_ABSENT = re.compile(r"could not find the file|no such file|not a directory", re.I)


def path_stat(client: Client, container: str, path: str) -> PathStat | None:
    """See `protocols.Engine.path_stat`."""
    with Exchange(client, what=f"look at {path} in {container}") as exchange:
        try:
            exchange.send("HEAD", _path(client, container, {"path": path}), read_timeout=READ)
        except NotFound:
            return None
        found = json.loads(base64.b64decode(exchange.header("X-Docker-Container-Path-Stat")))
    mode = int(found["mode"])
    return PathStat(
        name=str(found["name"]),
        directory=bool(mode & _DIRECTORY),
        size=int(found.get("size") or 0),
        link=str(found.get("linkTarget") or "") if mode & _LINK else "",
    )


def read_file(client: Client, container: str, path: str) -> InnerFile | None:
    """See `protocols.Engine.read_file`. Only as much is taken from the engine as is asked for."""
    what = f"look at {path} in container {container}"
    for _ in range(_LINKS):
        try:
            with Exchange(client, what=what) as exchange:
                exchange.send("GET", _path(client, container, {"path": path}), read_timeout=READ)
                pieces = Pieces(iter(exchange.read, b""))
                with tarfile.open(fileobj=pieces, mode="r|") as tar:  # type: ignore[call-overload]
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


def get_archive(client: Client, container: str, path: str, *, cancel: Cancel) -> Iterator[bytes]:
    """See `protocols.Engine.get_archive`."""
    with Exchange(client, what=f"copy {path} from {container}", cancel=cancel) as exchange:
        exchange.send("GET", _path(client, container, {"path": path}))
        while part := exchange.read():
            yield part


def put_archive(
    client: Client, container: str, folder: str, tar: Iterable[bytes], *, own: bool, cancel: Cancel
) -> None:
    """See `protocols.Engine.put_archive`."""
    params = {"path": folder, "noOverwriteDirNonDir": True, "copyUIDGID": True if own else None}
    with Exchange(client, what=f"copy into {folder} of {container}", cancel=cancel) as exchange:
        exchange.send("PUT", _path(client, container, params), stream=tar)


def _path(client: Client, container: str, params: Mapping[str, object]) -> str:
    return client.path(f"/containers/{name(container)}/archive", params)
