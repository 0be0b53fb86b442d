"""JSON with comments and trailing commas (devcontainer.json, devcontainer-feature.json), with the place of every key
and value."""

from __future__ import annotations

import json
import re
from typing import Any

from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Document

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])|\t', re.S)
"""What must be looked at: texts (kept), comments and commas before a bracket (blanked), tabs, which YAML refuses."""
_HALF = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def plain(text: str) -> str:
    """`text` as JSON, every character where it was."""

    def blank(match: re.Match[str]) -> str:
        found = match[0]
        return found if found[0] == '"' else re.sub(r"[^\n]", " ", found)

    return _TOKEN.sub(blank, text.removeprefix("\ufeff"))


def read_jsonc(text: str, file: str) -> Document:
    """Read `text`, the content of `file` (a name for messages). Raises DevenvError (INPUT) with the place for what is
    no JSON, or no object."""
    bare = plain(text)
    try:
        value: Any = json.loads(bare)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        raise DevenvError(
            f"This is no JSON: {error.msg[:1].lower()}{error.msg[1:]}.",
            hint="Comments and trailing commas are allowed, all else is as in JSON: names and texts in double quotes.",
            where=Span(file=file, line=error.lineno, column=error.colno, text=line),
        ) from None
    if not isinstance(value, dict):
        raise DevenvError(
            f"{file} holds no object.", hint="It begins with `{` and ends with `}`.", where=Span(file=file, line=1)
        )
    # JSON is YAML: the same reader says where everything stands. But for a character in two halves, as JSON has it.
    found = read_yaml(_HALF.sub("______", bare), file)
    return Document(file=file, value=value, spans=found.spans, key_spans=found.key_spans)
