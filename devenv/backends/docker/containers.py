"""Containers: made, started, waited for, stopped, renamed, removed."""

from __future__ import annotations

import io
import posixpath
import time
from collections.abc import Mapping
from typing import Any

from devenv.backends.docker import observe
from devenv.backends.docker.client import WRITE, Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Cancel
from devenv.model.stack import CopiedFile

_MAC_OF_ENDPOINTS = (1, 44)
"""The API version from which on an endpoint's MAC address counts, and a container's is none of its own."""
_GONE = 30.0
"""Seconds that a removal which is already under way may take."""


def inspect(client: Client, container: str) -> ObservedContainer:
    return observe.container(
        client.call("GET", f"/containers/{name(container)}/json", what=f"inspect container {container}")
    )


def create(client: Client, container: str, payload: Mapping[str, Any]) -> str:
    """`payload` is sent as it is; its `Platform`, if any, goes where the engine reads it, and a `MacAddress` to those
    engines that do not take that of the first network's endpoint."""
    left = {"Platform"} | ({"MacAddress"} if _takes_endpoints(client, payload) else set())
    body = {key: value for key, value in payload.items() if key not in left}
    made = client.call(
        "POST",
        "/containers/create",
        params={"name": container, "platform": payload.get("Platform")},
        body=body,
        what=f"create container {container}",
    )
    return str(made["Id"])


def _takes_endpoints(client: Client, payload: Mapping[str, Any]) -> bool:
    version = tuple(int(part) for part in client.api.split(".") if part.isdigit())
    return "NetworkingConfig" in payload and version >= _MAC_OF_ENDPOINTS


def copy_in(client: Client, container: str, files: Mapping[str, CopiedFile]) -> None:
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, (content, mode, *owner) in sorted(files.items()):
            entry = tarfile.TarInfo(posixpath.normpath(path).lstrip("/"))
            entry.size, entry.mode = len(content), mode
            entry.uid, entry.gid = owner or (0, 0)
            tar.addfile(entry, io.BytesIO(content))
    client.call(
        "PUT",
        f"/containers/{name(container)}/archive",
        params={"path": "/"},
        data=packed.getvalue(),
        headers={"Content-Type": "application/x-tar"},
        what=f"copy files into {container}",
    )


def start(client: Client, container: str) -> None:
    client.call("POST", f"/containers/{name(container)}/start", what=f"start container {container}", accept=(304,))


def wait(client: Client, container: str, *, cancel: Cancel) -> int:
    what = f"wait for container {container}"
    with Exchange(client, what=what, cancel=cancel) as exchange:
        exchange.send("POST", client.path(f"/containers/{name(container)}/wait", {"condition": "not-running"}))
        for answer in exchange.messages():
            error = (answer.get("Error") or {}).get("Message")
            if error:
                raise DevenvError(f"cannot {what}: {error}", hint="call devenv again", code=ExitCode.FAILED)
            return int(answer["StatusCode"])
        raise exchange.failure(ConnectionResetError("connection closed by the engine"))


def stop(client: Client, container: str, timeout: int | None) -> None:
    # Without a timeout the container's own counts, which is not known here.
    patience = (timeout if timeout is not None and timeout >= 0 else 600) + WRITE
    client.call(
        "POST",
        f"/containers/{name(container)}/stop",
        params={"t": timeout},
        timeout=patience,
        what=f"stop container {container}",
        accept=(304,),
    )


def rename(client: Client, container: str, new: str) -> None:
    client.call(
        "POST",
        f"/containers/{name(container)}/rename",
        params={"name": new},
        what=f"rename container {container} to {new}",
    )


def remove(client: Client, container: str, *, volumes: bool) -> None:
    what = f"remove container {container}"
    until = time.monotonic() + _GONE
    while True:
        try:
            client.call(
                "DELETE",
                f"/containers/{name(container)}",
                params={"force": True, "v": volumes},
                what=what,
                accept=(404,),
            )
            return
        except DevenvError as error:
            # Someone else, or a call of ours that was cut off, is removing it: then it is gone soon.
            if "already in progress" not in error.message or time.monotonic() > until:
                raise
        time.sleep(0.1)
