"""The repository's devcontainer.json met with its project: which Compose files there are, and which service is the
workspace."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.app.project import Project, compose_file, shown, workspace_of
from devenv.core.devcontainer.document import document
from devenv.core.devcontainer.properties import COMPOSE, PROPERTIES
from devenv.core.devcontainer.read import SERVICE, Read, read
from devenv.core.rendered import COMPOSE_FILE, DEVCONTAINER_FILE
from devenv.host.devcontainers import devcontainer_files, git_root
from devenv.host.files import read_text
from devenv.model.devcontainer import Devcontainer
from devenv.model.errors import DevenvError, Span

_OURS = "devenv"
"""The editor under whose name the renderer leaves its mark in `customizations`."""


def furnished(project: Project, named: Path | None = None, *, lenient: bool = False, chosen: bool = False) -> Project:
    """`project` with what devcontainer.json says. `named` is the file that -f names. `lenient`: what is wrong with it
    keeps nobody from the rest of the project; `chosen`: the person named the Compose files. Raises DevenvErrors
    (INPUT)."""
    found = (named,) if named is not None else devcontainer_files(project.folder)
    if named is None and project.rendered is not None and DEVCONTAINER_FILE in project.rendered.writes:
        found = (project.folder / DEVCONTAINER_FILE,)
    if not found:
        return project
    if len(found) > 1:
        return _several(project, found)
    try:
        return _furnished(project, found[0], chosen=chosen)
    except DevenvError:
        if not lenient or not project.documents:
            raise
        return project


def of_extension(project: Project, *, lenient: bool = False) -> Project:
    """`project` with the devcontainer that `x-devenv` of its Compose files says, where no devcontainer.json is beside
    them. Raises DevenvErrors (INPUT)."""
    said: dict[str, Any] = {}
    for each in project.documents:
        said |= workspace_of(each.value)
    names = {"user": "remoteUser", "folder": "workspaceFolder"}
    value = {names.get(key, key): item for key, item in said.items() if names.get(key, key) in PROPERTIES}
    value = {"dockerComposeFile": str(project.files[0]), "service": SERVICE, **value}
    try:
        found = _read(project, project.folder / DEVCONTAINER_FILE, json.dumps(value), shown(project.files[0]))
    except DevenvError:
        if not lenient:
            raise
        return project
    return replace(project, devcontainer=_mapped(found.devcontainer, ours=False))


def _several(project: Project, found: tuple[Path, ...]) -> Project:
    names = ", ".join(shown(path) for path in found)
    if project.documents:
        return replace(project, notices=(*project.notices, f"there are several devcontainers ({names}): none is used"))
    raise DevenvError(
        f"There are several devcontainers: {names}.", hint=f"Name the one that you mean: -f {shown(found[0])}"
    )


def _furnished(project: Project, file: Path, *, chosen: bool) -> Project:
    said = _read(project, file, _text(project, file), shown(file))
    ours = _OURS in (said.devcontainer.config.get("customizations") or {})
    devcontainer = _mapped(said.devcontainer, ours=ours)
    project = replace(project, notices=(*project.notices, *said.notices))
    if said.kind == COMPOSE:
        if chosen:
            names = {name for each in project.documents for name in _services(each.value)}
            return replace(project, devcontainer=devcontainer) if devcontainer.service in names else project
        return _composed(project, said, devcontainer)
    if _has_workspace(project):
        return replace(project, notices=(*project.notices, f"{shown(file)} is not used: the manifest has a workspace"))
    return _alone(project, said, devcontainer)


def _read(project: Project, file: Path, text: str, name: str) -> Read:
    return read(
        text,
        file=str(file),
        shown=name,
        folder=str(project.folder),
        env=os.environ,
        mount_folder=str(git_root(project.folder)),
        ids=(os.getuid(), os.getgid()),
    )


def _mapped(devcontainer: Devcontainer, *, ours: bool) -> Devcontainer:
    """With the numbers that its user gets. `ours`: the file says that editors shall not map it, since devenv does."""
    if sys.platform != "linux":  # elsewhere the engine's own file sharing does it
        return replace(devcontainer, ids=None)
    if ours and devcontainer.user:
        return replace(devcontainer, ids=(os.getuid(), os.getgid()))
    return devcontainer


def _text(project: Project, file: Path) -> str:
    """The file as it stands, or as it is about to be written."""
    rendered = project.rendered
    if rendered is not None and file == project.folder / DEVCONTAINER_FILE and DEVCONTAINER_FILE in rendered.writes:
        return rendered.files[DEVCONTAINER_FILE]
    return read_text(file)


def _has_workspace(project: Project) -> bool:
    return any(workspace_of(each.value) for each in project.documents)


def _composed(project: Project, said: Read, devcontainer: Devcontainer) -> Project:
    """The files that it names are the project, unless Compose by itself would take these and more: then who types
    `docker compose` has them all, and an editor finds the service among them."""
    files = tuple(Path(path) for path in said.compose_files)
    if project.own:
        if files == (project.folder / COMPOSE_FILE,):
            return replace(project, devcontainer=devcontainer)
        names = ", ".join(shown(path) for path in files)
        where = said.document.where(("dockerComposeFile",))
        line = f"{where}: not used, since {names} is another stack than the manifest's: name compose.yaml there"
        return replace(project, notices=(*project.notices, line))
    if not files:
        return replace(project, devcontainer=devcontainer)
    if not set(files) <= set(project.files):
        for path in files:
            if not path.is_file():
                raise DevenvError(
                    f"The Compose file {shown(path)} is not there.",
                    hint="Check `dockerComposeFile`: its paths count from the folder of devcontainer.json.",
                    where=said.document.where(("dockerComposeFile",)),
                )
        documents = tuple(layer for path in files for layer in compose_file(path))
        project = replace(
            project,
            working_dir=files[0].parent,
            files=files,
            documents=documents,
            env_folders=(files[0].parent,),
            name=_name(project, files),
        )
        if any(isinstance(each.value, dict) and each.value.get("name") for each in documents):
            project = replace(project, name="")
    services = {name for each in project.documents for name in _services(each.value)}
    if services and devcontainer.service not in services and not _includes(project):
        raise DevenvError(
            f"`{devcontainer.service}` is no service of {', '.join(shown(path) for path in project.files)}.",
            hint=f"Name one of them: {', '.join(sorted(services))}.",
            where=said.document.where(("service",)),
        )
    return replace(project, devcontainer=devcontainer)


def _services(value: object) -> tuple[str, ...]:
    services = value.get("services") if isinstance(value, dict) else None
    return tuple(services) if isinstance(services, dict) else ()


def _includes(project: Project) -> bool:
    return any(isinstance(each.value, dict) and each.value.get("include") for each in project.documents)


def _name(project: Project, files: tuple[Path, ...]) -> str:
    """The project's name as editors choose it: the folder of the first file, where that is not `.devcontainer`."""
    beside = files[0].parent
    name = f"{project.folder.name}_devcontainer" if beside == project.folder / ".devcontainer" else beside.name
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-") or "default"


def _alone(project: Project, said: Read, devcontainer: Devcontainer) -> Project:
    """The one container that an image or a Dockerfile says: a service of the project that is there, or all of it."""
    names = {name for each in project.documents for name in _services(each.value)}
    if devcontainer.service in names:
        devcontainer = replace(devcontainer, service="devcontainer" if SERVICE in names else SERVICE)
    if devcontainer.service in names:
        raise DevenvError(
            f"The services `{SERVICE}` and `devcontainer` are taken, so the devcontainer has no name.",
            hint="Call one of them otherwise.",
            where=Span(file=said.document.file),
        )
    mine = document(devcontainer, said.document, str(git_root(project.folder)))
    return replace(
        project,
        files=project.files or (Path(devcontainer.file),),
        documents=(*project.documents, mine),
        devcontainer=devcontainer,
    )
