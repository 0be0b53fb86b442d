"""What a one-shot is given to read: files and folders of the repository that are mounted read-only, and configs from
files. They are part of what it does (a folder of migrations), so it runs again when they change.

What is mounted to be written to is not: the one-shot may have written it itself.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import replace

from devenv.core.selection import one_shots
from devenv.model.stack import Service, Stack

_WHOLE = 1 << 20
"""Bytes up to which a file is read; of a larger one size and time tell whether it changed."""
_LEFT_OUT = frozenset((".git", "__pycache__"))


def with_contents(stack: Stack) -> Stack:
    """`stack` with the `content` of its one-shots."""
    found = {}
    for name in one_shots(stack.services):
        content = dict(_contents(stack.services[name], stack.folder))
        if content:
            found[name] = replace(stack.services[name], content=content)
    return replace(stack, services={**stack.services, **found}) if found else stack


def _contents(service: Service, folder: str) -> Iterator[tuple[str, str]]:
    """(Path in the container, digest) of each. The whole repository is none: devenv itself writes there, as does all
    that one works on."""
    for mount in service.config.get("volumes") or ():
        source = str(mount.get("source") or "")
        if mount.get("type") == "bind" and mount.get("read_only") and source.startswith(folder.rstrip("/") + "/"):
            yield mount["target"], _digest(source)
    configs = {
        posixpath.join("/", each.get("target") or each["source"]) for each in service.config.get("configs") or ()
    }
    for grant in service.grants:
        if grant.source is not None and grant.target in configs:
            yield grant.target, _digest(grant.source)


def _digest(path: str) -> str:
    """Of a file or of all that lies below a folder: names and contents, no times: a clone has the same."""
    found = hashlib.sha256()
    for name, mark in _marks(path):
        found.update(f"{name}\0{mark}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _marks(path: str) -> Iterator[tuple[str, str]]:
    if not os.path.isdir(path):
        yield "", _mark(os.path.realpath(path))
        return
    for parent, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(files):
            full = os.path.join(parent, name)
            yield os.path.relpath(full, path), _mark(full)


def _mark(path: str) -> str:
    try:
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            return f"link {os.readlink(path)}"
        if not stat.S_ISREG(seen.st_mode):
            return str(stat.S_IFMT(seen.st_mode))
        if seen.st_size > _WHOLE:
            return f"{seen.st_size} {seen.st_mtime_ns}"
        with open(path, "rb") as file:
            return hashlib.sha256(file.read(_WHOLE)).hexdigest()
    except OSError as error:
        return type(error).__name__  # what cannot be read is told by who mounts it
