"""Files between a container and this machine, as tar."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping

from devenv.backends.docker.client import READ, Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import NotFound
from devenv.model.observed import PathStat
from devenv.model.protocols import Cancel

_DIRECTORY, _LINK = 1 << 31, 1 << 27
"""Bits of Go's FileMode, in which the engine tells it."""


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
