"""An archive that came from elsewhere, unpacked into a folder and nowhere else.

Not `tarfile`'s own filters: Python 3.11 before 3.11.4 (Debian 12's) has none.
"""

from __future__ import annotations

import io
import lzma
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath


class Broken(Exception):
    """The archive is cut short, or would write outside its folder; says why."""


def unpack(content: bytes, folder: Path) -> None:
    """Files, folders and links that stay inside `folder`, which is there; devices and the like are left out. Raises
    tarfile.TarError where `content` is no archive, Broken where it is one that is broken or meant to harm."""
    folder = Path(os.path.realpath(folder))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        try:
            for member in archive:
                _member(archive, member, folder)
        except (EOFError, zlib.error, lzma.LZMAError, tarfile.TarError) as error:
            raise Broken(f"it is cut short or spoiled ({error})") from None
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise Broken(f"it has two things of one name ({Path(str(error.filename)).name})") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise Broken(f"it is cut short or spoiled ({error})") from None  # bzip2's


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = Path(os.path.normpath(folder / member.name))
    # Below a link is where that leads, and a link to a link may lead anywhere: what is written lies in real folders.
    if not path.is_relative_to(folder) or os.path.realpath(path.parent) != str(path.parent):
        raise Broken(f"it would write outside its folder ({member.name})")
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        path.mkdir(exist_ok=True)
        return
    if path.is_symlink():
        path.unlink()
    if member.issym():
        if not _stays(member.linkname, path.parent, folder):
            raise Broken(f"it would write outside its folder ({member.name})")
        path.symlink_to(member.linkname)
    elif (source := _content(archive, member)) is not None:
        with source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
        path.chmod(0o755 if member.mode & 0o111 else 0o644)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> io.IOBase | None:
    """What a file holds; a hard link is the file that it names. None for what holds nothing."""
    try:
        found = archive.extractfile(member)
    except KeyError:
        raise Broken(f"{member.name} is a link to what is not in it") from None
    return found  # type: ignore[return-value]


def _stays(link: str, beside: Path, folder: Path) -> bool:
    """Whether a link with the text `link` in the folder `beside` leads to what is in `folder`: upwards only at its
    beginning, as what is above a link's end is not what its text says."""
    parts = PurePosixPath(link).parts
    up = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    return ".." not in parts[up:] and Path(os.path.normpath(beside / link)).is_relative_to(folder)
