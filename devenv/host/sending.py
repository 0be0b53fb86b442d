"""Changed files of this host as one tar for a container: as they are at the moment in which they are read."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping

from devenv.core.watch import Owner

_WHOLE = 4 << 20
"""Bytes up to which a file is read before its size is told: it may change while it is."""
_PIECE = 1 << 18
_BLOCK = tarfile.BLOCKSIZE


def changed(files: Mapping[str, str], owner: Owner) -> Iterator[bytes]:
    """A tar of `files` (absolute path in the container → path here), folders before what is in them, all of `owner`.
    What is gone by now, or cannot be read, is left out: when it can be, it changes once more."""
    tar = tarfile.TarFile(fileobj=io.BytesIO(), mode="w")  # for its knowledge of entries alone: nothing is written
    for target, source in sorted(files.items()):
        try:
            entry = tar.gettarinfo(source, arcname=target.lstrip("/"))
            if entry is None:
                continue  # a socket
            if entry.islnk():  # tar's own idea of a second name for a file: here each is one for itself
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", os.lstat(source).st_size
            entry.uid, entry.gid, entry.uname, entry.gname = owner.uid, owner.gid, "", ""
            if entry.isreg():
                yield from _file(entry, source)
            elif entry.isdir() or entry.issym():
                yield _head(entry)
        except OSError:
            continue
    yield b"\0" * _BLOCK * 2


def _head(entry: tarfile.TarInfo) -> bytes:
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _file(entry: tarfile.TarInfo, source: str) -> Iterator[bytes]:
    with open(source, "rb") as file:
        seen = os.fstat(file.fileno())
        if not stat.S_ISREG(seen.st_mode):
            return
        entry.size = seen.st_size
        if entry.size <= _WHOLE:
            content = file.read(_WHOLE)
            entry.size = len(content)
            yield _head(entry) + content + b"\0" * (-entry.size % _BLOCK)
            return
        yield _head(entry)
        left = entry.size
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
    # It became shorter meanwhile: what is missing comes with the change that made it so.
    while left:
        yield b"\0" * min(left, _PIECE)
        left -= min(left, _PIECE)
    yield b"\0" * (-entry.size % _BLOCK)
