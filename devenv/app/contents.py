"""What a one-shot is given to read: files and folders of the repository that are mounted read-only, and configs from
files. They are part of what it does (a folder of migrations), so it runs again when they change.

What is mounted to be written to is not: the one-shot may have written it itself. What was read is remembered by size,
times and inode, so that files that did not change are not read again.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devenv.app.kept import keep, recall
from devenv.core.selection import one_shots
from devenv.model.stack import Service, Stack

_WHOLE = 1 << 20
"""Bytes up to which a file is read; of a larger one size and time tell whether it changed."""
_LEFT_OUT = frozenset((".git", "__pycache__"))
_MEMO = ".devenv/contents.json"
_RACY = 2.0
"""Seconds: a file younger than that may change again within one tick of its time stamp."""


def with_contents(stack: Stack) -> Stack:
    """`stack` with the `content` of its one-shots."""
    found = {}
    read = _Reading(folder=Path(stack.folder))
    for name in sorted(one_shots(stack.services)):
        content = dict(_contents(stack.services[name], stack.folder, read))
        if content:
            found[name] = replace(stack.services[name], content=content)
    read.remember()
    return replace(stack, services={**stack.services, **found}) if found else stack


def _contents(service: Service, folder: str, read: _Reading) -> Iterator[tuple[str, str]]:
    """(Path in the container, digest) of each. The whole repository is none: devenv itself writes there, as does all
    that one works on."""
    for mount in service.config.get("volumes") or ():
        source = str(mount.get("source") or "")
        if mount.get("type") == "bind" and mount.get("read_only") and source.startswith(folder.rstrip("/") + "/"):
            yield mount["target"], _digest(source, read)
    configs = {
        posixpath.join("/", each.get("target") or each["source"]) for each in service.config.get("configs") or ()
    }
    for grant in service.grants:
        if grant.source is not None and grant.target in configs:
            yield grant.target, _digest(grant.source, read)


def _digest(path: str, read: _Reading) -> str:
    """Of a file or of all that lies below a folder: names and contents, no times: a clone has the same."""
    found = hashlib.sha256()
    for name, mark in _marks(path, read):
        found.update(f"{name}\0{mark}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _marks(path: str, read: _Reading) -> Iterator[tuple[str, str]]:
    if not os.path.isdir(path):
        yield "", _mark(os.path.realpath(path), read)
        return
    for parent, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(files):
            full = os.path.join(parent, name)
            yield os.path.relpath(full, path), _mark(full, read)


def _mark(path: str, read: _Reading) -> str:
    try:
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            return f"link {os.readlink(path)}"
        if not stat.S_ISREG(seen.st_mode):
            return str(stat.S_IFMT(seen.st_mode))
        if seen.st_size > _WHOLE:
            return f"{seen.st_size} {seen.st_mtime_ns}"
        return read.digest(path, seen)
    except OSError as error:
        return type(error).__name__  # what cannot be read is told by who mounts it


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Digests of files, those of earlier calls first. `folder` is the repository, in whose `.devenv` they are kept."""

    folder: Path
    seen: dict[str, Any] = field(default_factory=dict)
    _kept: dict[str, Any] | None = None

    def digest(self, path: str, there: os.stat_result) -> str:
        """Of the content of the file `path`, which is `there`."""
        if self._kept is None:
            self._kept = recall(self.folder, _MEMO)
        mark = f"{there.st_size} {there.st_mtime_ns} {there.st_ctime_ns} {there.st_ino}"
        known = self._kept.get(path)
        if not isinstance(known, list) or known[:1] != [mark] or len(known) != 2:
            with open(path, "rb") as file:
                known = [mark, hashlib.sha256(file.read(_WHOLE)).hexdigest()]
        if time.time() - max(there.st_mtime, there.st_ctime) >= _RACY:
            self.seen[path] = known
        return str(known[1])

    def remember(self) -> None:
        """Keep what was seen. Where nothing can be kept it is read again."""
        if self._kept is not None and self.seen != self._kept:
            keep(self.folder, _MEMO, self.seen)
