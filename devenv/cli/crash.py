"""An error that nobody foresaw: kept in a file, told in one sentence."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from devenv import __version__
from devenv.model.errors import DevenvError, ExitCode


def crashed(error: BaseException, verb: str) -> DevenvError:
    """The sentence for `error`, whose traceback is written to a file under the user's state folder. Of the command
    only its verb is kept: arguments may hold a secret."""
    path = _write(_report(error, verb))
    where = f"the traceback is in {path}" if path else "its traceback could not be written anywhere"
    return DevenvError(
        f"devenv itself broke: {type(error).__name__}: {error}".rstrip(": "),
        hint=f"This is a bug in devenv, not in your project; {where}. Please report it with that file.",
        code=ExitCode.FAILED,
    )


def _report(error: BaseException, verb: str) -> str:
    head = f"devenv {__version__}, Python {platform.python_version()}, {sys.platform}, `devenv {verb}`\n\n"
    return head + "".join(traceback.format_exception(error))


def _write(text: str) -> Path | None:
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in _folders():
        path = folder / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", errors="backslashreplace"
            ) as file:
                file.write(text)
            return path
        except OSError:
            continue
    return None


def _folders() -> list[Path]:
    from devenv.host.state import state_dir

    try:
        return [state_dir() / "crashes", Path(tempfile.gettempdir())]
    except DevenvError:
        return [Path(tempfile.gettempdir())]
