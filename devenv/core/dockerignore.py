"""`.dockerignore`: which files of a build context are not sent. Docker's rules, not git's.

Rules: moby/patternmatcher (`patternmatcher.go`, `ignorefile`): the last pattern that matches a path or one of its
folders decides, `!` takes back, `**` matches any number of folders, a leading and a trailing slash mean nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from devenv.model.errors import DevenvError, Span

State = tuple[bool, ...]
"""Which patterns a folder has matched, to be handed on to what lies in it."""

_WILD = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    text: str
    negated: bool
    matches: Callable[[str], bool]


class Matcher:
    """The patterns of one ignore file. Raises DevenvError, with the line, for one that is not a pattern."""

    def __init__(self, text: str, file: str = ".dockerignore") -> None:
        self._patterns = tuple(_patterns(text, file))

    def look(self, path: str, folder: State | None = None) -> tuple[bool, State]:
        """Whether `path` (relative, with slashes) is ignored, and the state for what lies in it. `folder` is the state
        of the folder that it lies in, None at the top of the context."""
        ignored = False
        state = []
        for index, pattern in enumerate(self._patterns):
            matched = folder is not None and folder[index]
            # A pattern that could not change the answer is not tried, and so its folder's match is not handed on. It
            # shows only in odd orders (`x/y` before `!x`), where Docker's own answer counts.
            if not matched and pattern.negated == ignored:
                matched = pattern.matches(path)
            state.append(matched)
            if matched:
                ignored = not pattern.negated
        return ignored, tuple(state)

    def ignored(self, path: str) -> bool:
        """Whether `path` is ignored, looked at from the top."""
        state: State | None = None
        answer = False
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            answer, state = self.look("/".join(parts[:end]), state)
        return answer

    def may_hold(self, folder: str) -> bool:
        """Whether an ignored `folder` may hold something that a `!` pattern takes back, so that it must be walked."""
        inside = folder + "/"
        for pattern in self._patterns:
            if not pattern.negated:
                continue
            wild = _WILD.search(pattern.text)
            fixed = pattern.text[: wild.start()] if wild else pattern.text
            if fixed.startswith(inside) or (wild and inside.startswith(fixed)):
                return True
        return False


def _patterns(text: str, file: str) -> list[_Pattern]:
    found = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        negated = pattern.startswith("!")
        if negated:
            pattern = pattern[1:].strip()
        try:
            if not pattern:
                raise ValueError("a lone `!` takes nothing back")
            cleaned = _clean(pattern)
            found.append(_Pattern(text=cleaned, negated=negated, matches=_compile(cleaned)))
        except (ValueError, re.error) as error:
            raise DevenvError(
                f"{line.strip()!r} is not a pattern: {error}",
                hint="see https://docs.docker.com/build/concepts/context/#dockerignore-files",
                where=Span(file=file, line=number, column=1, length=len(line), text=line),
            ) from None
    return found


def _clean(pattern: str) -> str:
    """As Go's filepath.Clean, without the slash at its head."""
    cleaned = posixpath.normpath(re.sub("/+", "/", pattern))
    return cleaned[1:] if len(cleaned) > 1 and cleaned.startswith("/") else cleaned


def _compile(pattern: str) -> Callable[[str], bool]:
    if pattern.startswith("**") and not _WILD.search(pattern[2:]):
        ending = pattern[2:]
        return lambda path: path.endswith(ending) or (ending.startswith("/") and path == ending[1:])
    if pattern.endswith("**") and not _WILD.search(pattern[:-2]):
        return lambda path: path.startswith(pattern[:-2])
    if not _WILD.search(pattern):
        return lambda path: path == pattern
    expression = re.compile(_expression(pattern))
    return lambda path: expression.fullmatch(path) is not None


def _expression(pattern: str) -> str:
    out = []
    at = 0
    bracket = False
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at) and not bracket:
            at += 1
            if pattern.startswith("/", at):
                at += 1
            out.append("(.*/)?" if at < len(pattern) else ".*")
        elif char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "\\":
            out.append(re.escape(pattern[at]) if at < len(pattern) else r"\\")
            at += 1
        elif char in "[]":
            bracket = char == "["
            out.append(char)
        elif bracket:
            out.append(char)
        else:
            out.append(re.escape(char))
    return "".join(out)
