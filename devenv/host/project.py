"""Which project a command is about (DESIGN, rule 12)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.host.devcontainers import NAMES, devcontainer_files, repository_of
from devenv.host.files import read_text
from devenv.model.errors import DevenvError, Span, raise_all

MANIFESTS = ("devenv.yaml", "devenv.yml")
COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""Compose's own order of preference; the first of _OVERRIDES that lies beside it is read too."""
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
STDIN = Path("-")
"""The Compose file that is the standard input."""


def here(env: Mapping[str, str] | None = None) -> Path:
    """The working directory as the person, and Docker Compose, call it: behind a symbolic link, the link."""
    said = (os.environ if env is None else env).get("PWD", "")
    physical = Path.cwd()
    with suppress(OSError):
        if said.startswith("/") and os.path.samefile(said, physical):
            return Path(os.path.normpath(said))
    return physical


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """`folder` is the project's; either `manifest` (a `devenv.yaml`) or `compose` (files in the order of merging) is
    set, or neither where a devcontainer.json alone says what there is. `devcontainer` is the one that -f names. All
    absolute, but STDIN.

    `env_files` are those that were named in place of `.env`; `env_folders` where else a `.env` is looked for, the first
    that names a variable to win. `passed_over` are Compose files beside the one of `compose` that was found first."""

    folder: Path
    manifest: Path | None = None
    compose: tuple[Path, ...] = ()
    devcontainer: Path | None = None
    env_files: tuple[Path, ...] = ()
    env_folders: tuple[Path, ...] = ()
    passed_over: tuple[Path, ...] = ()


def find_project(
    cwd: Path,
    directory: str | None = None,
    files: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    env_files: Sequence[str] = (),
) -> ProjectFiles:
    """The project of a command run in `cwd` with `-C directory`, `-f files` and `--env-file env_files`.

    Without `files` it is the nearest manifest from there upward, `devenv.yaml` before a Compose file in the same
    folder; where there is none, the nearest devcontainer.json, and at last the checkout whose `./dev` was called.
    Instead of a Compose file those that Compose's COMPOSE_FILE names, in the environment or in the `.env` beside it.
    Raises DevenvError (INPUT)."""
    env = os.environ if env is None else env
    named = _env_files(cwd, env_files or list(filter(None, env.get("COMPOSE_ENV_FILES", "").split(","))))
    found = _find(cwd, directory, files, env)
    folders = [found.folder]
    if found.manifest is None and not files:  # Compose reads the one where it is typed first
        folders.insert(0, Path(os.path.normpath(cwd / directory)) if directory else cwd)
    off = named or env.get("COMPOSE_DISABLE_ENV_FILE", "").lower() in ("1", "t", "true")
    return replace(found, env_files=named, env_folders=() if off else tuple(dict.fromkeys(folders)))


def _env_files(cwd: Path, names: Sequence[str]) -> tuple[Path, ...]:
    found = tuple(Path(os.path.normpath(cwd / name)) for name in names)
    hint = "Check the name after --env-file, or in COMPOSE_ENV_FILES."
    # /dev/null is one: with it, `.env` is not read.
    raise_all(_no_file(path, hint) for path in found if not path.is_file() and path != Path(os.devnull))
    return found


def _no_file(path: Path, hint: str) -> DevenvError:
    what = "is a folder" if path.is_dir() else "is no file" if path.exists() else "is not there"
    return DevenvError(f"{path} {what}.", hint=hint, where=Span(file=str(path)))


def _find(cwd: Path, directory: str | None, files: Sequence[str], env: Mapping[str, str]) -> ProjectFiles:
    start = Path(os.path.normpath(cwd / directory)) if directory else cwd
    if not start.is_dir():
        raise DevenvError(f"{start} is not a folder.", hint="Name an existing folder with -C.")
    if files:
        return _given(cwd, start if directory else None, files)
    found = next((found for folder in (start, *start.parents) if (found := _in(folder, env))), None)
    if env.get("COMPOSE_FILE") and (found is None or found.manifest is None):
        return _given(cwd, start if directory else None, _split(env["COMPOSE_FILE"], env))
    if found:
        return found
    alone = next((folder for folder in (start, *start.parents) if devcontainer_files(folder)), None)
    if alone is not None:
        return ProjectFiles(folder=alone)
    # With -C the user said where to look; the wrapper's own repository is for those who did not.
    own = env.get("DEVENV_CHECKOUT", "")
    found = _in(Path(own), env) if own and not directory else None
    if found:
        return found
    raise DevenvError(
        f"There is no devenv.yaml, no Compose file and no devcontainer.json in {start} or above it.",
        hint="Go to the repository, or name it with -C FOLDER or the file with -f FILE.",
    )


def _given(cwd: Path, directory: Path | None, files: Sequence[str]) -> ProjectFiles:
    paths = [STDIN if name == "-" else Path(os.path.normpath(cwd / name)) for name in files]
    for path in paths:
        if path != STDIN and not path.is_file():
            hint = "Check the name after -f, or in COMPOSE_FILE."
            if path.exists() and not path.is_dir():  # it can be read once alone
                hint = "Save it as a file, or give it as the standard input: `-f -`."
            raise _no_file(path, hint)
    if paths[0].name in NAMES and len(paths) == 1:
        return ProjectFiles(folder=repository_of(paths[0]), devcontainer=paths[0])
    folder = directory or next((path.parent for path in paths if path != STDIN), cwd)
    manifests = [path for path in paths if path.name in MANIFESTS]
    if not manifests:
        return ProjectFiles(folder=folder, compose=tuple(paths))
    if len(paths) > 1:
        raise DevenvError(
            f"{manifests[0].name} cannot be merged with other files by -f.",
            hint="Give -f devenv.yaml alone, or only Compose files.",
        )
    return ProjectFiles(folder=folder, manifest=manifests[0])


def _split(names: str, env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, names.split(env.get("COMPOSE_PATH_SEPARATOR") or os.pathsep)))


def _said_beside(folder: Path) -> Mapping[str, str]:
    """The variables of the `.env` in `folder`, where Compose's own might be among them."""
    file = folder / ".env"
    if not file.is_file() or "COMPOSE_FILE" not in (text := read_text(file)):
        return {}
    from devenv.core.compose import dotenv

    return dotenv.parse(text, str(file))


def _in(folder: Path, env: Mapping[str, str]) -> ProjectFiles | None:
    for name in MANIFESTS:
        if (folder / name).is_file():
            return ProjectFiles(folder=folder, manifest=folder / name)
    said = _said_beside(folder)
    if said.get("COMPOSE_FILE"):
        return _given(folder, None, _split(said["COMPOSE_FILE"], {**said, **env}))
    first, *others = _there(folder, COMPOSE) or (None,)
    if first is None:
        return None
    over, *more = _there(folder, _OVERRIDES) or (None,)
    return ProjectFiles(
        folder=folder,
        compose=(first, over) if over else (first,),
        passed_over=tuple(path for path in (*others, *more) if path),
    )


def _there(folder: Path, names: Sequence[str]) -> list[Path]:
    return [folder / name for name in names if (folder / name).is_file()]
