"""A YAML file changed as a person changes it: only the lines that differ, comments and anchors kept.

`edited` is right or None: what it wrote is read again, and must be the value that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.core.render.yaml import emit, scalar
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError
from devenv.model.manifest import Document, Path

_MORE = re.compile(r"(?:^|\s)#|(?:^\s*|[:\[,-]\s+|<<:\s*)[&*!]")
"""A comment, an anchor, an alias or a tag."""
_Change = tuple[int, int, list[str]]
"""Lines from (0-based) to before, and what stands there instead."""


class _CannotError(Exception):
    """The text is written in a way that is not changed line by line."""


def edited(text: str, document: Document, value: Mapping[str, Any]) -> str | None:
    """`text`, which was read as `document`, saying `value` instead; None where that cannot be done line by line."""
    lines = text.removesuffix("\n").split("\n")
    editor = _Editor(lines, document)
    try:
        editor.mapping((), document.value, value)
        result = "\n".join(_applied(lines, editor.changes)) + "\n"
        read = read_yaml(result, document.file).value
    except (_CannotError, DevenvError):
        return None
    return result if same(read, value) else None


def same(one: Any, other: Any) -> bool:
    """Whether both are the same value, kinds of scalars included."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def _applied(lines: list[str], changes: list[_Change]) -> list[str]:
    ordered = sorted(changes, key=lambda change: (change[0], change[1]))
    result: list[str] = []
    at = 0
    for start, end, new in ordered:
        if start < at:
            raise _CannotError
        result += [*lines[at:start], *new]
        at = end
    return [*result, *lines[at:]]


class _Editor:
    def __init__(self, lines: list[str], document: Document) -> None:
        self.lines, self.document = lines, document
        self.changes: list[_Change] = []

    def mapping(self, path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """The mapping at `path`, of which each key begins a line of its own."""
        if not new:
            raise _CannotError
        places = {key: place for key in old if (place := self.place((*path, key))) is not None}
        if not places:
            raise _CannotError
        indent = self.indent((*path, next(iter(places))))
        for key in old:
            if key in new and same(old[key], new[key]):
                continue
            if key not in places:
                raise _CannotError  # it stands elsewhere, under an anchor
            if key in new:
                self.value((*path, key), old[key], new[key], places[key])
            else:
                self.changes.append((*places[key], []))
        keys = list(new)
        gone = {key for key in old if key not in new}
        for index, key in enumerate(keys):
            if key not in old:
                follower = next((places[after][0] for after in keys[index:] if after in places), None)
                at = self.above(follower, indent) if follower is not None else max(end for _, end in places.values())
                written = self.written(key, new[key], indent)
                before = max(
                    (each for each in places if places[each][0] < at), key=lambda each: places[each], default=""
                )
                if before in gone and len(written) == 1:
                    gone.remove(before)
                    written[0] += self.behind((*path, before))
                self.changes.append((at, at, written))

    def behind(self, path: Path) -> str:
        """The comment behind a value that ends in the line of its key, with the blanks before it."""
        span = self.spans.get(path)
        line = self.lines[span.line - 1][span.column - 1 + span.length :] if span is not None else ""
        return line.rstrip() if line.strip().startswith("#") else ""

    def value(self, path: Path, old: Any, new: Any, place: tuple[int, int]) -> None:
        if isinstance(old, Mapping) and isinstance(new, Mapping) and self.in_block(path, old):
            self.mapping(path, old, new)
        elif isinstance(old, list) and isinstance(new, list) and self.listed(path, old, new, place):
            return
        elif isinstance(old, str) and isinstance(new, str) and place[1] == place[0] + 1:
            self.text(path, new)
        else:
            if any(_MORE.search(line) for line in self.lines[slice(*place)]):
                raise _CannotError  # a comment or an anchor would be lost
            self.changes.append((*place, self.written(str(path[-1]), new, self.indent(path))))

    def listed(self, path: Path, old: list[Any], new: list[Any], place: tuple[int, int]) -> bool:
        """A list changed item by item; whether that was all there is to it."""
        return (len(old) == len(new) and self.items(path, old, new)) or self.longer(path, old, new, place)

    def items(self, path: Path, old: list[Any], new: list[Any]) -> bool:
        """Texts of a list changed where they stand; whether that was all there is to it."""
        changed = [(index, new[index]) for index in range(len(old)) if not same(old[index], new[index])]
        lines = [self.document.spans[(*path, index)].line for index, _ in changed if (*path, index) in self.spans]
        texts = all(isinstance(old[index], str) and isinstance(item, str) for index, item in changed)
        if not texts or len({*lines}) < len(changed):
            return False
        for index, item in changed:
            self.text((*path, index), item)
        return True

    def longer(self, path: Path, old: list[Any], new: list[Any], place: tuple[int, int]) -> bool:
        """Items put behind those of a list that has each in a line; whether that was all there is to it."""
        first = self.spans.get((*path, 0))
        if first is None or not same(old, new[: len(old)]):
            return False
        mark = re.match(r" *- +", self.lines[first.line - 1])
        if mark is None or first.line - 1 == place[0]:
            return False
        indent = len(mark[0]) - len(mark[0].lstrip())
        lines = self.written("-", new[len(old) :], 0)[1:]
        self.changes.append((place[1], place[1], [f"{' ' * indent}{line[2:]}" for line in lines]))
        return True

    @property
    def spans(self) -> Mapping[Path, Any]:
        return self.document.spans

    def text(self, path: Path, new: str) -> None:
        span = self.spans.get(path)
        if span is None:
            raise _CannotError
        line, start = self.lines[span.line - 1], span.column - 1
        written = line[:start] + scalar(new) + line[start + span.length :]
        self.changes.append((span.line - 1, span.line, [written]))

    def in_block(self, path: Path, value: Mapping[str, Any]) -> bool:
        return any(self.place((*path, key)) is not None for key in value)

    def indent(self, path: Path) -> int:
        return self.document.key_spans[path].column - 1

    def place(self, path: Path) -> tuple[int, int] | None:
        """The lines of a key and its value, None where it does not begin a line of its own below its parent's;
        comments and blank lines behind them are the next key's."""
        span = self.document.key_spans.get(path)
        if span is None or self.lines[span.line - 1][: span.column - 1].strip():
            return None
        parent = self.document.key_spans.get(path[:-1])
        if parent is not None:
            within = self.place(path[:-1])
            if within is None or not within[0] < span.line - 1 < within[1] or span.column <= parent.column:
                return None
        start, indent = span.line - 1, span.column - 1
        end = start + 1
        for number in range(start + 1, len(self.lines)):
            line = self.lines[number]
            inside = line.strip() and not line.lstrip().startswith("#")
            depth = len(line) - len(line.lstrip())
            if not inside:
                if line.strip() and depth > indent:
                    end = number + 1  # a comment of its own
                continue
            if depth < indent or (depth == indent and not line.startswith("- ", indent) and line.strip() != "-"):
                break
            end = number + 1
        return start, end

    def above(self, line: int, indent: int) -> int:
        """Where something is put before the key at `line`: above the comments that belong to that."""
        while line > 0 and re.match(rf" {{{indent}}}#", self.lines[line - 1]) and line > 1:
            line -= 1
        return line

    def written(self, key: str, value: Any, indent: int) -> list[str]:
        mark = " " * indent
        return [f"{mark}{line}" if line else "" for line in emit({key: value}).removesuffix("\n").split("\n")]
