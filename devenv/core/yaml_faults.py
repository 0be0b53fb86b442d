"""What is wrong with a text that is no YAML, in words and at its place."""

from __future__ import annotations

import re

import yaml

from devenv.model.errors import DevenvError, Span

_TEMPLATE = re.compile(r"^(?:\s*(?:- +)?(?:\"[^\"]*\"|'[^']*'|[^\s#'\"{][^#'\"{]*?):|\s*-)\s+(\{\{.*)$")
QUOTE_IT = 'A value that begins with `{{` must be quoted, since YAML reads a brace as a mapping: "{{ … }}".'


def span_at(file: str, lines: list[str], line: int, column: int, length: int = 1) -> Span:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return Span(file=file, line=line, column=column, length=length, text=text)


def unquoted_templates(file: str, lines: list[str]) -> list[DevenvError]:
    """Every line whose value begins with `{{` and is not quoted; only asked once the text is known to be no YAML."""
    found = []
    for number, line in enumerate(lines, 1):
        match = _TEMPLATE.match(line)
        if match:
            where = span_at(file, lines, number, match.start(1) + 1, len(match[1].rstrip()))
            found.append(DevenvError("A template stands here without quotes.", hint=QUOTE_IT, where=where))
    return found


_REASONS = (
    ("mapping values are not allowed", "A `:` stands here where no key can be.", "Quote the value if it holds `: `."),
    (
        "did not find expected key",
        "This line does not fit the lines above it.",
        "Give it the same indentation as its neighbours, or close the quote or bracket before it.",
    ),
    (
        "did not find expected '-'",
        "A list item or the end of the list was due here.",
        "Begin each item of the list with `- ` in one column.",
    ),
    ("expected ',' or ']'", "A list that begins with `[` is not closed.", "Close it with `]`."),
    ("expected ',' or '}'", "A mapping that begins with `{` is not closed.", "Close it with `}`."),
    ("quoted scalar", "A quote that is opened is not closed.", "Close it, or escape the quote inside the text."),
    ("could not find expected ':'", "A `:` is missing after this key.", "Write `key: value`."),
    ("expected node content", "A value was due here.", "Close what is open with `]` or `}`."),
    ("document start", "Text goes on after the end of the value.", "Quote the value as a whole."),
)


def syntax(error: Exception, text: str, file: str, lines: list[str]) -> list[DevenvError]:
    """What libyaml could not read, in words, with every tab that stands where blanks must."""
    if isinstance(error, yaml.reader.ReaderError):
        return [unprintable(text, len(text.encode()[: error.position].decode(errors="ignore")), file)]
    problem = str(getattr(error, "problem", None) or "")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    at = lines[line - 1] if 0 < line <= len(lines) else ""
    if "cannot start any token" in problem:
        tabs = [n for n, each in enumerate(lines, 1) if "\t" in each[: len(each) - len(each.lstrip())]]
        if line in tabs:
            hint = "YAML allows blanks alone before a key: replace the tab."
            return [
                DevenvError(
                    "A tab indents this line.", hint=hint, where=span_at(file, lines, n, lines[n - 1].index("\t") + 1)
                )
                for n in tabs
            ]
        character = at[column - 1 : column]
        name = "a backtick" if character == "`" else f"`{character}`"
        where = span_at(file, lines, line, column)
        return [DevenvError(f"A value cannot begin with {name}.", hint="Quote the value.", where=where)]
    opened = getattr(error, "context_mark", None)
    for sign, message, hint in _REASONS:
        if sign in problem or sign in context:
            if opened and ("not closed" in message or line > len(lines)):
                line, column = opened.line + 1, opened.column + 1
            if line > len(lines) > 0:
                line, column = len(lines), len(lines[-1]) + 1
            return [DevenvError(message, hint=hint, where=span_at(file, lines, line, column))]
    said = f"{context}: {problem}" if context else problem or "it cannot be read"
    return [
        DevenvError(
            f"This is not YAML: {said}.", hint="Correct the syntax here.", where=span_at(file, lines, line, column)
        )
    ]


def unprintable(text: str, offset: int, file: str) -> DevenvError:
    before = text[:offset]
    after = text[offset + 1 :].partition("\n")[0]
    shown = before[before.rfind("\n") + 1 :] + "\ufffd" + after.encode("utf-8", "replace").decode()
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    code = f"U+{ord(text[offset]):04X}" if offset < len(text) else "a character"
    return DevenvError(
        f"The character {code} cannot stand in YAML.",
        hint='Remove it, or write it as an escape in double quotes ("\\u…").',
        where=Span(file=file, line=line, column=column, text=shown),
    )
