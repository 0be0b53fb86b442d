"""Rows of CSV and JSON lines as COPY takes them, in constant memory."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator

from devenv.core.sql import literal, quoted
from devenv.extensions.seeders.files import SeedError, Source, shown, unreadable
from devenv.model.errors import ExitCode
from devenv.model.stack import Seed

_END = re.compile(rb"\n\\\.\r?\n")
_BATCH = 64 * 1024
_NUMBERED = re.compile(r"^[0-9]+[-_. ]+(?=.)")


def table_names(name: str) -> list[str]:
    """Names that the table `name` may have in the database, best first: as written, in small letters, and without the
    number that puts files in order (`10-orders.csv`)."""
    names = [name, _NUMBERED.sub("", name)]
    if '"' in name:
        return [name]
    found: list[str] = []
    for each in (*names, *(each.lower() for each in names)):
        schema, dot, rest = each.partition(".")
        found.append(f"{quoted(schema)}.{quoted(rest)}" if dot and schema and rest else quoted(each))
    return list(dict.fromkeys(found))


def csv_copy(seed: Seed) -> str:
    """The COPY that takes the file of `seed`. The columns are those of the option `columns`, else of the header, else
    the table's own, in its order. Raises SeedError."""
    header = bool(seed.options.get("header", True))
    delimiter = str(seed.options.get("delimiter", ","))
    columns = [str(each) for each in seed.options.get("columns") or ()]
    if header and not columns:
        columns = _header(seed, delimiter)
    listed = f" ({', '.join(quoted(column) for column in columns)})" if columns else ""
    options = [
        "FORMAT csv",
        f"HEADER {'true' if header else 'false'}",
        f"DELIMITER {literal(delimiter)}",
        f"NULL {literal(str(seed.options.get('null', '')))}",
        "ENCODING 'UTF8'",
    ]
    return f"COPY :devenv_table{listed} FROM STDIN WITH ({', '.join(options)});\n"


def csv_rows(seed: Seed, source: Source) -> Iterator[bytes]:
    """The file as it is, and the end of it."""
    carry, before, line_end = b"\n", 0, b""
    for chunk in source.chunks():
        text = carry + chunk
        if not line_end and b"\n" in chunk:
            # The end must be a line of the file's own kind.
            first = text.index(b"\n", len(carry))
            line_end = b"\r\n" if text[first - 1 : first] == b"\r" else b"\n"
        if b"\n\\." in text and (match := _END.search(text)):
            raise _end_mark(seed, before + text[: match.start() + 1].count(b"\n"))
        yield chunk
        cut = max(0, len(text) - 4)
        before += text[:cut].count(b"\n")
        carry = text[cut:]
    if carry.endswith((b"\n\\.", b"\n\\.\r")):
        raise _end_mark(seed, before + carry.count(b"\n"))
    line_end = line_end or b"\n"
    yield (b"" if carry.endswith(b"\n") else line_end) + b"\\." + line_end


def _end_mark(seed: Seed, line: int) -> SeedError:
    return SeedError(
        f"{shown(seed)}:{line}: a line that is only \\. ends the data for PostgreSQL",
        hint="quote that value together with another on its line, or load it as JSON lines",
        code=ExitCode.INPUT,
    )


def _header(seed: Seed, delimiter: str) -> list[str]:
    try:
        with open(seed.file, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            names = next(csv.reader(file, delimiter=delimiter), [])
    except OSError as error:
        raise unreadable(seed, error) from None
    except (csv.Error, TypeError) as error:
        raise SeedError(
            f"{shown(seed)}:1: the header cannot be read: {error}",
            hint="the first line names the columns; where it does not, say `header: false`",
            code=ExitCode.INPUT,
        ) from None
    names = [name.strip() for name in names]
    if any("\udc80" <= char <= "\udcff" for name in names for char in name):
        raise not_utf8(seed, 1)
    if not all(names) or not names:
        raise SeedError(
            f"{shown(seed)}:1: " + ("a column has no name" if names else "the file has no header"),
            hint="the first line names the columns; where it does not, say `header: false`",
            code=ExitCode.INPUT,
        )
    return names


def not_utf8(seed: Seed, line: int) -> SeedError:
    """What to say of bytes that are no text."""
    return SeedError(
        f"{shown(seed)}:{line}: not UTF-8 text",
        hint="save it as UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8`)",
        code=ExitCode.INPUT,
    )


class JsonLines:
    """One reading of a file of JSON lines, for a table of (line number, set of keys, object). `keys` are the sets met,
    with the line where each was first seen."""

    COPY = "COPY pg_temp.devenv_lines FROM STDIN;\n"

    def __init__(self, seed: Seed, source: Source) -> None:
        self._seed = seed
        self._source = source
        self._only = [str(each) for each in seed.options.get("columns") or ()]
        self._numbers: dict[tuple[str, ...], int] = {}
        self._blank: list[int] = []
        self.keys: dict[tuple[str, ...], int] = {}

    def rows(self) -> Iterator[bytes]:
        """The lines for COPY, and the end of them. Raises SeedError for what is no object."""
        yield from batched(self._rows())
        yield b"\\.\n"

    def inserts(self, insert: Callable[[int, tuple[str, ...]], str]) -> str:
        """`insert` for each set of keys."""
        return "".join(insert(number, keys) for keys, number in self._numbers.items())

    def line(self, sent: int) -> int:
        """The file's line of the `sent`th row."""
        for blank in self._blank:
            sent += blank <= sent
        return sent

    def _rows(self) -> Iterator[bytes]:
        decoder = json.JSONDecoder(parse_constant=_no_constant)
        for number, raw in enumerate(self._source.lines(), 1):
            text = raw.strip()
            if not text:
                self._blank.append(number)
                continue
            try:
                found = decoder.decode(text.decode())
            except UnicodeDecodeError:
                raise not_utf8(self._seed, number) from None
            except (ValueError, RecursionError) as error:
                at = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
                why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise self._no_object(number, f"no JSON: {why}{at}") from None
            if not isinstance(found, dict) or not found:
                raise self._no_object(number, "no JSON object" if not isinstance(found, dict) else "an empty object")
            keys = tuple(key for key in self._only if key in found) if self._only else tuple(sorted(found))
            if not keys:
                raise self._no_object(number, f"none of {', '.join(self._only)}")
            if keys not in self._numbers:
                self._numbers[keys] = len(self._numbers)
                self.keys[keys] = number
            body = text.replace(b"\\", b"\\\\").replace(b"\t", b" ")
            yield b"%d\t%d\t%b\n" % (number, self._numbers[keys], body)

    def _no_object(self, line: int, what: str) -> SeedError:
        return SeedError(
            f"{shown(self._seed)}:{line}: {what}",
            hint="each line is one JSON object, its keys the columns (`jq -c '.[]'` makes lines of a list)",
            code=ExitCode.INPUT,
        )


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def batched(lines: Iterable[bytes]) -> Iterator[bytes]:
    """`lines` in parts worth sending."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _BATCH:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
