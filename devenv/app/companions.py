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
                stack.enter_context(agent.forwarded(socket, folder / f"{place}.sock"))
                found["SSH_AUTH_SOCK"] = f"{inside}/{place}.sock"
            if more := credentials.settings(f"{inside}/{place}-git.sock"):
                stack.enter_context(credentials.answered(folder / f"{place}-git.sock"))
                git |= more
        yield {**found, **_variables(git)}


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
