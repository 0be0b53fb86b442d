"""What of the person's a command in the workspace has with it: the ssh agent, who they are to git, and what git's
credential helpers know. An editor brings its own; this is for `shell`, `exec` and `run`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from devenv.app.session import Session, in_a_machine
from devenv.host import agent, credentials
from devenv.host.devcontainers import git_root
from devenv.model.observed import ObservedContainer

_PLACE = ".devenv/agent"
_DESKTOPS = "/run/host-services/ssh-auth.sock"
"""Where Docker Desktop's machine has the agent of the host that it is on, root's alone: docs.docker.com, "SSH agent
forwarding". It works as a mount at the very same path only, which the Compose file says."""


@contextmanager
def companions(here: Session, container: ObservedContainer) -> Iterator[Mapping[str, str]]:
    """Variables for a command in the workspace's `container`; none where the repository is not in it."""
    folder = here.project.folder
    inside = _inside(container, str(folder))
    if inside is None:
        yield {}
        return
    git, found = _git(here, inside), {}
    info = here.engine.info
    with ExitStack() as stack:
        if info.local and not info.rootless and not in_a_machine(info):  # else no socket of this host is one there
            place = f"{_PLACE}/{os.getpid()}"
            if socket := agent.agent_socket():
                stack.enter_context(agent.forwarded(socket, folder / f"{place}.sock", container.id))
                found["SSH_AUTH_SOCK"] = f"{inside}/{place}.sock"
            if more := credentials.settings(f"{inside}/{place}-git.sock"):
                stack.enter_context(credentials.answered(folder / f"{place}-git.sock", container.id))
                git |= more
        elif _DESKTOPS in container.mounts:
            found["SSH_AUTH_SOCK"] = _DESKTOPS
        yield {**found, **_variables(git)}


def without_agent(here: Session, container: ObservedContainer) -> str:
    """Why the person's ssh agent is not in the workspace's `container`, and what brings it there; "" where it is, or
    where they have none."""
    info = here.engine.info
    if not os.environ.get("SSH_AUTH_SOCK") or _DESKTOPS in container.mounts:
        return ""
    if not info.local:
        return "your ssh agent is not in the workspace: the engine is on another machine"
    if in_a_machine(info):
        return (
            "your ssh agent is not in the workspace: the engine is in a machine of its own; Docker Desktop lends it to "
            f"root there, where the service mounts it (`volumes: ['{_DESKTOPS}:{_DESKTOPS}']`)"
        )
    return "your ssh agent is not in the workspace: the engine is a rootless one" if info.rootless else ""


def _inside(container: ObservedContainer, folder: str) -> str | None:
    """Where `folder` lies in the container."""
    for target, source in container.mounts.items():
        if folder == source or folder.startswith(f"{source.rstrip('/')}/"):
            return f"{target.rstrip('/')}{folder[len(source.rstrip('/')) :]}"
    return None


def _git(here: Session, inside: str) -> dict[str, str]:
    """Git's settings: the person's name, and that the repository, whoever owns it there, is theirs."""
    top = git_root(here.project.folder)
    if not (top / ".git").exists():
        return {}
    below = os.path.relpath(top, here.project.folder)
    return {**agent.git_identity(here.project.folder), "safe.directory": os.path.normpath(f"{inside}/{below}")}


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Git's settings as variables (git-config(1), GIT_CONFIG_COUNT; from git 2.31 on)."""
    found = {"GIT_CONFIG_COUNT": str(len(settings))} if settings else {}
    for index, (name, value) in enumerate(settings.items()):
        found |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return found
