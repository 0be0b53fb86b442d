"""From a project's files and values to the Stack that shall exist: what core needs to read is read here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devenv.app.project import Project
from devenv.core.compose import load as loader
from devenv.host.files import read_text
from devenv.model.errors import DevenvError, raise_all
from devenv.model.stack import Stack


def load_stack(project: Project, values: Mapping[str, str], name: str | None = None) -> Stack:
    """Read the Compose files back, `values` in them. `name` is the project's, where the files do not say it.

    Raises DevenvErrors (INPUT) with places for what is wrong, or cannot be done yet.
    """
    working_dir = str(project.working_dir)
    wanted = loader.wanted(project.documents, variables=values, working_dir=working_dir)
    texts: dict[str, str] = {}
    errors: list[DevenvError] = []
    for file in wanted.env_files:
        path = Path(file.path)
        if path.is_file():
            texts[file.path] = read_text(path)
        elif file.required:
            errors.append(
                DevenvError(
                    f"The file {file.path} is not there.",
                    hint="Make it (is there a template beside it?), or say `required: false`.",
                    where=file.where,
                )
            )
    raise_all(errors)
    listings = {folder: _listing(folder) for folder in wanted.folders}
    return loader.load(
        project.documents,
        variables=values,
        folder=str(project.folder),
        working_dir=working_dir,
        files=[str(path) for path in project.files],
        project=name,
        texts=texts,
        listings=listings,
    )


def _listing(folder: str) -> tuple[str, ...]:
    path = Path(folder)
    if not path.is_dir():
        raise DevenvError(f"The seed folder {folder} is not there.", hint="Make it, or take it out of `seed`.")
    return tuple(sorted(item.name for item in path.iterdir() if item.is_file()))
