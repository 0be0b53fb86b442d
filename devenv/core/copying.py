"""`cp`: which side is where, and under which name what is copied arrives. Pure; the rules are those of docker and
Compose."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from devenv.model.errors import DevenvError, ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One argument of `cp`: a path in a container of `service`, on this machine where that is "". `stream`: `-`, a tar
    on a standard stream."""

    path: str
    service: str = ""

    @property
    def stream(self) -> bool:
        return not self.service and self.path == "-"

    @property
    def content(self) -> bool:
        """Whether the content of a folder is meant, not the folder: `folder/.`."""
        return posixpath.basename(self.path) == "."

    @property
    def folder(self) -> bool:
        """Whether it can only be a folder, as it is written."""
        return self.path.endswith("/") or self.content

    def __str__(self) -> str:
        return f"{self.service}:{self.path}" if self.service else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What is at a side: nothing, a file or a folder."""

    exists: bool = False
    directory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A tar is unpacked in `folder`; the first part of its names becomes `name` ("" leaves them)."""

    folder: str
    name: str = ""


def sides(source: str, target: str) -> tuple[Side, Side]:
    """Both arguments read. Raises DevenvError (INPUT) unless exactly one of them is in a service."""
    first, second = _side(source), _side(target)
    if bool(first.service) == bool(second.service):
        both = "Both sides are in services." if first.service else "Neither side is in a service."
        raise DevenvError(
            both,
            hint="Copy to this machine first, and from here on: one side is SERVICE:PATH, the other a path here."
            if first.service
            else "Write one side as SERVICE:PATH, such as `devenv cp db:/etc/hosts .`.",
        )
    return first, second


def landing(source: Side, there: There, target: Side, found: There) -> Landing:
    """Where what is at `source` arrives, where `found` is what is at `target` now. Raises DevenvError (FAILED) for a
    folder that would replace a file, and a file for a folder that is not there."""
    if found.exists and found.directory:
        return Landing(folder=target.path)
    if found.exists and there.directory:
        raise DevenvError(
            f"{source} is a folder, and {target} is a file.",
            hint="Name a folder to copy it to, or a name that is free.",
            code=ExitCode.FAILED,
        )
    if not found.exists and target.folder and not there.directory:
        raise DevenvError(
            f"There is no folder {target} to copy {source} into.",
            hint="Make it first, or leave the slash at its end out: the file is called so then.",
            code=ExitCode.FAILED,
        )
    whole = posixpath.normpath(target.path)
    return Landing(folder=posixpath.dirname(whole) or ".", name=posixpath.basename(whole))


def renamed(name: str, landing: Landing) -> str:
    """What an entry of the tar called `name` is called when it arrives, relative to the landing's folder. Raises
    DevenvError (FAILED) for one that would leave it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise DevenvError(
            f"The archive holds {name}, which points out of the folder that it is unpacked in.",
            hint="Nothing devenv copies is called so: do not trust this container.",
            code=ExitCode.FAILED,
        )
    if landing.name and name.partition("/")[0] != ".":
        parts = parts[1:]
    return posixpath.join(*[part for part in (landing.name, *parts) if part] or ["."])


def _side(written: str) -> Side:
    service, colon, path = written.partition(":")
    if not colon or not service or written.startswith(("/", ".")):
        return Side(path=written)
    # Paths in a container begin at its root, whether they say so or not.
    return Side(service=service, path=path if path.startswith("/") else f"/{path}")
