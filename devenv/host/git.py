"""Commits of other repositories, kept where Docker Compose keeps them: what lies in one has the same path for both."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from devenv.core.mask import mask_urls
from devenv.model.errors import DevenvError, ExitCode

_PATIENCE = 300.0
"""Seconds that one call of git may take."""
_OF_ANOTHER = frozenset(
    f"GIT_{name}"
    for name in ("DIR", "WORK_TREE", "COMMON_DIR", "INDEX_FILE", "PREFIX", "OBJECT_DIRECTORY", "SHALLOW_FILE")
)
"""What git tells a hook of the repository it runs for: a call for another folder would work on that one."""


_HELPER = '!f() { test "$1" = get || return 0; %sprintf \'password=%%s\\n\' "$DEVENV_GIT_PASSWORD"; }; f'
_SAYS_USER = "printf 'username=%s\\n' \"$DEVENV_GIT_USER\"; "


def apart(url: str, env: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The web address `url` without the user and password in it, and `env` with them, as git asks its helpers for them:
    arguments are seen by everyone who lists the processes, and .git/config keeps addresses. Any other as it is.

    A user alone is a token, sent with an empty password, unless the person's own helpers know a password for it."""
    parts = urlsplit(url) if url.startswith(("http://", "https://")) else None
    if parts is None or "@" not in parts.netloc:
        return url, dict(env)
    said, _, host = parts.netloc.rpartition("@")
    user, colon, password = said.partition(":")
    about = f"credential.{parts.scheme}://{host}"
    keys = [(f"{about}.helper", ""), (f"{about}.helper", _HELPER % _SAYS_USER)]  # "" forgets those of the person
    if not colon:
        keys = [(f"{about}.username", unquote(user)), (f"{about}.helper", _HELPER % "")]
    begin = int(env.get("GIT_CONFIG_COUNT") or 0)
    config = {"GIT_CONFIG_COUNT": str(begin + len(keys))}
    for number, (key, value) in enumerate(keys, begin):
        config |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    secret = {"DEVENV_GIT_USER": unquote(user), "DEVENV_GIT_PASSWORD": unquote(password)}
    return parts._replace(netloc=host).geturl(), {**env, **config, **secret}


def call(
    folder: Path, *words: str, env: Mapping[str, str] | None = None, patience: float = _PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run git in `folder`, and for the repository there alone. It asks nobody for anything, and speaks English. Raises
    OSError where it cannot be run, subprocess.TimeoutExpired after `patience` seconds."""
    given = os.environ if env is None else env
    env = {name: value for name, value in given.items() if name not in _OF_ANOTHER}
    env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    return subprocess.run(
        ["git", *words], cwd=folder, env={**env, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", check=False, timeout=patience,
    )  # fmt: skip


def fetched(url: str, commit: str, env: Mapping[str, str] | None = None) -> Path:
    """The folder with `commit` of the repository `url`, fetched where it is not there. Raises DevenvError (UNFIT)
    without git, or where the repository does not give it."""
    env = os.environ if env is None else env
    folder = _cache(env) / commit
    if _head(folder) == commit:
        return folder
    if shutil.which("git", path=env.get("PATH")) is None:
        raise DevenvError(
            f"{mask_urls(url)} cannot be fetched: there is no git on this machine.",
            hint="Install git (`apt-get install git`), or name a file of this machine.",
            code=ExitCode.UNFIT,
        )
    plain, env = apart(url, env)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".devenv-") as name:
            new = Path(name) / commit
            new.mkdir()
            for words in (
                ("init", "--quiet"),
                ("remote", "add", "origin", plain),
                ("fetch", "--quiet", "--depth=1", "origin", commit),
                ("checkout", "--quiet", commit),
            ):
                _git(new, words, url, env)
            if folder.exists():  # one that was begun and is not whole
                os.rename(folder, Path(name) / "old")
            os.rename(new, folder)
    except OSError as error:
        if _head(folder) == commit:  # another was quicker
            return folder
        raise DevenvError(
            f"{folder} cannot be written: {error.strerror}.",
            hint="Set XDG_CACHE_HOME to a folder that can be written to.",
            code=ExitCode.UNFIT,
        ) from error
    return folder


def _cache(env: Mapping[str, str]) -> Path:
    given = env.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path(env.get("HOME") or "/") / ".cache") / "docker-compose"


def _head(folder: Path) -> str:
    """The commit that is checked out in `folder`, "" where none is."""
    try:
        return (folder / ".git" / "HEAD").read_text().strip()
    except OSError:
        return ""


def _git(folder: Path, words: tuple[str, ...], url: str, env: Mapping[str, str]) -> None:
    try:
        done = call(folder, *words, env=env)
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1] if done.returncode else ""
    except subprocess.TimeoutExpired:
        said = f"no answer within {_PATIENCE:.0f} s"
    if said:
        raise DevenvError(
            f"{mask_urls(url)} cannot be fetched: {said.removeprefix('fatal: ').rstrip('.')}.",
            hint="See that the address and the commit are right, and that git may read it (`git ls-remote`).",
            code=ExitCode.UNFIT,
        )
