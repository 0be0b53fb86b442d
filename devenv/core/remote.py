"""Build contexts that are no folder of this machine: how they are told, and the parts of a git one.

Compose-go's `paths` (what stays as it is written) and moby/buildkit's `util/gitutil` (`REPOSITORY#REF:FOLDER`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCP = re.compile(r"[\w.-]+@[\w.-]+:.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """What of a repository is a context: `ref` is a branch, a tag or a commit ("" for its default), `folder` is
    relative to its root."""

    url: str
    ref: str = ""
    folder: str = ""


def is_remote(place: str) -> bool:
    """Whether `place` names something that is not a path."""
    return "://" in place or place.startswith(("git@", "github.com/"))


def git(place: str) -> Git | None:
    """The repository that `place` names; None where it is none."""
    url, _, fragment = place.partition("#")
    ref, _, folder = fragment.partition(":")
    if url.startswith("github.com/"):
        return Git(url=f"https://{url}", ref=ref, folder=folder)
    scheme = url.partition("://")[0] if "://" in url else ""
    web = scheme in ("http", "https") and not url.partition("?")[0].endswith(".git")
    if web or (scheme not in ("http", "https", "git", "ssh", "file") and not _SCP.fullmatch(url)):
        return None
    return Git(url=url, ref=ref, folder=folder)


def archive(place: str) -> bool:
    """Whether `place` is a file of the web: an archive, or a Dockerfile alone."""
    return place.startswith(("http://", "https://")) and git(place) is None
