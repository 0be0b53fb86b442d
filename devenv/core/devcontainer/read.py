"""devcontainer.json as a Devcontainer, and what that means for the Compose file beside it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devenv.core.devcontainer import variables
from devenv.core.devcontainer.jsonc import read_jsonc
from devenv.core.devcontainer.properties import COMPOSE, faults, kind, notices
from devenv.model.devcontainer import Devcontainer
from devenv.model.errors import raise_all
from devenv.model.manifest import Document
from devenv.model.stack import Stack

SERVICE = "workspace"
"""The service that a devcontainer of an image or a Dockerfile becomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """`devcontainer`, the document it stands in, its `kind`, and lines for the person."""

    devcontainer: Devcontainer
    document: Document
    kind: str
    notices: tuple[str, ...] = ()

    @property
    def compose_files(self) -> tuple[str, ...]:
        """The Compose files that it names, absolute."""
        said = self.devcontainer.config.get("dockerComposeFile") or ()
        beside = posixpath.dirname(self.devcontainer.file)
        names = [said] if isinstance(said, str) else said
        return tuple(posixpath.normpath(posixpath.join(beside, name)) for name in names)


def read(
    text: str, *, file: str, shown: str, folder: str, env: Mapping[str, str], mount_folder: str, ids: tuple[int, int]
) -> Read:
    """Read the `text` of the devcontainer.json at `file` (absolute; in messages `shown`) of the repository `folder`.

    `env` is the host's environment, `ids` the person's user and group on it. `mount_folder` is what is mounted into a
    container of an image: the repository, or the one of git's that it lies in. Raises DevenvErrors (INPUT)."""
    document = read_jsonc(text, shown)
    raise_all(faults(document))
    written: Mapping[str, Any] = document.value
    found = kind(written)
    first = variables.substituted(written, variables.on_host(env=env, folder=folder, file=file))
    inside = str(first.get("workspaceFolder") or _inside(found, folder, mount_folder))
    config = variables.substituted(
        written, variables.on_host(env=env, folder=folder, file=file, container_folder=inside)
    )
    default = found != COMPOSE
    return Read(
        devcontainer=Devcontainer(
            file=file,
            folder=folder,
            service=str(config.get("service")) if found == COMPOSE else SERVICE,
            written=written,
            config=config,
            workspace_folder=inside,
            override_command=bool(config.get("overrideCommand", default)),
            ids=ids if config.get("updateRemoteUserUID", True) else None,
            where=document.where(()),
        ),
        document=document,
        kind=found,
        notices=tuple(notices(document)),
    )


def _inside(found: str, folder: str, mount_folder: str) -> str:
    """Where the repository lies in the container where nobody says it."""
    if found == COMPOSE:
        return "/"
    below = posixpath.relpath(folder, mount_folder)
    return posixpath.normpath(f"/workspaces/{posixpath.basename(mount_folder)}/{below}")


def _has_ids(args: Mapping[str, str], uid: int) -> bool:
    """Whether an image is built for the person's user: its Dockerfile takes the number."""
    return any("UID" in name.upper() and value == str(uid) for name, value in args.items())


def with_workspace(stack: Stack, devcontainer: Devcontainer) -> Stack:
    """`stack` with the devcontainer in its service; what `x-devenv` says of the workspace goes over it."""
    service = stack.services.get(devcontainer.service)
    if service is None:
        return stack
    if service.build is not None and devcontainer.ids is not None and _has_ids(service.build.args, devcontainer.ids[0]):
        devcontainer = replace(devcontainer, ids=None)
    said: dict[str, Any] = {"service": service.name}
    if devcontainer.workspace_folder != "/":
        said["folder"] = devcontainer.workspace_folder
    if devcontainer.user:
        said["user"] = devcontainer.user
    if devcontainer.config.get("remoteEnv"):
        said["remoteEnv"] = devcontainer.config["remoteEnv"]
    return replace(
        stack,
        services={**stack.services, service.name: replace(service, devcontainer=devcontainer)},
        workspace={**said, **stack.workspace},
    )
