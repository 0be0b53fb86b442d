"""`devenv exec`, `devenv shell`: a command in a service's container, joined to this terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from devenv.app.context import Context
from devenv.app.observing import container_of, none_of
from devenv.app.session import Session, session
from devenv.core.rendered import HOST_FOLDER
from devenv.core.selection import check as check_services
from devenv.core.selection import held_on_host, service_of
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.observed import ObservedContainer

_NOT_RUN = (126, 127)
"""Exit codes by which an engine says that it could not run the command."""
_SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash -l; exec sh")


def exec_(
    ctx: Context,
    service: str,
    command: Sequence[str],
    *,
    user: str = "",
    tty: bool | None = None,
    workdir: str = "",
    env: Mapping[str, str] | None = None,
    index: int = 0,
) -> int:
    """Run `command` in the container of `service`; returns the command's own exit code. `tty` None: where standard
    input and output are a terminal. `workdir`: by default the workspace's folder there, else the image's. `index`: in
    the container with this number, where the service has several. Raises DevenvError (FAILED) where it does not run.
    """
    with session(ctx, named=[service]) as here:
        check_services(here.stack, [service])
        container = running_container(here, service, index)
        terminal = on_terminal() if tty is None else tty
        folder = "" if workdir else workspace_of(here, service, container)[1]
        with inside(here, service, container) as found:
            code = here.engine.exec_attached(
                container.id, command, user=user, env={**found, **(env or {})}, workdir=workdir or folder, tty=terminal
            )
        return begun(here, container, folder, code)


def shell(ctx: Context, service: str | None) -> int:
    """A shell in `service`, by default the workspace, as its user: bash where it is there, else sh."""
    with session(ctx, named=[service] if service else ()) as here:
        workspace = here.stack.workspace
        name = service or workspace.get("service")
        if not name:
            raise DevenvError(
                "This stack has no workspace to open a shell in.",
                hint=f"Name a service: devenv shell {next(iter(here.stack.services), 'SERVICE')}",
            )
        check_services(here.stack, [name])
        container = running_container(here, str(name))
        user, folder = workspace_of(here, str(name), container)
        if name == workspace.get("service"):
            from devenv.app.companions import without_agent

            if missing := without_agent(here, container):
                ctx.ui.notice(missing)
        with inside(here, str(name), container) as env:
            code = here.engine.exec_attached(
                container.id, _SHELL, user=user, env=env, workdir=folder, tty=on_terminal()
            )
        return begun(here, container, folder, code)


def begun(here: Session, container: ObservedContainer, folder: str, code: int) -> int:
    """`code`, with which a command in the workspace's `folder` ended. Raises DevenvError (FAILED) where it could not
    even begin, as that folder is not in the container."""
    if code in _NOT_RUN and folder and here.engine.path_stat(container.id, folder) is None:
        service = service_of(container)
        raise DevenvError(
            f"The workspace's folder {folder} is not in `{service}`.",
            hint=f"Mount the repository there (`volumes: [.:{folder}]` in `{service}`), or give the workspace another "
            "`folder`.",
            code=ExitCode.FAILED,
        )
    return code


def workspace_of(here: Session, service: str, container: ObservedContainer) -> tuple[str, str]:
    """(user, folder) that commands in `service` run as and in, where it is the workspace; else ("", ""). Where nobody
    says the user, the image may have done it, in the label that editors read."""
    workspace = here.stack.workspace
    if workspace.get("service") != service:
        return "", ""
    user = str(workspace.get("user") or "")
    if not user and container.labels.get(labels.DEVCONTAINER_METADATA):
        from devenv.core.devcontainer.metadata import remote_user

        user = remote_user(container.labels)
    return user, str(workspace.get("folder") or "")


@contextmanager
def inside(here: Session, service: str, container: ObservedContainer) -> Iterator[Mapping[str, str]]:
    """What commands in `service` find in their environment as an editor's do, where it is the workspace, as long as
    the `with` block lasts: devenv's and the manifest's variables, the person's ssh agent and name."""
    if here.stack.workspace.get("service") != service:
        yield {}
        return
    from devenv.app.companions import companions

    with companions(here, container) as found:
        yield {**found, **_variables(here, container)}


def _variables(here: Session, container: ObservedContainer) -> Mapping[str, str]:
    workspace = here.stack.workspace
    found = {HOST_FOLDER: str(here.project.folder)}
    given = workspace.get("remoteEnv") or {}
    if any("${containerEnv" in str(value) for value in given.values()):
        from devenv.core.devcontainer.variables import in_container, substituted

        said = here.engine.inspect(container.id).config.get("Env") or ()
        given = substituted(given, in_container(dict(str(item).partition("=")[::2] for item in said)))
    return {**{name: str(value) for name, value in given.items() if value is not None}, **found}


def running_container(here: Session, service: str, index: int = 0) -> ObservedContainer:
    """The container of `service`, that with the number `index` where it is not 0. Raises DevenvError: FAILED where none
    runs, INPUT where it is on the host."""
    held_on_host(here.stack, service)
    observed = here.engine.observe(here.name)
    found = container_of(observed, service, index)
    if found is None:
        _editors_own(here, service)
        raise none_of(observed, service, index)
    if not found.running:
        raise DevenvError(
            f"`{service}` does not run ({found.state}).",
            hint=f"Bring it up first: devenv up {service}",
            code=ExitCode.FAILED,
        )
    return found


def _editors_own(here: Session, service: str) -> None:
    """Raise what `up` would refuse with where an editor made the container of the workspace outside of the project."""
    said = here.project.devcontainer
    if said is None or said.service != service:
        return
    from devenv.app.features import unclaimed

    unclaimed(here, said)


def on_terminal() -> bool:
    """Whether somebody types: both ends are a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
