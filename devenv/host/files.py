"""Files of a project: read with a sentence instead of a traceback, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from devenv.model.errors import DevenvError, ExitCode, Span


def read_text(path: Path) -> str:
    """The UTF-8 text of `path`, a byte order mark left out. Raises DevenvError where it is missing, is no file, may
    not be read or is not UTF-8 (with line and column of the first wrong byte)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DevenvError(
            f"{path} is not there.", hint="Check the name, or make the file.", where=Span(file=str(path))
        ) from None
    except IsADirectoryError:
        raise DevenvError(f"{path} is a folder, not a file.", hint="Name a file.", where=Span(file=str(path))) from None
    except OSError as error:
        raise DevenvError(
            f"{path} cannot be read: {error.strerror}.", hint="Check its permissions.", where=Span(file=str(path))
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise DevenvError(
            f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} cannot stand here.",
            hint="Save the file as UTF-8.",
            where=Span(file=str(path), line=line, column=column),
        ) from None


def write_atomic(path: Path, data: bytes, mode: int | None = None) -> bool:
    """Put `data` at `path`, whole or not at all; parent folders are made. `mode` is the permissions to give it (by
    default those it has, else the umask's). Returns False, and writes nothing, where it was there just so."""
    target = path.resolve()  # a symbolic link stays one: what it names is replaced
    try:
        have = target.stat().st_mode & 0o7777
        if target.read_bytes() == data and (mode is None or have == mode):
            return False
    except FileNotFoundError:
        have = None
    except OSError as error:
        raise _unwritable(path, error) from error
    import tempfile  # most often there is nothing to write

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode if mode is not None else have if have is not None else 0o666 & ~_umask())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
    return True


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError) -> DevenvError:
    return DevenvError(
        f"{path} cannot be written: {error.strerror}.",
        hint="Check the permissions of its folder and the space on its disk.",
        code=ExitCode.UNFIT,
    )
