"""The devenv.yaml that was made of other files, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.render.yaml import emit

_WIDTH = 118
_MODELINE = re.compile(r"#\s*yaml-language-server:")
_ORDER = ("name", "services")
_LAST = ("networks", "volumes", "secrets", "configs", "workspace", "tasks", "checks")


def text(
    value: Mapping[str, Any], kept: str | None, *, names: Sequence[str], unsaid: Sequence[str], schema: str
) -> str:
    """The file for `value`. `kept` is its text where that is the person's own, changed line by line. `names` are the
    files that it was made of, for the head; `schema` where an editor finds the manifest's schema, "" where there is
    none."""
    body = kept if kept is not None else _spaced(value)
    head = [f"# yaml-language-server: $schema={schema}"] if schema else []
    head += _wrapped(f"Written by `devenv import` from {' and '.join(names)}.")
    if unsaid:
        head += ["#", "# What has no place here:"]
        for sentence in unsaid:
            head += textwrap.wrap(sentence, _WIDTH - 4, initial_indent="# - ", subsequent_indent="#   ")
        head += ["#"]
    lines = [line for line in body.split("\n") if not _MODELINE.match(line)]
    return "\n".join([*head, *lines])


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _spaced(value: Mapping[str, Any]) -> str:
    """The value written out, in the order of the manifest's pages, a blank line before each part and service."""
    others = [key for key in value if key not in (*_ORDER, *_LAST)]
    ordered = [key for key in (*_ORDER, *others, *_LAST) if key in value]
    parts = []
    for key in ordered:
        part = emit({key: value[key]})
        if key == "services":
            part = re.sub(r"\n(?=  [^ #-])", "\n\n", part).replace("services:\n\n", "services:\n", 1)
        parts.append(part)
    return "\n".join(parts)
