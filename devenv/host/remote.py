"""Build contexts from elsewhere, brought to this host: repositories by its git, archives of the web.

They are kept in the user's cache, a folder for each commit or content, so that what was fetched once needs no network.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from devenv.core.mask import mask_urls
from devenv.core.remote import Git
from devenv.core.remote import git as read_git
from devenv.host.files import read_text
from devenv.host.git import apart, call
from devenv.host.state import cache_dir
from devenv.host.unpacking import Broken, unpack
from devenv.model.errors import DevenvError, ExitCode

_GIT = 300.0
_ANSWER = 30.0
"""Seconds in which git must be done, and a web server must answer."""
_LARGEST = 512 * 1024**2
"""Bytes of an archive: a build context of more is not meant."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch(place: str, *, anew: bool) -> str:
    """The folder that holds the context `place`, which is a repository's or an archive's address. What is in the cache
    is used as it is unless `anew`; a whole commit never changes. Raises DevenvError: INPUT for what no build can use,
    UNFIT for what cannot be reached."""
    repository, shown = read_git(place), mask_urls(place)
    if repository is None and not place.startswith(("http://", "https://")):
        raise DevenvError(
            f"devenv builds from no `{place.partition('://')[0]}` context ({shown})",
            hint="name a folder, a git repository or an archive of the web",
        )
    env: Mapping[str, str] = os.environ
    if repository is not None:
        plain, env = apart(repository.url, env)
        repository = replace(repository, url=plain)
    whole = f"{repository.url}#{repository.ref}" if repository else place
    cache = cache_dir() / "contexts" / hashlib.sha256(whole.encode()).hexdigest()[:24]
    known = cache / "current"
    fixed = repository is not None and _COMMIT.fullmatch(repository.ref)
    if not anew or fixed:
        with contextlib.suppress(DevenvError):
            if os.path.isdir(found := cache / read_text(known)):
                return _inside(found, repository, shown)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="new-") as folder:
        made = Path(folder) / "content"
        made.mkdir()
        name = _clone(repository, shown, made, env) if repository else _download(place, made)
        kept = cache / name
        if not kept.is_dir():
            with contextlib.suppress(OSError):  # another process was first
                os.rename(made, kept)
        pointer = Path(folder) / "current"
        pointer.write_text(name, encoding="utf-8")
        os.replace(pointer, known)
    for old in cache.iterdir():
        if old.is_dir() and old.name != name and not old.name.startswith("new-"):
            shutil.rmtree(old, ignore_errors=True)
    return _inside(kept, repository, shown)


def _inside(folder: Path, repository: Git | None, place: str) -> str:
    inner = (folder / (repository.folder if repository else "").strip("/")).resolve()
    if not inner.is_relative_to(folder.resolve()) or not inner.is_dir():
        raise DevenvError(
            f"{place} has no folder {repository.folder if repository else ''}",
            hint="correct what stands after the second `:` of the build's context",
        )
    return str(inner)


def _clone(repository: Git, place: str, folder: Path, env: Mapping[str, str]) -> str:
    """The commit that `repository` names, with its submodules and without git's own folder; its hash."""
    ref = repository.ref or "HEAD"
    git = partial(_git, folder, place, env)
    git("init", "-q", ".")
    if _COMMIT.fullmatch(ref):
        try:
            git("fetch", "-q", "--depth=1", "--", repository.url, ref)
        except DevenvError:  # a server that gives no commit by its hash
            git("fetch", "-q", "--tags", "--", repository.url, "+refs/heads/*:refs/remotes/origin/*")
            git("update-ref", "FETCH_HEAD", ref)
    else:
        git("fetch", "-q", "--depth=1", "--", repository.url, ref)
    git("checkout", "-q", "--detach", "FETCH_HEAD")
    if (folder / ".gitmodules").exists():
        git("remote", "add", "origin", repository.url)
        git("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
    commit = git("rev-parse", "HEAD").strip()
    for inner in [folder / ".git", *folder.rglob(".git")]:
        if inner.is_dir():
            shutil.rmtree(inner)
        else:
            inner.unlink(missing_ok=True)
    return commit


def _git(folder: Path, place: str, env: Mapping[str, str], *words: str) -> str:
    try:
        done = call(folder, *words, env=env, patience=_GIT)
    except OSError as error:
        raise DevenvError(
            f"the build's context {place} needs git, which cannot be run: {error.strerror}",
            hint="install git (Debian: `apt install git`)",
            code=ExitCode.UNFIT,
        ) from None
    except subprocess.TimeoutExpired:
        raise _unreached(place, f"git was not done in {_GIT:.0f} s") from None
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.startswith(("fatal:", "error:"))]
        raise _unreached(place, (said[0].partition(": ")[2] if said else "git failed"))
    return done.stdout


def _download(place: str, folder: Path) -> str:
    """The archive at `place` unpacked, or a Dockerfile as it is; the digest of what came."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    shown, parts = mask_urls(place), urlsplit(place)
    said, _, host = parts.netloc.rpartition("@")
    request = Request(parts._replace(netloc=host).geturl(), headers={"User-Agent": "devenv"})
    if said:  # for this host alone, not for one that it sends on to
        user, _, password = said.partition(":")
        pair = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {pair}")
    try:
        with urlopen(request, timeout=_ANSWER) as answer:
            content = answer.read(_LARGEST + 1)
    except (URLError, OSError, ValueError) as error:
        raise _unreached(shown, str(getattr(error, "reason", error))) from None
    if len(content) > _LARGEST:
        raise DevenvError(
            f"the build's context {shown} is larger than {_LARGEST // 1024**2} MB",
            hint="build from a folder that has what the build needs",
        )
    try:
        unpack(content, folder)
    except Broken as error:
        raise DevenvError(
            f"the archive {shown} cannot be unpacked: {error}",
            hint="take another archive: this one is broken, or meant to harm",
        ) from None
    except tarfile.TarError:
        # As the engine has it: what is no archive is the Dockerfile itself.
        (folder / "Dockerfile").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _unreached(place: str, why: str) -> DevenvError:
    return DevenvError(
        f"the build's context {place} cannot be fetched: {why}",
        hint="see the address, the network and your rights there; or clone it and name the folder",
        code=ExitCode.UNFIT,
    )
