"""Addresses of Compose files in git repositories: `https://host/repo.git#<commit>:<path>`.

Source: docker/compose `pkg/remote/git.go`; moby/buildkit `util/gitutil` (how such an address is read).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devenv.core.mask import mask_urls
from devenv.model.errors import DevenvError, Span

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCHEMES = ("https://", "http://", "ssh://", "git://", "file://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The repository `url` at `commit` (its whole hash), and in it the file or folder `path` ("" for its top)."""

    url: str
    commit: str
    path: str


def is_remote(file: str) -> bool:
    """Whether `file` is an address and no path."""
    return "://" in file or file.startswith(("git@", "github.com/"))


def read(file: str, where: Span) -> Address:
    """The parts of an address. Raises DevenvError (INPUT) for one that is not of a git repository, or names no
    commit: what a branch holds changes, and with it the stack, without a change in the file."""
    url, _, rest = file.partition("#")
    commit, _, path = rest.partition(":")
    if url.startswith("github.com/"):
        url = f"https://{url}"
    shown = mask_urls(url)
    if not url.startswith((*_SCHEMES, "git@")):
        raise DevenvError(
            f"{shown} is no address that devenv fetches Compose files from.",
            hint="Name a file of this machine, or one of a git repository: `https://host/repo.git#<commit>:<path>`.",
            where=where,
        )
    if not _COMMIT.fullmatch(commit):
        said = f"`{commit}`, which is no whole commit" if commit else "no commit"
        raise DevenvError(
            f"{shown} is named with {said}.",
            hint=f"Pin it: `{shown}#<commit>{':' + path if path else ''}`; `git ls-remote {shown}` lists commits.",
            where=where,
        )
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise DevenvError(f"`{path}` leads out of the repository.", hint="Name a file inside it.", where=where)
    return Address(url=url, commit=commit, path=path.rstrip("/"))
