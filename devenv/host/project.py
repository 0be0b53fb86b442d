"""Which project a command is about (DESIGN, rule 12)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.model.errors import DevenvError

MANIFESTS = ("devenv.yaml", "devenv.yml")
COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Compose's own order of preference; beside each, `<stem>.override.<ext>` is read too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """`folder` is the project's; either `manifest` (a `devenv.yaml`) or `compose` (files in the order of merging) is
    set. All absolute."""

    folder: Path
    manifest: Path | None = None
    compose: tuple[Path, ...] = ()


def find_project(
    cwd: Path,
    directory: str | None = None,
    files: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> ProjectFiles:
    """The project of a command run in `cwd` with `-C directory` and `-f files`.

    Without `files` it is the nearest manifest from there upward, `devenv.yaml` before a Compose file in the same
    folder; where there is none, the checkout whose `./dev` was called. Raises DevenvError (INPUT)."""
    env = os.environ if env is None else env
    start = Path(os.path.normpath(cwd / directory)) if directory else cwd
    if not start.is_dir():
        raise DevenvError(f"{start} is not a folder.", hint="Name an existing folder with -C.")
    if files:
        return _given(cwd, start if directory else None, files)
    for folder in (start, *start.parents):
        found = _in(folder)
        if found:
            return found
    # With -C the user said where to look; the wrapper's own repository is for those who did not.
    own = env.get("DEVENV_CHECKOUT", "")
    found = _in(Path(own)) if own and not directory else None
    if found:
        return found
    raise DevenvError(
        f"There is no devenv.yaml and no Compose file in {start} or above it.",
        hint="Go to the repository, or name it with -C FOLDER or the file with -f FILE.",
    )


def _given(cwd: Path, directory: Path | None, files: Sequence[str]) -> ProjectFiles:
    paths = [Path(os.path.normpath(cwd / name)) for name in files]
    for path in paths:
        if not path.is_file():
            raise DevenvError(f"{path} is not there.", hint="Check the name after -f.")
    folder = directory or paths[0].parent
    manifests = [path for path in paths if path.name in MANIFESTS]
    if not manifests:
        return ProjectFiles(folder=folder, compose=tuple(paths))
    if len(paths) > 1:
        raise DevenvError(
            f"{manifests[0].name} cannot be merged with other files by -f.",
            hint="Give -f devenv.yaml alone, or only Compose files.",
        )
    return ProjectFiles(folder=folder, manifest=manifests[0])


def _in(folder: Path) -> ProjectFiles | None:
    for name in MANIFESTS:
        if (folder / name).is_file():
            return ProjectFiles(folder=folder, manifest=folder / name)
    for name in COMPOSE:
        first = folder / name
        if first.is_file():
            overrides = (first.with_name(f"{first.stem}.override{ext}") for ext in (".yaml", ".yml"))
            second = next((path for path in overrides if path.is_file()), None)
            return ProjectFiles(folder=folder, compose=(first, second) if second else (first,))
    return None
