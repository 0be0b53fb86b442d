"""Files of this machine as tar, piece by piece, and back; what other machines made is unpacked with care."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from devenv.core.pieces import Pieces
from devenv.model.errors import DevenvError, ExitCode

PIECE = 1 << 18
_BLOCK = tarfile.BLOCKSIZE


def pack(source: Path, name: str, *, follow: bool = False) -> Iterator[bytes]:
    """A tar of `source`, called `name` in it, with all that is below it. `follow`: a `source` that is a link counts as
    what it names. Sockets are left out, as tar has nothing for them. Raises DevenvError (FAILED) for what cannot be
    read, or becomes shorter while it is."""
    tar = tarfile.TarFile(fileobj=io.BytesIO(), mode="w")  # for its knowledge of entries alone: nothing is written
    top = source.resolve() if follow else source
    for path, inside in _below(top, name):
        try:
            entry = tar.gettarinfo(str(path), arcname=inside)
        except OSError as error:
            raise _unreadable(path, error) from error
        if entry is None:
            continue
        entry.name = entry.name or "."
        entry.uname = entry.gname = ""
        yield entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        if entry.isreg() and entry.size:
            yield from _content(path, entry.size)
    yield b"\0" * _BLOCK * 2


def _below(top: Path, name: str) -> Iterator[tuple[Path, str]]:
    yield top, name
    if top.is_dir() and (not top.is_symlink() or name == "."):

        def fail(error: OSError) -> None:
            raise _unreadable(Path(error.filename or top), error) from error

        for at, folders, files in os.walk(top, onerror=fail):
            folders.sort()
            for entry in sorted([*folders, *files]):
                path = Path(at) / entry
                yield path, os.path.join(name, os.path.relpath(path, top))


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    try:
        with open(path, "rb") as file:
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise DevenvError(f"{path} became shorter while it was read.", hint="Run it again.", code=ExitCode.FAILED)
    yield b"\0" * (-size % _BLOCK)


def unpack(tar: Iterable[bytes], folder: Path, rename: Callable[[str], str]) -> None:
    """Put what `tar` holds below `folder`, each entry where `rename` says. Files belong to whoever runs this. Nothing
    is written through a link, and nothing outside of `folder`; devices are left out. Raises DevenvError (FAILED)."""
    late: list[tuple[Path, tarfile.TarInfo]] = []
    root = folder.resolve()
    try:
        with tarfile.open(fileobj=Pieces(tar), mode="r|") as archive:  # type: ignore[call-overload]
            for entry in archive:
                path = root / rename(entry.name)
                if path == root:  # `.`: the folder itself
                    late.append((path, entry))
                    continue
                _hold(path.parent, root)
                if entry.isdir():
                    if path.is_symlink() or not path.is_dir():
                        path.unlink(missing_ok=True)
                        path.mkdir()
                    late.append((path, entry))
                    continue
                _clear(path)
                if entry.issym():
                    path.symlink_to(entry.linkname)
                elif entry.islnk():
                    other = root / rename(entry.linkname)
                    _hold(other.parent, root)
                    os.link(other, path, follow_symlinks=False)
                elif entry.isreg():
                    content = archive.extractfile(entry)
                    assert content is not None
                    _write(path, content, entry)
                elif entry.isfifo():
                    os.mkfifo(path, stat.S_IMODE(entry.mode))
    except tarfile.TarError as error:
        raise DevenvError(f"What came is no tar: {error}.", hint="Run it again.", code=ExitCode.FAILED) from error
    except OSError as error:
        raise DevenvError(
            f"{error.filename or folder} cannot be written: {error.strerror}.",
            hint="Check the permissions of its folder and the space on its disk.",
            code=ExitCode.FAILED,
        ) from error
    for path, entry in reversed(late):  # a folder that may not be written to is filled first
        path.chmod(stat.S_IMODE(entry.mode))
        with suppress(OSError):
            os.utime(path, (entry.mtime, entry.mtime))


def _hold(folder: Path, root: Path) -> None:
    """Raise unless `folder`, all links followed, lies in `root`."""
    if not folder.resolve().is_relative_to(root):
        raise DevenvError(
            f"A link leads to {folder.resolve()}, out of {root}: nothing is written there.",
            hint="Copy into an empty folder.",
            code=ExitCode.FAILED,
        )


def _clear(path: Path) -> None:
    """Make room for a file. A folder in its place stays: it would take all in it along."""
    if path.is_dir() and not path.is_symlink():
        raise DevenvError(
            f"{path} is a folder here, and a file where it comes from.",
            hint="Copy to another name, or remove the folder first.",
            code=ExitCode.FAILED,
        )
    path.unlink(missing_ok=True)


def _write(path: Path, content: IO[bytes], entry: tarfile.TarInfo) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        while piece := content.read(PIECE):
            file.write(piece)
        os.fchmod(file.fileno(), stat.S_IMODE(entry.mode))
    os.utime(path, (entry.mtime, entry.mtime))


def _unreadable(path: Path, error: OSError) -> DevenvError:
    return DevenvError(f"{path} cannot be read: {error.strerror}.", hint="Check its permissions.", code=ExitCode.FAILED)
