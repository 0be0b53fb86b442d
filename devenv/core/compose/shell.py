"""A command written as one text, split into its words as Compose splits it (mattn/go-shellwords): no shell runs it."""

from __future__ import annotations

_ESCAPES = {"t": "\t", "n": "\n"}
_OPERATORS = ";&|<>"


def words(line: str) -> list[str]:
    """The words of `line`. As in Compose, what follows an unquoted `;`, `&`, `|`, `<` or `>` is not part of it.

    Raises ValueError where a quote or bracket is not closed, or a bracket stands alone.
    """
    found: list[str] = []
    buffer: str | None = None
    quote = ""  # ', ", ` or ( while inside of it
    escaped = False
    for character in line:
        if escaped:
            escaped = False
            kept = "\\" + character if quote in ("`", "(") else _ESCAPES.get(character, character)
            buffer = (buffer or "") + kept
            continue
        if character == "\\" and quote != "'":
            escaped = True
            continue
        if not quote and character in " \t\r\n":
            if buffer is not None:
                found.append(buffer)
            buffer = None
            continue
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
            buffer = buffer or ""
            continue
        if character == "`" and quote in ("", "`"):
            quote = "" if quote else "`"
        elif character == "(" and quote in ("", "("):
            if quote or not (buffer or "").endswith("$"):
                raise ValueError("a bracket stands alone")
            quote = "("
        elif character == ")" and quote in ("", "("):
            if not quote:
                raise ValueError("a bracket stands alone")
            quote = ""
        elif not quote and character in _OPERATORS:
            if character == ">" and buffer and buffer.isdigit():
                buffer = None
            break
        buffer = (buffer or "") + character
    if escaped or quote:
        raise ValueError("a quote or bracket is not closed")
    return found if buffer is None else [*found, buffer]
