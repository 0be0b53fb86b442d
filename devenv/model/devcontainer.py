"""A devcontainer as its devcontainer.json says it: what an editor's container is beyond its Compose service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.model.errors import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature that is installed. `id` is how devcontainer.json (or another feature's `dependsOn`) names it, `about`
    its devcontainer-feature.json, `options` the environment of its install.sh, `folder` where its files lie (absolute)
    and `digest` hex over them."""

    id: str
    about: Mapping[str, Any]
    options: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devcontainer:
    """`file` is the absolute path of the devcontainer.json, `folder` that of the repository, `service` the Compose
    service that is the workspace.

    `written` are its properties as they stand there, `config` the same with the variables of the host filled in.
    `workspace_folder` is the repository in the container. `override_command`: the container is kept running by a
    command of devenv's in place of its own. `ids` are the user and group that the remote user gets (None: it keeps its
    own). `features` are known once they were fetched, in the order of their installation; `context` is the folder
    that they were put into for the build.
    """

    file: str
    folder: str
    service: str
    written: Mapping[str, Any]
    config: Mapping[str, Any]
    workspace_folder: str = ""
    override_command: bool = False
    ids: tuple[int, int] | None = None
    features: tuple[Feature, ...] = ()
    context: str = ""
    where: Span | None = field(default=None, compare=False)

    @property
    def user(self) -> str:
        """The user that the person works as, where devcontainer.json says it."""
        return str(self.config.get("remoteUser") or "")

    @property
    def derives(self) -> bool:
        """Whether its image is another than its service's."""
        return bool(self.features) or self.ids is not None
