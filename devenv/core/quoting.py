"""Values that a check took from an answer, put into the language of a later step so that they stay values there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A value that was taken, where a text names it."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SQL = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|.""", re.DOTALL)
"""SQL in pieces: comments, texts, quoted names, and each character of the rest."""
_BARE = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}|\\.|.", re.DOTALL)
"""A shell's text in pieces: names, what is escaped, and each other character."""


def in_sql(query: str, taken: Mapping[str, Any]) -> str:
    """`query` with each `{name}` that was taken as a literal: a number as it is, else a text in quotes. Inside quotes
    of the query's own it becomes a part of what is quoted; in comments names stay as they are."""
    return "".join(_sql(query, taken))


def _sql(query: str, taken: Mapping[str, Any]) -> Iterator[str]:
    bare = ""
    for match in _SQL.finditer(query):
        part = match[0]
        if len(part) == 1:
            bare += part
            continue
        yield _put(bare, taken, _literal)
        if part[0] in "'\"":
            own, escaped = part[0], part[0] == "'" and bare[-1:] in ("e", "E")
            part = _put(part, taken, lambda value, own=own, escaped=escaped: _inside(_text(value), own, escaped))
        bare = ""
        yield part
    yield _put(bare, taken, _literal)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    text = _text(value)
    if _NUMBER.fullmatch(text):
        return f"({text})" if text.startswith("-") else text  # `1 -{n}` would begin a comment
    if "\\" in text or "$" in text:  # whatever the server takes a backslash for; a `$` may end a function's body
        return " E" + "'" + _inside(text, "'", True).replace("$", r"\x24") + "'"
    return "'" + _inside(text, "'", False) + "'"


def _inside(text: str, own: str, escaped: bool) -> str:
    return (text.replace("\\", "\\\\") if escaped else text).replace(own, own * 2)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_shell(text: str, taken: Mapping[str, Any], shell: Sequence[str] = ("sh", "-c")) -> list[str]:
    """The command that runs `text` with each `{name}` that was taken as one of its arguments, which no shell reads as
    a part of its text."""
    values: list[str] = []
    done, quote = [], ""
    for match in _BARE.finditer(text):
        part = match[0]
        name = NAME.fullmatch(part)
        if name and name[1] in taken:
            values.append(_text(taken[name[1]]))
            argument = f"${{{len(values)}}}"
            done.append(argument if quote == '"' else f'{quote}"{argument}"{quote}')
            continue
        if part[0] == "\\" and quote == "'":  # a plain character here, and what comes after it may be the end
            quote = "" if part[1:] == "'" else quote
        elif part in ("'", '"'):
            quote = "" if quote == part else quote or part
        done.append(part)
    return [*shell, "".join(done), *((shell[0], *values) if values else ())]


def _put(text: str, taken: Mapping[str, Any], say: Any) -> str:
    return NAME.sub(lambda match: say(taken[match[1]]) if match[1] in taken else match[0], text)
