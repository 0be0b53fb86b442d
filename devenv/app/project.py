"""The project that a command is about, as its files say: the manifest rendered, or a team's own Compose files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypedDict

from devenv.app import basefiles, memo
from devenv.app.context import Context
from devenv.app.places import data_folder
from devenv.core.rendered import COMPOSE_FILE, DEVCONTAINER_FILE, FILES, STATE_IGNORE_FILE, Variable
from devenv.core.source import read_layers, read_yaml
from devenv.host.devcontainers import devcontainer_files
from devenv.host.files import read_text, write_atomic
from devenv.host.project import STDIN, ProjectFiles, find_project, here
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Document

if TYPE_CHECKING:
    from devenv.core.render import Rendered
    from devenv.model.devcontainer import Devcontainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`folder` is the repository's, `working_dir` what Compose takes paths from, `files` the Compose files that the
    stack is read from and `documents` what they say.

    `env_files` are those that `--env-file` names in place of `.env`, `env_folders` where a `.env` of the person's is
    looked for; `profiles` are those of `--profile`.

    Where the manifest was read in this call, `name` is what it says, `variables` are those of the rendered file and
    `notices` what the person should know; `rendered` is there too where it had to be compiled.
    """

    folder: Path
    working_dir: Path
    files: tuple[Path, ...]
    documents: tuple[Document, ...]
    manifest: Path | None = None
    env_files: tuple[Path, ...] = ()
    env_folders: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    name: str = ""
    variables: tuple[Variable, ...] | None = None
    notices: tuple[str, ...] = ()
    rendered: Rendered | None = None
    force: bool = False
    """Whether what a person edited is overwritten."""
    theirs: bool = False
    """Whether the Compose files are a team's own, wherever they lie."""
    devcontainer: Devcontainer | None = None
    """What the repository's devcontainer.json adds to the workspace's service."""

    @property
    def own(self) -> bool:
        """Whether devenv made the Compose file, and so chooses ports, images and the project's name."""
        return not self.theirs and self.files[0] == self.folder / COMPOSE_FILE

    @property
    def env_file(self) -> Path:
        """What Compose reads variables from beside the shell."""
        return self.working_dir / ".env"

    @property
    def runs(self) -> Path:
        return self.folder / ".devenv" / "runs"


def locate(ctx: Context) -> ProjectFiles:
    """The files that -C, -f, --env-file and the working directory mean. Raises DevenvError (INPUT) where there are
    none."""
    found = find_project(Path.cwd(), ctx.directory, ctx.files, env_files=ctx.env_files)
    if found.manifest is None and (place := here()) != Path.cwd():  # Compose's labels and paths name the link
        return find_project(place, ctx.directory, ctx.files, env_files=ctx.env_files)
    return found


def read_project(ctx: Context, *, force: bool = False, anew: bool = False) -> Project:
    """The project as its manifest says it now, rendered in memory; nothing is written. What was compiled before, as
    all that counts still stands, is taken from there; `anew`: compiled all the same. `force`: as for `render`.
    Raises DevenvErrors (INPUT)."""
    found = locate(ctx)
    if found.manifest is None:
        from devenv.app.plain import held

        return held(_plain(found, ctx))
    project = _compiled(found, found.manifest, _asked(found, ctx), force=force, anew=anew)
    return _with_devcontainer(project, found)


def _compiled(found: ProjectFiles, manifest_file: Path, asked: _Asked, *, force: bool, anew: bool) -> Project:
    folder, file = found.folder, found.folder / COMPOSE_FILE
    existing = _existing(folder)
    if not anew and not force and COMPOSE_FILE in existing:
        known = memo.recall(folder, memo.fingerprint(manifest_file, folder, existing, data_folder()))
        if known is not None and (not known.copies or basefiles.signature(folder, known.copies) == known.copied):
            return Project(
                folder=folder,
                working_dir=file.parent,
                files=(file,),
                documents=(read_yaml(existing[COMPOSE_FILE], shown(file)),),
                manifest=manifest_file,
                **asked,
                name=known.name,
                variables=known.variables,
                notices=known.notices,
            )
    from devenv.app.compiling import compile_manifest

    manifest, rendered = compile_manifest(manifest_file, shown(manifest_file), folder, existing, force=force)
    kept = {difference.path for difference in rendered.kept}
    text = existing[COMPOSE_FILE] if COMPOSE_FILE in kept else rendered.files[COMPOSE_FILE]
    return Project(
        folder=folder,
        working_dir=file.parent,
        files=(file,),
        documents=(read_yaml(text, shown(file)),),
        manifest=manifest_file,
        **asked,
        name=manifest.name,
        variables=rendered.variables,
        notices=rendered.notices,
        rendered=rendered,
        force=force,
    )


def committed_project(ctx: Context) -> Project:
    """The project as its containers were made: from the rendered file that lies in the repository, whatever the
    manifest says by now; without one as `read_project`."""
    found = locate(ctx)
    if found.manifest is None:
        return _plain(found, ctx, lenient=True)
    file = found.folder / COMPOSE_FILE
    if not file.is_file():
        return read_project(ctx)
    document = read_yaml(read_text(file), shown(file))
    project = Project(
        folder=found.folder, working_dir=file.parent, files=(file,), documents=(document,), **_asked(found, ctx)
    )
    return _with_devcontainer(project, found, lenient=True)


def write_rendered(project: Project, leave: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Write what `render` says must be written, but the paths in `leave`; returns those that changed, relative to the
    repository."""
    if project.manifest is None:
        _ignore_state(project.folder)
        return ()
    if project.rendered is None:
        return ()
    changed = [
        path
        for path in project.rendered.writes
        if path not in leave and write_atomic(project.folder / path, project.rendered.files[path].encode())
    ]
    copies = project.rendered.copies
    if copies:
        basefiles.copy(project.folder, copies, force=project.force)
    existing = _existing(project.folder)
    if existing == dict(project.rendered.files) and not (copies and basefiles.stale(project.folder, copies)):
        mark = memo.fingerprint(project.manifest, project.folder, existing, data_folder())
        kept = memo.Memo(
            name=project.name,
            variables=project.variables or (),
            notices=project.notices,
            copies=copies,
            copied=basefiles.signature(project.folder, copies) if copies else "",
        )
        memo.keep(project.folder, mark, kept)
    return tuple(changed)


def _ignore_state(folder: Path) -> None:
    if not (folder / STATE_IGNORE_FILE).is_file():
        write_atomic(folder / STATE_IGNORE_FILE, b"*\n")


class _Asked(TypedDict):
    env_files: tuple[Path, ...]
    env_folders: tuple[Path, ...]
    profiles: tuple[str, ...]


def _asked(found: ProjectFiles, ctx: Context) -> _Asked:
    return {"env_files": found.env_files, "env_folders": found.env_folders, "profiles": ctx.profiles}


def _plain(found: ProjectFiles, ctx: Context, *, lenient: bool = False) -> Project:
    documents = tuple(layer for path in found.compose for layer in compose_file(path))
    first = ", ".join(map(shown, found.compose))
    if found.compose and not documents:
        file = shown(found.compose[0])
        raise DevenvError(f"{file} is empty.", hint="Begin with `services:`.", where=Span(file=file))
    project = Project(
        folder=found.folder,
        working_dir=found.folder,
        files=found.compose,
        documents=documents,
        **_asked(found, ctx),
        theirs=True,
        notices=tuple(f"{shown(path)} is not read: another comes first ({first})" for path in found.passed_over),
    )
    chosen = bool(ctx.files or os.environ.get("COMPOSE_FILE")) and found.devcontainer is None
    return _with_devcontainer(project, found, lenient=lenient, chosen=chosen)


def _with_devcontainer(
    project: Project, found: ProjectFiles, *, lenient: bool = False, chosen: bool = False
) -> Project:
    """`project` with the devcontainer.json beside it, where there is one, else with what `x-devenv` says of the
    workspace. `chosen`: the Compose files are those that the person named."""
    writes = project.rendered.writes if project.rendered is not None else ()
    there = found.devcontainer is not None or DEVCONTAINER_FILE in writes or devcontainer_files(found.folder)
    if not there and (project.own or not _names_workspace(project)):
        return project
    from devenv.app import devcontainer

    if not there:
        return devcontainer.of_extension(project, lenient=lenient)
    return devcontainer.furnished(project, found.devcontainer, lenient=lenient, chosen=chosen)


def _names_workspace(project: Project) -> bool:
    return any(workspace_of(document.value) for document in project.documents)


def workspace_of(value: Any) -> Mapping[str, Any]:
    """What `x-devenv` of a Compose file says of the workspace."""
    ours = value.get("x-devenv") if isinstance(value, dict) else None
    found = ours.get("workspace") if isinstance(ours, dict) else None
    return found if isinstance(found, dict) else {}


def compose_file(path: Path) -> tuple[Document, ...]:
    """The documents of a Compose file, STDIN among them. Raises DevenvErrors (INPUT)."""
    if path == STDIN:
        return read_layers(_all_of(sys.stdin), "stdin")
    return read_layers(read_text(path), shown(path))


@lru_cache(maxsize=1)
def _all_of(stream: TextIO) -> str:
    """What `stream` holds, read once: a project may be read more than once in a command."""
    try:
        return stream.buffer.read().decode()
    except UnicodeDecodeError:
        raise DevenvError(
            "stdin is not UTF-8.", hint="Save the file as UTF-8 before it is given.", where=Span(file="stdin")
        ) from None


def _existing(folder: Path) -> Mapping[str, str]:
    return {path: read_text(folder / path) for path in FILES if (folder / path).is_file()}


def shown(path: Path) -> str:
    """The path as a person would type it from where they are."""
    relative = os.path.relpath(path, here())
    return relative if not relative.startswith("../..") else str(path)
