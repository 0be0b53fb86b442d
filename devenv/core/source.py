"""YAML with places: text in, plain values and the place of every key and value out.

libyaml's events are read one by one, so that what would grow without end (aliases of aliases, depth) is bounded
before anything is built. Values are what Compose reads: see `scalars`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from yaml._yaml import CParser

from devenv.core.scalars import resolve
from devenv.core.yaml_faults import QUOTE_IT, span_at, syntax, unprintable, unquoted_templates
from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.manifest import Document, Path

MAX_DEPTH = 64
MAX_CHARACTERS = 8_000_000
MAX_COPIES = 100_000
"""How many values aliases and `<<` may add to a file."""
MAX_COPIED_CHARACTERS = 8_000_000

_VALUE, _KEY, _RESET = range(3)
_Mark = tuple[Path, int, int, int, int]
"""Path, line, column (from 1), length; whether it is the place of a value, of a key, or of what is taken back."""
_GONE: Any = object()
"""What stands for a value with the tag `!reset`."""


class _Spans(Mapping[Path, Span]):
    """Marks as Spans, made when they are asked for: a large file has more places than anyone looks at."""

    __slots__ = ("_file", "_lines", "_marks")

    def __init__(self, file: str, lines: list[str], marks: dict[Path, _Mark]) -> None:
        self._file, self._lines, self._marks = file, lines, marks

    def __getitem__(self, path: Path) -> Span:
        _, line, column, length, _ = self._marks[path]
        return span_at(self._file, self._lines, line, column, length)

    def __iter__(self) -> Iterator[Path]:
        return iter(self._marks)

    def __len__(self) -> int:
        return len(self._marks)


def read_yaml(text: str, file: str) -> Document:
    """Read `text`, the content of `file` (a name for messages and places).

    Returns a Document; the value of an empty file is None. Aliased values are shared, never copied: treat values as
    frozen. Raises DevenvError, or DevenvErrors where several things are wrong: syntax, keys given twice, keys that
    are not text, unknown tags, aliases that expand beyond MAX_COPIES, depth beyond MAX_DEPTH, a second document.
    """
    documents = _read(text, file, layers=False)
    return documents[0] if documents else Document(file=file, value=None)


def read_layers(text: str, file: str) -> tuple[Document, ...]:
    """The documents of a Compose file, each to be laid over the one before it, with what they take back (`!reset`,
    `!override`); none of an empty file. Else as `read_yaml`."""
    return _read(text, file, layers=True)


def _read(text: str, file: str, *, layers: bool) -> tuple[Document, ...]:
    lines = text.splitlines()
    if len(text) > MAX_CHARACTERS:
        raise DevenvError(
            f"{file} has {len(text)} characters; a manifest may have {MAX_CHARACTERS}.",
            hint="Move data out of it into files of their own.",
            where=Span(file=file),
        )
    try:
        builder = _Builder(text, file, lines, layers=layers)
    except UnicodeEncodeError as error:
        raise unprintable(text, error.start, file) from None
    documents: list[Document] = []
    try:
        while (value := builder.document(first=not documents)) is not _GONE:
            documents.append(_document(file, lines, value, builder.marks))
    except yaml.YAMLError as error:
        templates = unquoted_templates(file, lines)
        found = {str(each.where): each for each in (*builder.errors, *templates)}
        if not templates:  # they are the cause of any other complaint
            found |= {str(each.where): each for each in syntax(error, text, file, lines)}
        raise_all(found.values())
    raise_all(builder.errors)
    return tuple(documents)


def _document(file: str, lines: list[str], value: Any, marks: list[_Mark]) -> Document:
    values, keys, resets = ({mark[0]: mark for mark in marks if mark[4] == kind} for kind in (_VALUE, _KEY, _RESET))
    return Document(
        file=file,
        value=value,
        spans=_Spans(file, lines, values),
        key_spans=_Spans(file, lines, keys),
        resets=tuple(resets),
    )


class _Builder:
    """One reading. Faults that leave the events readable are gathered in `errors`."""

    def __init__(self, text: str, file: str, lines: list[str], *, layers: bool = False) -> None:
        self.next: Callable[[], Any] = CParser(text).get_event
        self.file = file
        self.lines = lines
        self.layers = layers
        self.marks: list[_Mark] = []
        self.errors: list[DevenvError] = []
        self.anchors: dict[str, tuple[Any, int, int, int, int] | None] = {}
        self.nodes = 0  # values so far, aliased ones counted as often as they stand
        self.characters = 0
        self.copies = 0
        self.copied_characters = 0

    def error(self, message: str, hint: str, event: Any, length: int = 1) -> None:
        mark = event.start_mark
        where = span_at(self.file, self.lines, mark.line + 1, mark.column + 1, length)
        self.errors.append(DevenvError(message, hint=hint, where=where))

    def document(self, *, first: bool) -> Any:
        """The next document, _GONE where there is none. Its marks are the Builder's, which begin anew."""
        if first:
            self.next()
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            return _GONE
        if not first and not self.layers:
            self.error("A second YAML document begins here.", "Keep one document a file: remove the `---`.", event, 3)
            raise_all(self.errors)
        self.marks, self.anchors = [], {}
        value = self.node(self.next(), (), 0)
        self.next()
        return None if value is _GONE else value

    def node(self, event: Any, path: Path, depth: int) -> Any:
        kind = type(event)
        start = event.start_mark
        if self.layers and kind is not yaml.AliasEvent and event.tag in ("!reset", "!override"):
            self.marks.append((path, start.line + 1, start.column + 1, len(event.tag), _RESET))
            gone, event.tag = event.tag == "!reset", None
            value = self.node(event, path, depth)
            return _GONE if gone else value
        if kind is yaml.ScalarEvent:
            end = event.end_mark
            length = end.column - start.column if end.line == start.line else 1
            begun = len(self.marks)
            self.marks.append((path, start.line + 1, start.column + 1, max(length, 1), _VALUE))
            self.nodes += 1
            self.characters += len(event.value)
            value = self.scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, begun, len(self.marks), 1, len(event.value))
            return value
        if kind is yaml.AliasEvent:
            return self.alias(event, path)
        if depth >= MAX_DEPTH:
            # What is left of the text cannot be skipped cheaply: this ends the reading.
            self.error(f"More than {MAX_DEPTH} levels stand inside one another here.", "Write it flatter.", event)
            raise_all(self.errors)
        begun, nodes, characters = len(self.marks), self.nodes, self.characters
        self.marks.append((path, start.line + 1, start.column + 1, 1, _VALUE))
        self.nodes += 1
        if event.anchor:
            self.anchors[event.anchor] = None
        self.tag(event, "map" if kind is yaml.MappingStartEvent else "seq")
        value = self.mapping(path, depth) if kind is yaml.MappingStartEvent else self.sequence(path, depth)
        if event.anchor:
            held = (value, begun, len(self.marks), self.nodes - nodes, self.characters - characters)
            self.anchors[event.anchor] = held
        return value

    def sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            item = self.node(event, (*path, len(items)), depth + 1)
            if item is not _GONE:
                items.append(item)
        return items

    def mapping(self, path: Path, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        places: dict[str, Any] = {}
        merged: list[tuple[dict[str, Any], int, int, Path]] = []
        while type(event := self.next()) is not yaml.MappingEndEvent:
            key = self.key(event, path, depth)
            start = event.start_mark
            if key is None:
                self.node(self.next(), path, depth + 1)
                continue
            if key in places:
                first = places[key]
                self.error(
                    f"`{key}` is given twice.",
                    f"It stands at {self.file}:{first.line + 1}:{first.column + 1} already. Keep one of the two.",
                    event,
                    len(key),
                )
            places[key] = start
            if key == "<<" and not event.style:
                merged += self.merge_sources(self.next(), path, depth)
                continue
            here = (*path, key)
            self.marks.append((here, start.line + 1, start.column + 1, max(len(key), 1), _KEY))
            value = self.node(self.next(), here, depth + 1)
            if value is not _GONE:
                items[key] = value
        for source, begun, ended, origin in merged:
            new = {key: value for key, value in source.items() if key not in items}
            items.update(new)
            size = len(origin)
            for place, line, column, length, mark in self.marks[begun:ended]:
                if len(place) > size and (place[size] in new or (mark == _RESET and place[size] not in items)):
                    self.marks.append(((*path, *place[size:]), line, column, length, mark))
        return items

    def key(self, event: Any, path: Path, depth: int) -> str | None:
        """The key, or None where it cannot be one (said)."""
        if isinstance(event, yaml.ScalarEvent):
            self.tag(event, "str")
            if event.style or event.tag or isinstance(resolve(event.value), str):
                if event.anchor:
                    self.anchors[event.anchor] = (event.value, 0, 0, 1, len(event.value))
                return str(event.value)
            shown = event.value or "nothing"
            self.error(
                f"The key `{shown}` is not text.", f'Quote it: "{event.value}".', event, max(len(event.value), 1)
            )
            return str(event.value)
        if isinstance(event, yaml.AliasEvent):
            value = self.alias(event, path)
            if isinstance(value, str):
                return value
            self.error(
                f"The key `*{event.anchor}` is not text.", "Write the key out.", event, len(str(event.anchor)) + 1
            )
            return None
        line = self.lines[event.start_mark.line] if event.start_mark.line < len(self.lines) else ""
        before = line[: event.start_mark.column]
        if before.endswith("{"):
            mark = event.start_mark
            where = span_at(self.file, self.lines, mark.line + 1, mark.column, len(line) - len(before) + 1)
            self.errors.append(DevenvError("A template stands here without quotes.", hint=QUOTE_IT, where=where))
        else:
            self.error("A key cannot be a list or a mapping.", "Write a word as the key.", event)
        self.node(event, path, depth + 1)
        return None

    def merge_sources(self, event: Any, path: Path, depth: int) -> list[tuple[dict[str, Any], int, int, Path]]:
        """The mappings that a `<<` names, the first to win first, each with the slice of its marks."""
        begun = len(self.marks)
        value = self.node(event, (*path, "<<"), depth + 1)
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self.error(
                "`<<` takes a mapping or a list of mappings.", "Name an anchor of a mapping: `<<: *name`.", event
            )
            return []
        ended = len(self.marks)
        if isinstance(value, list):
            return [(source, begun, ended, (*path, "<<", index)) for index, source in enumerate(sources)]
        return [(value, begun, ended, (*path, "<<"))]

    def alias(self, event: Any, path: Path) -> Any:
        name = event.anchor
        held = self.anchors.get(name)
        if held is None:
            message = f"The alias `*{name}` stands inside its own anchor." if name in self.anchors else ""
            self.error(
                message or f"The alias `*{name}` names no anchor.",
                "An alias repeats a value that `&name` marked further up.",
                event,
                len(name) + 1,
            )
            return None
        value, begun, ended, nodes, characters = held
        self.nodes += nodes
        self.characters += characters
        self.copies += nodes
        self.copied_characters += characters
        if self.copies > MAX_COPIES or self.copied_characters > MAX_COPIED_CHARACTERS:
            self.error(
                f"The aliases of this file expand to more than {MAX_COPIES} values.",
                "Write out less through `*name`: each alias repeats all that its anchor holds.",
                event,
                len(name) + 1,
            )
            raise_all(self.errors)
        size = len(self.marks[begun][0]) if ended else 0
        for place, line, column, length, mark in self.marks[begun:ended]:
            self.marks.append(((*path, *place[size:]), line, column, length, mark))
        return value

    def scalar(self, event: Any) -> Any:
        tag = self.tag(event, "")
        if tag and tag != "str":
            value = resolve(event.value)
            kind = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}.get(tag, str)
            if not isinstance(value, kind):  # type: ignore[arg-type]
                self.error(f"`{event.value}` is not what its tag `!!{tag}` says.", "Correct it or drop the tag.", event)
            return float(value) if tag == "float" and isinstance(value, int) else value
        return event.value if event.style or tag else resolve(event.value)

    def tag(self, event: Any, expected: str) -> str:
        """The short name of a YAML tag that stands before the value ("" for none). Others are refused by name."""
        tag = event.tag
        if not tag or tag == "!":
            return "str" if tag else ""
        short = tag.removeprefix("tag:yaml.org,2002:")
        known = (expected,) if expected else ("str", "int", "float", "bool", "null", "timestamp")
        if short in known:
            return str(short)
        shown = f"!!{short}" if short != tag else tag
        hint = "Remove the tag."
        if tag in ("!reset", "!override"):
            hint = "Compose files take a value of another file back so; change it here where it is set."
        self.error(f"The tag `{shown}` is not supported here.", hint, event, len(shown))
        return "str"
