"""Where devenv keeps what is the user's and not a project's: caches that may vanish, state that should not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from devenv.model.errors import DevenvError, ExitCode


def cache_dir(env: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CACHE_HOME/devenv`, made where missing. Raises DevenvError (UNFIT) where it cannot be."""
    return _made(os.environ if env is None else env, "XDG_CACHE_HOME", ".cache")


def state_dir(env: Mapping[str, str] | None = None) -> Path:
    """`$XDG_STATE_HOME/devenv` (locks, the record of an engine that devenv started), made where missing."""
    return _made(os.environ if env is None else env, "XDG_STATE_HOME", ".local/state")


def _made(env: Mapping[str, str], variable: str, under_home: str) -> Path:
    # The XDG rules: a relative value is to be ignored.
    given = env.get(variable, "")
    base = Path(given) if given.startswith("/") else Path(env.get("HOME") or "/") / under_home
    folder = base / "devenv"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DevenvError(
            f"{folder} cannot be made: {error.strerror}.",
            hint=f"Set {variable} to a folder that can be written to.",
            code=ExitCode.UNFIT,
        ) from error
    return folder
