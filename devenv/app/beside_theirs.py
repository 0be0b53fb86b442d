"""`devenv render --devcontainer`: a devcontainer.json beside a team's own Compose files, for the workspace that their
`x-devenv` names. One that a person wrote is never touched."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.app.context import Context
from devenv.app.data import templates
from devenv.app.project import Project, shown
from devenv.app.session import default_name, find_values
from devenv.app.stack import load_stack
from devenv.app.values import given
from devenv.core.render.devcontainer import written
from devenv.core.render.frame import difference, stamped
from devenv.core.rendered import DEVCONTAINER_FILE
from devenv.host.devcontainers import devcontainer_files
from devenv.host.files import read_text, write_atomic
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Service, Stack


def render_devcontainer(ctx: Context, project: Project, *, check: bool, force: bool) -> int:
    """Write it; `check` and `force` as for `render`. Raises DevenvError (INPUT) where the files name no workspace, or a
    person's own is there."""
    path = project.folder / DEVCONTAINER_FILE
    _refuse_theirs(project, path)
    known = given(project)
    name = ctx.project or default_name(project, known)
    alone = replace(project, devcontainer=None)  # what an earlier one says is no source of the next
    stack = load_stack(alone, find_values(project, known, name, (), local=False), name, lenient=True)
    text, folder = _text(project, stack)
    found = difference(DEVCONTAINER_FILE, text, read_text(path) if path.is_file() else None)
    if found.state == "same":
        return ExitCode.DONE
    if check:
        ctx.ui.print(found.diff.rstrip("\n"))
        return ExitCode.FAILED
    if found.state in ("edited", "newer") and not force:
        ctx.ui.print(found.diff.rstrip("\n"))
        raise DevenvError(
            f"{shown(path)} was {'edited by hand' if found.state == 'edited' else 'made by a newer devenv'}: it stays.",
            hint="Write it all the same with --force, or bring your changes into `x-devenv`.",
        )
    write_atomic(path, text.encode())
    ctx.ui.say(f"rendered {DEVCONTAINER_FILE}")
    if not folder:
        ctx.ui.notice(
            f"editors open / of `{stack.workspace['service']}`: it mounts no folder and has no `working_dir`; "
            "say where the sources are: `x-devenv: {workspace: {folder: /app}}`"
        )
    return ExitCode.DONE


def _refuse_theirs(project: Project, path: Path) -> None:
    for file in devcontainer_files(project.folder):
        if file != path or not stamped(read_text(file)):
            raise DevenvError(
                f"{shown(file)} is yours: nothing is written over it or beside it.",
                hint="devenv uses it as it is: its container is the workspace.",
            )


def _text(project: Project, stack: Stack) -> tuple[str, str]:
    """The file, and the folder that it opens, "" where none is known."""
    workspace: Mapping[str, Any] = stack.workspace
    service = stack.services.get(str(workspace.get("service")))
    if service is None:
        first = next(iter(stack.services), "SERVICE")
        raise DevenvError(
            "The Compose file does not say which service an editor opens.",
            hint=f"Say it at its top: `x-devenv: {{workspace: {{service: {first}}}}}`.",
        )
    beside = project.folder / ".devcontainer"
    folder = str(workspace.get("folder") or _folder(service, project.folder))
    text = written(
        {key: item for key, item in workspace.items() if key not in ("service", "folder")},
        name=stack.project,
        service=service.name,
        folder=folder or "/",
        files=[os.path.relpath(file, beside) for file in project.files],
        published=_published(stack, service.name),
        requires=stack.about.get("requires") or {},
        template=templates()["devcontainer.json.j2"],
        initialize=("./dev" if os.access(project.folder / "dev", os.X_OK) else "devenv") + " up --for-ide",
    )
    return text, folder


def _folder(service: Service, repository: Path) -> str:
    """Where the repository is in the container, as far as the Compose file tells it, "" where it does not: where it is
    mounted, else where the service works, else where a folder around it or, next, a part of it is mounted, else the
    first folder that is."""
    mounts = [
        (Path(str(mount.get("source") or "")), str(mount["target"]))
        for mount in service.config.get("volumes") or ()
        if mount.get("type") == "bind"
    ]
    places = dict(reversed(mounts))
    if repository in places:
        return places[repository]
    if service.config.get("working_dir"):
        return str(service.config["working_dir"])
    for above in repository.parents:
        if above in places:
            return posixpath.join(places[above], repository.relative_to(above).as_posix())
    # A single file, or the engine's socket, is nothing to work in; what is not there becomes a folder.
    folders = [(source, target) for source, target in mounts if source.is_dir() or not source.exists()]
    parts = [each for each in folders if each[0].is_relative_to(repository)]
    nearest = min(parts, key=lambda each: len(each[0].parts), default=None) or next(iter(folders), None)
    return nearest[1] if nearest else ""


def _published(stack: Stack, own: str) -> dict[int | str, str]:
    """The ports that are published, as seen from the workspace, and what they are called."""
    return {
        (int(port["target"]) if name == own else f"{name}:{port['target']}"): str(port.get("name") or name)
        for name, service in stack.services.items()
        for port in service.config.get("ports") or ()
        if port.get("protocol", "tcp") == "tcp" and port.get("published")
    }
