"""What stands round a rendered file: who made it, and a digest by which an edit by hand is known."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from devenv.core.template import plain

RENDERER = 1
"""Counts up when the same manifest gives other files: an older renderer leaves a newer one's files alone."""

State = Literal["new", "same", "stale", "edited", "newer"]

_STAMP = re.compile(r"renderer ([0-9]+), digest (sha256:[0-9a-f]{32}|-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is not what its manifest gives. `state`: `new` (not there), `stale` (ours, of another manifest),
    `edited` (a person's hand), `newer` (of a newer devenv). `diff` is unified, from what is there to what should be."""

    path: str
    state: State
    diff: str


def stamp() -> str:
    """The words that `sealed` completes; a frame carries them once."""
    return f"renderer {RENDERER}, digest -"


def framed(frame: str, values: Mapping[str, str]) -> str:
    """A frame of `templates/` filled in and sealed with the digest of its text."""
    text = plain(frame, {**values, "stamp": stamp()})
    return _STAMP.sub(lambda match: f"renderer {match[1]}, digest {_digest(text)}", text, count=1)


def _digest(text: str) -> str:
    """Over the text without its digest; line ends do not count, since git may change them."""
    bare = _STAMP.sub(lambda match: f"renderer {match[1]}, digest -", text.replace("\r\n", "\n"), count=1)
    return "sha256:" + hashlib.sha256(bare.encode()).hexdigest()[:32]


def state(rendered: str, existing: str | None) -> State:
    """How the file that is there stands to the one that was rendered."""
    if existing is None:
        return "new"
    if existing.replace("\r\n", "\n") == rendered:
        return "same"
    found = _STAMP.search(existing)
    if found is None or found[2] != _digest(existing):
        return "edited"
    return "newer" if int(found[1]) > RENDERER else "stale"


def difference(path: str, rendered: str, existing: str | None) -> Difference:
    """The difference as a person reads it."""
    import difflib

    before = (existing or "").replace("\r\n", "\n").splitlines(keepends=True)
    lines = difflib.unified_diff(before, rendered.splitlines(keepends=True), f"{path} (there)", f"{path} (rendered)")
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return Difference(path=path, state=state(rendered, existing), diff=text)


def stamped(text: str) -> bool:
    """Whether devenv made it, whoever edited it since."""
    return _STAMP.search(text) is not None
