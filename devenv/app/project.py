"""The project that a command is about, as its files say: the manifest rendered, or a team's own Compose files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.app.context import Context
from devenv.app.data import bases, catalogue, templates
from devenv.core.decode import decode
from devenv.core.render import COMPOSE_FILE, DEVCONTAINER_FILE, ENV_FILE, TEMPLATES, Rendered, render
from devenv.core.source import read_yaml
from devenv.host.files import read_text, write_atomic
from devenv.host.project import ProjectFiles, find_project
from devenv.model.errors import DevenvError
from devenv.model.manifest import Document, Manifest

_STATE_IGNORE = ".devenv/.gitignore"
_RENDERED = (COMPOSE_FILE, DEVCONTAINER_FILE, ".devcontainer/.gitignore", _STATE_IGNORE)
"""What `render` may give, and so must be told of where it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`folder` is the repository's, `working_dir` what Compose takes paths from, `files` the Compose files that the
    stack is read from and `documents` what they say. `manifest` and `rendered` are there where the files were made
    from a `devenv.yaml` in this call."""

    folder: Path
    working_dir: Path
    files: tuple[Path, ...]
    documents: tuple[Document, ...]
    manifest: Manifest | None = None
    rendered: Rendered | None = None

    @property
    def own(self) -> bool:
        """Whether devenv made the Compose file, and so chooses ports, images and the project's name."""
        return self.files[0] == self.folder / COMPOSE_FILE

    @property
    def env_file(self) -> Path:
        """What Compose reads variables from beside the shell."""
        return self.working_dir / ".env"

    @property
    def runs(self) -> Path:
        return self.folder / ".devenv" / "runs"


def locate(ctx: Context) -> ProjectFiles:
    """The files that -C, -f and the working directory mean. Raises DevenvError (INPUT) where there are none."""
    return find_project(Path.cwd(), ctx.directory, ctx.files)


def read_project(ctx: Context, *, force: bool = False) -> Project:
    """The project with its manifest rendered anew, in memory; nothing is written. Raises DevenvErrors (INPUT)."""
    found = locate(ctx)
    if found.manifest is None:
        return _plain(found)
    folder = found.folder
    manifest = decode(
        read_text(found.manifest),
        _shown(found.manifest),
        folder=str(folder),
        catalogue=catalogue(),
        bases=bases(),
    )
    rendered = render(
        manifest,
        catalogue(),
        templates={name: templates()[name] for name in TEMPLATES},
        existing=_existing(folder),
        wrapper=os.access(folder / "dev", os.X_OK),
        force=force,
    )
    file = folder / COMPOSE_FILE
    kept = {difference.path for difference in rendered.kept}
    text = read_text(file) if COMPOSE_FILE in kept else rendered.files[COMPOSE_FILE]
    return Project(
        folder=folder,
        working_dir=file.parent,
        files=(file,),
        documents=(read_yaml(text, _shown(file)),),
        manifest=manifest,
        rendered=rendered,
    )


def committed_project(ctx: Context) -> Project:
    """The project as its containers were made: from the rendered file that lies in the repository, whatever the
    manifest says by now; without one as `read_project`."""
    found = locate(ctx)
    if found.manifest is None:
        return _plain(found)
    file = found.folder / COMPOSE_FILE
    if not file.is_file():
        return read_project(ctx)
    document = read_yaml(read_text(file), _shown(file))
    return Project(folder=found.folder, working_dir=file.parent, files=(file,), documents=(document,))


def write_rendered(project: Project, leave: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Write what `render` says must be written, but the paths in `leave`; returns those that changed, relative to the
    repository."""
    if project.rendered is None:
        _ignore_state(project.folder)
        return ()
    changed = [
        path
        for path in project.rendered.writes
        if path not in leave and write_atomic(project.folder / path, project.rendered.files[path].encode())
    ]
    for inside, source in project.rendered.copies:
        _copy(Path(source), project.folder / inside)
    return tuple(changed)


def _ignore_state(folder: Path) -> None:
    write_atomic(folder / _STATE_IGNORE, templates()["devenv.gitignore.j2"].encode())


def _plain(found: ProjectFiles) -> Project:
    return Project(
        folder=found.folder,
        working_dir=found.folder,
        files=found.compose,
        documents=tuple(read_yaml(read_text(path), _shown(path)) for path in found.compose),
    )


def _existing(folder: Path) -> Mapping[str, str]:
    return {path: read_text(folder / path) for path in _RENDERED if (folder / path).is_file()}


def _shown(path: Path) -> str:
    """The path as a person would type it from where they are."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("../..") else str(path)


def _copy(source: Path, target: Path) -> None:
    """A file or folder of a base into the repository, as it is."""
    try:
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
        else:
            write_atomic(target, source.read_bytes(), source.stat().st_mode & 0o777)
    except OSError as error:
        raise DevenvError(
            f"{source} of the base cannot be copied to {target}: {error.strerror}.",
            hint="Check that the file is there and that the repository can be written to.",
        ) from error


__all__ = [
    "COMPOSE_FILE",
    "ENV_FILE",
    "Project",
    "committed_project",
    "locate",
    "read_project",
    "write_rendered",
]
