"""The files of a base that lies outside of the repository: copied into it, and left alone where a person edited them.

What was copied is recorded beside the copies, and committed with them: a copy that is still as recorded is devenv's to
renew, one that is not is a person's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv.host.files import write_atomic
from devenv.model.errors import DevenvError

FOLDER = ".devcontainer/base"
RECORD = f"{FOLDER}/copied.json"
_LEFT = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
Copies = Sequence[tuple[str, str]]
"""(path in the repository, absolute source): files and whole folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A copy that is not as its source: not there yet, of an earlier base, `edited` by a person, or `gone` from the
    base. `path` is relative to the repository."""

    path: str
    state: Literal["missing", "earlier", "edited", "gone"]
    source: Path


def stale(folder: Path, copies: Copies) -> tuple[Stale, ...]:
    """What differs in the repository at `folder`. Raises DevenvError where a source cannot be read."""
    record = _record(folder)
    sources = dict(_files(copies))
    found = [Stale(path=path, state=state, source=source) for path, source in sources.items()
             if (state := _state(folder / path, source, record.get(path)))]  # fmt: skip
    gone = [
        Stale(path=path, state="gone", source=Path())
        for path, digest in record.items()
        if path not in sources and _inside(path) and _digest(folder / path) == digest
    ]
    return (*found, *gone)


def copy(folder: Path, copies: Copies, *, force: bool = False) -> None:
    """Bring the copies up to date, those that a person edited only by `force`."""
    record = _record(folder)
    for item in stale(folder, copies):
        if item.state == "gone":
            (folder / item.path).unlink()
        elif item.state != "edited" or force:
            write_atomic(folder / item.path, _read(item.source), item.source.stat().st_mode & 0o777)
        else:
            continue
        record.pop(item.path, None)
    # What is as its source is devenv's, whoever put it there.
    kept = {path: record.get(path) or hashlib.sha256(_read(source)).hexdigest() for path, source in _files(copies)}
    write_atomic(folder / RECORD, (json.dumps(dict(sorted(kept.items())), indent=1) + "\n").encode())


def signature(folder: Path, copies: Copies) -> str:
    """A hash that changes with every source and every copy, by their sizes and times."""
    total = hashlib.sha256()
    for path, source in _files(copies):
        for file in (source, folder / path):
            try:
                found = file.stat()
            except OSError:
                total.update(f"{file}\n".encode())
            else:
                total.update(f"{file} {found.st_size} {found.st_mtime_ns}\n".encode())
    return total.hexdigest()


def _state(target: Path, source: Path, recorded: str | None) -> Literal["missing", "earlier", "edited"] | None:
    try:
        there = target.read_bytes()
    except OSError:
        return "missing"
    if there == _read(source):
        return None
    return "earlier" if hashlib.sha256(there).hexdigest() == recorded else "edited"


def lying(folder: Path, copies: Copies, path: str) -> Path:
    """Where what belongs at `path` lies now: there, or still in the base, as nothing was copied yet."""
    there = Path(path)
    if not there.exists():
        for inside, source in copies:
            if there.is_relative_to(folder / inside):
                return Path(source, there.relative_to(folder / inside))
    return there


def _files(copies: Copies) -> Iterator[tuple[str, Path]]:
    for inside, source in copies:
        if not os.path.isdir(source):
            yield inside, Path(source)
        for path, folders, names in os.walk(source):
            folders[:] = sorted(name for name in folders if name not in _LEFT)
            for name in sorted(names):
                file = os.path.join(path, name)
                yield os.path.join(inside, os.path.relpath(file, source)), Path(file)


def _inside(path: str) -> bool:
    return os.path.normpath(path).startswith(f"{FOLDER}/")


def _record(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(path): str(digest) for path, digest in found.items()} if isinstance(found, Mapping) else {}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise DevenvError(
            f"{source} of the base cannot be read: {error.strerror}.",
            hint="Check that the file is there: a base brings all the files that it names.",
        ) from error
