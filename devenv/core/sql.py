"""SQL files as psql reads them: where statements begin and end, which of them no transaction can hold.

Only what a seeder must know before it sends a file is understood here; the server judges the rest. The rules are
psql's own lexer's (`psqlscan.l`), with `standard_conforming_strings` on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_IDENT = rb"A-Za-z0-9_\x80-\xff$"
_SIGNS = rb"--|/\*|'|\"|(?<![" + _IDENT + rb"])\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$|[;()\\]"
_ESCAPED = rb"(?<![" + _IDENT + rb"])[eE]'"
_HEAD = re.compile(_ESCAPED + rb"|[A-Za-z_\x80-\xff][" + _IDENT + rb"]*|[0-9][" + _IDENT + rb"]*|" + _SIGNS)
_BODY = re.compile(_ESCAPED + rb"|" + _SIGNS)
_END_OF_ESCAPED = re.compile(rb"\\[\s\S]|''|'")
_COMMENT = re.compile(rb"/\*|\*/")
_META = re.compile(rb"\\(;|[^\s\\;]+)?[^\n]*")
_FROM_STDIN = re.compile(r"\bFROM\s+(?:STDIN|PSTDIN)\b", re.IGNORECASE)
_END_OF_DATA = (b"\\.\n", b"\\.\r\n", b"\\.")
_WORDS = 6
_TEXT = 4096
_SENDS = re.compile(r"g|gx|gset|gexec|gdesc|crosstabview|watch|;")
_ALONE = {
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
    ("ALTER", "SYSTEM"),
    ("REINDEX", "DATABASE"),
    ("REINDEX", "SYSTEM"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: the lines (from 1) of its first word and of its `;`, its first words in capitals, the begin of
    its text. `data` is the first line of the rows that follow a `COPY … FROM STDIN`, 0 for others."""

    line: int
    end: int
    words: tuple[str, ...]
    text: str
    data: int = 0

    @property
    def excerpt(self) -> str:
        """The begin of its text on one line."""
        text = " ".join(self.text.split())
        return text if len(text) <= 100 else text[:99].rstrip() + "…"

    @property
    def control(self) -> str:
        """`BEGIN`, `COMMIT`, … where it begins or ends a transaction, else ""."""
        first, second = (*self.words, "", "")[:2]
        if first in ("BEGIN", "COMMIT", "END", "ABORT"):
            return first
        if (first, second) in (("START", "TRANSACTION"), ("PREPARE", "TRANSACTION")):
            return f"{first} {second}"
        if first == "ROLLBACK" and "TO" not in self.words:
            return first
        return ""

    @property
    def alone(self) -> str:
        """Its name where the server runs it outside of a transaction only, else ""."""
        words = self.words
        if words[:1] == ("VACUUM",):
            return "VACUUM"
        if words[:2] in _ALONE:
            return " ".join(words[:2])
        if "CONCURRENTLY" in words and words[0] in ("CREATE", "DROP", "REINDEX"):
            return " ".join(words[: words.index("CONCURRENTLY") + 1])
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A command to psql itself: `\\name`, with the rest of its line in `text`."""

    line: int
    name: str
    text: str


class Scanner:
    """Takes a file line by line, with its line ends, and says what ended in each."""

    def __init__(self) -> None:
        self._line = 0
        self._open = ""
        """What is open: `'`, `"`, `E'`, `/*`, `COPY` or the sign of a dollar quote; "" for none."""
        self._since = 0
        self._comments = 0
        self._reset()

    def _reset(self) -> None:
        self._start = 0
        self._words: list[str] = []
        self._text = b""
        self._parens = 0
        self._blocks = 0

    @property
    def unfinished(self) -> tuple[str, int]:
        """What is still open and the line where it was opened: ("a string", 12); ("", 0) where nothing is."""
        names = {
            "'": "a string",
            "E'": "a string",
            '"': "a quoted name",
            "/*": "a comment",
            "COPY": "the data of a COPY",
        }
        return (names.get(self._open, f"a text in {self._open}"), self._since) if self._open else ("", 0)

    def feed(self, line: bytes) -> list[Statement | Meta]:
        """The next line. What it ends, in order."""
        self._line += 1
        if self._in_rows():
            if line in _END_OF_DATA:
                self._open = ""
            return []
        found: list[Statement | Meta] = []
        at, kept = 0, 0
        while at < len(line):
            if self._open:
                at = self._close(line, at)
                continue
            match = self._pattern().search(line, at)
            if match is None:
                break
            sign, begin, at = match[0], match.start(), match.end()
            if sign == b"--":
                at = len(line)
                break
            if sign == b"/*":
                self._comments = 1
                self._enter("/*")
                continue
            if sign == b"\\":
                meta = _META.match(line, begin)
                assert meta is not None
                name, rest = (meta[1] or b"").decode("utf-8", "replace"), meta[0][1 + len(meta[1] or b"") :]
                at = meta.end(1) if name == ";" else meta.end()
                found += self._meta(name, rest.decode("utf-8", "replace").strip(), line[kept:begin])
                kept = at
                continue
            if not self._start and sign != b";":
                self._start, kept = self._line, begin
            if sign == b";":
                if self._parens == 0 and self._blocks == 0:
                    self._keep(line[kept:at])
                    found += self._ended()
                    kept = at
            elif sign in (b"(", b")"):
                self._parens = max(0, self._parens + (1 if sign == b"(" else -1))
            elif sign in (b"'", b'"') or sign[:1] == b"$" or sign[-1:] == b"'":
                self._enter(sign.decode("utf-8", "replace").upper() if sign[-1:] == b"'" else sign.decode("latin-1"))
            else:
                self._word(sign)
            if self._in_rows():
                break
        if self._start and not self._in_rows():
            self._keep(line[kept:])
        return found

    def finish(self) -> list[Statement | Meta]:
        """The end of the file: psql runs a last statement without its `;`, too."""
        return self._ended() if self._words and not self._open else []

    def _pattern(self) -> re.Pattern[bytes]:
        # Words are looked for where they tell something; rows of a long INSERT do without.
        return _HEAD if len(self._words) < _WORDS or self._words[0] == "CREATE" else _BODY

    def _in_rows(self) -> bool:
        return self._open == "COPY"

    def _enter(self, what: str) -> None:
        self._open, self._since = what, self._line

    def _close(self, line: bytes, at: int) -> int:
        """Look for the end of what is open from `at`; where to go on."""
        if self._open == "E'":
            for match in _END_OF_ESCAPED.finditer(line, at):
                if match[0] == b"'":
                    self._open = ""
                    return match.end()
            return len(line)
        if self._open == "/*":
            for match in _COMMENT.finditer(line, at):
                self._comments += 1 if match[0] == b"/*" else -1
                if self._comments == 0:
                    self._open = ""
                    return match.end()
            return len(line)
        sign = self._open.encode("latin-1")
        end = line.find(sign, at)
        if end < 0:
            return len(line)
        self._open = ""
        return end + len(sign)

    def _keep(self, part: bytes) -> None:
        if len(self._text) < _TEXT:
            self._text += part[: _TEXT - len(self._text)]

    def _word(self, word: bytes) -> None:
        upper = word.upper().decode("utf-8", "replace")
        if len(self._words) < _WORDS:
            self._words.append(upper)
        # The body of a function in standard SQL holds `;` between BEGIN and END.
        if self._words[0] == "CREATE" and {"FUNCTION", "PROCEDURE"} & set(self._words):
            if upper == "BEGIN" or (upper == "CASE" and self._blocks):
                self._blocks += 1
            elif upper == "END" and self._blocks:
                self._blocks -= 1

    def _ended(self) -> list[Statement | Meta]:
        if not self._start:
            self._reset()
            return []
        text = self._text.decode("utf-8", "replace")
        rows = self._words[:1] == ["COPY"] and _FROM_STDIN.search(text) is not None
        found = Statement(
            line=self._start,
            end=self._line,
            words=tuple(self._words),
            text=text,
            data=self._line + 1 if rows else 0,
        )
        self._reset()
        if rows:
            self._enter("COPY")
        return [found]

    def _meta(self, name: str, rest: str, before: bytes) -> list[Statement | Meta]:
        found: list[Statement | Meta] = []
        if _SENDS.fullmatch(name):
            if self._start:
                self._keep(before)
            found += self._ended()
        elif name in ("r", "reset"):
            self._reset()
        elif name == "copy" and _FROM_STDIN.search(rest):
            self._enter("COPY")
        if name != ";":
            found.append(Meta(line=self._line, name=name, text=rest))
        return found


def statements(lines: Iterable[bytes]) -> Iterator[Statement]:
    """The statements of a file, by its lines."""
    scanner = Scanner()
    for line in lines:
        yield from (found for found in scanner.feed(line) if isinstance(found, Statement))
    yield from (found for found in scanner.finish() if isinstance(found, Statement))


def quoted(name: str) -> str:
    """`name` as an identifier, as it stands."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a string constant."""
    return "'" + text.replace("'", "''") + "'"
