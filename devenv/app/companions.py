"""What of the person's a command in the workspace has with it: the ssh agent, and who they are to git. An editor brings
its own; this is for `shell`, `exec` and `run`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from devenv.app.session import Session, in_a_machine
from devenv.host import agent
from devenv.host.devcontainers import git_root
from devenv.model.observed import ObservedContainer

_PLACE = ".devenv/agent"


@contextmanager
def companions(here: Session, container: ObservedContainer) -> Iterator[Mapping[str, str]]:
    """Variables for a command in the workspace's `container`; none where the repository is not in it."""
    folder = here.project.folder
    inside = _inside(container, str(folder))
    if inside is None:
        yield {}
        return
    found = _git(here, inside)
    socket = agent.agent_socket()
    info = here.engine.info
    if not socket or not info.local or info.rootless or in_a_machine(info):
        yield found
        return
    name = f"{os.getpid()}.sock"
    with agent.forwarded(socket, folder / _PLACE / name):
        yield {**found, "SSH_AUTH_SOCK": f"{inside}/{_PLACE}/{name}"}


def _inside(container: ObservedContainer, folder: str) -> str | None:
    """Where `folder` lies in the container."""
    for target, source in container.mounts.items():
        if folder == source or folder.startswith(f"{source.rstrip('/')}/"):
            return f"{target.rstrip('/')}{folder[len(source.rstrip('/')) :]}"
    return None


def _git(here: Session, inside: str) -> dict[str, str]:
    """Git's settings as variables: the person's name, and that the repository, whoever owns it there, is theirs."""
    top = git_root(here.project.folder)
    if not (top / ".git").exists():
        return {}
    below = os.path.relpath(top, here.project.folder)
    settings = {**agent.git_identity(here.project.folder), "safe.directory": os.path.normpath(f"{inside}/{below}")}
    found = {"GIT_CONFIG_COUNT": str(len(settings))}
    for index, (name, value) in enumerate(settings.items()):
        found |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return found
