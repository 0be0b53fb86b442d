"""The files below a folder of this host as they were when last looked at, and what became of them since."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable

from devenv.core.watch import Changes, Chosen, below

Mark = tuple[object, ...]
"""By which a file is known to be the same: kind, size, time, permissions; a link's target; nothing of a folder."""
_FOLDER: Mark = ("folder",)


class Tree:
    """What counts (`chosen`) at and below `root`, which may be a file, and need not be there. Only names and marks are
    kept; no content is read."""

    def __init__(self, root: str, chosen: Chosen) -> None:
        self.root = root
        self._chosen = chosen
        self._marks: dict[str, Mark] = {}
        self._identity: tuple[int, int] | None = None
        self._file = False

    @property
    def folders(self) -> list[str]:
        """The folders in which something may change that counts."""
        return [path for path, mark in self._marks.items() if mark == _FOLDER]

    @property
    def files(self) -> list[str]:
        """The files, and links, that count."""
        return [path for path, mark in self._marks.items() if mark != _FOLDER and self._chosen.included(path)]

    def moved(self) -> bool:
        """Whether another folder stands at the root than when last looked at, or none where there was one."""
        return _identity(self.root) != self._identity

    def all(self) -> Changes:
        """Look at everything; what differs from the last look."""
        self._identity = _identity(self.root)
        return self._differ(self._marks, dict(self._scan(self.root)))

    def look(self, paths: Iterable[str]) -> Changes:
        """Look at `paths`, and at what is in those that are folders; what differs from the last look."""
        before: dict[str, Mark] = {}
        now: dict[str, Mark] = {}
        looked: list[str] = []
        for path in sorted(set(paths)):
            if not below(path, self.root) or any(below(path, done) for done in looked):
                continue
            looked.append(path)
            before |= self._known(path)
            now.update(self._scan(path))
        return self._differ(before, now)

    def _known(self, path: str) -> dict[str, Mark]:
        if self._marks.get(path, _FOLDER) != _FOLDER:
            return {path: self._marks[path]}
        return {each: mark for each, mark in self._marks.items() if below(each, path)}

    def _differ(self, before: dict[str, Mark], now: dict[str, Mark]) -> Changes:
        there = [path for path, mark in now.items() if before.get(path) != mark]
        gone = [path for path, mark in before.items() if path not in now or now[path][0] != mark[0]]
        self._marks = {path: mark for path, mark in self._marks.items() if path not in before} | now
        top = now.get(self.root, before.get(self.root))
        self._file = self._file if top is None else top != _FOLDER
        told = self._told(gone)
        return Changes(
            there=tuple(self._told(there)),
            gone=tuple(path for path in told if os.path.dirname(path) not in told),
        )

    def _told(self, paths: Collection[str]) -> dict[str, None]:
        """Those that are told: a root that is a folder is not ours to make or remove in a container."""
        return {path: None for path in paths if self._chosen.included(path) and (self._file or path != self.root)}

    def _scan(self, path: str) -> Iterable[tuple[str, Mark]]:
        ignored = path != self.root and self._chosen.ignored(path)
        mark = mark_of(path)
        if mark is None or (path != self.root and not self._reached(path)):
            return
        if mark == _FOLDER:
            if ignored and not self._chosen.holds(path):
                return
            yield path, mark
            try:
                names = sorted(os.listdir(path))
            except OSError:
                return  # gone meanwhile, or not ours to read: what cannot be read cannot be copied
            for name in names:
                yield from self._scan(os.path.join(path, name))
        elif not ignored:
            yield path, mark

    def _reached(self, path: str) -> bool:
        """Whether the folder that `path` is in is one that counts."""
        parent = os.path.dirname(path)
        return parent == self.root or self._marks.get(parent) == _FOLDER or self._chosen.holds(parent)


def mark_of(path: str) -> Mark | None:
    """The mark of what is at `path`; None where nothing is that can be copied."""
    try:
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            return ("link", os.readlink(path))
    except OSError:
        return None
    if stat.S_ISDIR(seen.st_mode):
        return _FOLDER
    if stat.S_ISREG(seen.st_mode):
        return ("file", seen.st_size, seen.st_mtime_ns, stat.S_IMODE(seen.st_mode))
    return None


def _identity(path: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return (seen.st_dev, seen.st_ino)
