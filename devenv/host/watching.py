"""Waiting for files of this host to change, through the library watchfiles; what changed together comes together."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from devenv.core.watch import Changes
from devenv.host.tree import Tree
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Cancel

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

STEP = 30
"""Milliseconds of quiet after which what changed is one batch."""
MOST = 1600
"""Milliseconds after which it is one though there was no quiet."""
IDLE = 500
"""Milliseconds after which the roots are looked at although nothing is heard: who watches a folder that is removed and
made anew hears nothing more of it."""
MANY = 500
"""Changes after which everything is looked at: that is quicker than each, and the kernel may have lost some."""
_GIT = 10.0
"""Seconds for which the end of git's work is waited for: it writes a thousand files with pauses in between."""


class Watching:
    """`trees` watched from now on. Raises DevenvError (UNFIT) where this host cannot watch so much."""

    def __init__(self, trees: Sequence[Tree], cancel: Cancel) -> None:
        self._trees = trees
        self._stop = threading.Event()
        self._take_back = cancel.on_cancel(self._stop.set)
        self._locks = sorted({lock for tree in trees if (lock := git_lock(tree.root))})
        for tree in trees:
            tree.all()
        self._notify = self._listen()
        # What changed before anyone listened.
        self._found = [tree.all() for tree in trees]

    def batches(self) -> Iterator[list[Changes] | None]:
        """What changed in each of the trees, batch by batch, until it is cancelled; None every now and then where
        nothing did."""
        try:
            while not self._stop.is_set():
                found, self._found = self._found, []
                if any(found):
                    yield found
                    continue
                heard = self._notify.watch(MOST, STEP, IDLE, self._stop)
                if heard in ("stop", "signal"):
                    return
                moved = any(tree.moved() for tree in self._trees)
                paths = {path for _, path in heard} if not isinstance(heard, str) else set()
                if not paths and not moved:
                    yield None
                    continue
                paths |= self._until_git_is_done()
                if self._stop.is_set():
                    return
                yield self._look(paths, moved or len(paths) > MANY)
        finally:
            self._take_back()
            self._notify.close()

    def _look(self, paths: set[str], whole: bool) -> list[Changes]:
        before = self._folders()
        found = [tree.all() if whole else tree.look(paths) for tree in self._trees]
        while (now := self._folders()) != before:
            old, self._notify = self._notify, self._listen()
            old.close()
            new, before = now - before, now
            # What came to be in a new folder before it was listened to.
            found = [_both(first, tree.look(new)) for first, tree in zip(found, self._trees, strict=True)]
        return found

    def _folders(self) -> frozenset[str]:
        """The folders to listen to: those in which something counts, and those that a root is in, else could be."""
        found = set()
        for tree in self._trees:
            found.update(tree.folders)
            found.add(_existing(os.path.dirname(tree.root)))
        return frozenset(found)

    def _listen(self) -> RustNotify:
        from watchfiles._rust_notify import RustNotify

        # Linux counts the folders that one listens to: these are those that count. Elsewhere a tree is as good as one.
        each = sys.platform == "linux"
        paths = sorted(self._folders()) if each else [_existing(tree.root) for tree in self._trees]
        for _ in range(5):  # a folder may be gone before it is listened to
            try:
                return RustNotify([path for path in paths if os.path.isdir(path)], False, False, 300, not each, True)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise DevenvError(
                    f"This machine cannot watch {len(paths):,} folders: {error}.",
                    hint="Name what need not be watched with `ignore:` or in .dockerignore, or allow more: "
                    "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024",
                    code=ExitCode.UNFIT,
                ) from error
        raise DevenvError(
            "The folders that are to be watched come and go too quickly.", hint="Call it again.", code=ExitCode.FAILED
        )

    def _until_git_is_done(self) -> set[str]:
        """Wait while git writes the working copy; what was heard meanwhile. A lock that lies there for longer is one
        that a killed git left."""
        heard: set[str] = set()
        until = time.monotonic() + _GIT
        while self._git_works() and time.monotonic() < until and not self._stop.is_set():
            more = self._notify.watch(STEP, STEP, STEP, self._stop)
            if not isinstance(more, str):
                heard |= {path for _, path in more}
        return heard

    def _git_works(self) -> bool:
        for lock in self._locks:
            with contextlib.suppress(OSError):
                if time.time() - os.stat(lock).st_mtime < _GIT:
                    return True
        return False


def git_lock(path: str) -> str:
    """The file that is there while git changes the working copy that `path` is in; "" where it is in none."""
    folder = path
    while True:
        inside = os.path.join(folder, ".git")
        if os.path.isdir(inside):
            return os.path.join(inside, "index.lock")
        if os.path.isfile(inside):  # a worktree's, or a submodule's
            with contextlib.suppress(OSError), open(inside, encoding="utf-8", errors="surrogateescape") as file:
                kind, _, where = file.readline().strip().partition(": ")
                if kind == "gitdir":
                    return os.path.join(folder, where, "index.lock")
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def _existing(folder: str) -> str:
    """`folder`, or the nearest above it that is there."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _both(first: Changes, then: Changes) -> Changes:
    there = dict.fromkeys((*first.there, *then.there))
    return Changes(there=tuple(there), gone=tuple(dict.fromkeys((*first.gone, *then.gone))))
