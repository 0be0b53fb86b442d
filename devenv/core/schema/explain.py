"""From what the validator says to what a person can use: a place, a sentence, a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from devenv.core.readiness import Kinds, ReadyKind
from devenv.core.schema import Which, schema_of
from devenv.core.schema.shapes import NAME, Schema
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Document, Path

if TYPE_CHECKING:
    import jsonschema_rs

_MOST_SHOWN = 60
_BARE = re.compile(r"[A-Za-z_./~][\w./@+=~-]*(?::[\w./@+=~-]+)*(?: [A-Za-z_./][\w./@+=~-]*)*")
_NAMES = {
    ".": "Give it a name.",
    NAME: "A name has letters, digits, `.`, `-` and `_`, and begins with a letter or digit.",
}
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".inf", ".nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error, and the value at `path` that it is about: who goes on reading leaves that value out."""

    path: Path
    error: DevenvError


@cache
def _validator(which: Which, kinds: tuple[ReadyKind, ...]) -> tuple[Schema, jsonschema_rs.Draft202012Validator]:
    import jsonschema_rs

    schema = schema_of(which, {kind.kind: kind for kind in kinds})
    return schema, jsonschema_rs.Draft202012Validator(schema)


def problems(document: Document, which: Which, kinds: Kinds) -> list[Problem]:
    """Every problem of `document`, in the order of the file. `kinds` are what `ready` may name."""
    found: list[Problem] = []
    schema, validator = _validator(which, tuple(kinds.values()))
    for error in validator.iter_errors(document.value):
        found += _explain(error, document, schema)
    unique = {(p.path, p.error.message): p for p in found}
    return sorted(unique.values(), key=lambda p: _order(p.error.where))


def spell(path: Path) -> str:
    """`("services", "db", "ports", 0)` as people write it: `services.db.ports[0]`."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.lstrip(".")


def show(value: Any) -> str:
    """A value in a sentence: short, and its kind where it is no scalar."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    words = str(value)
    words = words if len(words) <= _MOST_SHOWN else words[: _MOST_SHOWN - 1] + "…"
    return f"`{words}`" if words else "an empty text"


def value_place(document: Document, path: Path) -> Span:
    """Where the value at `path` stands (its key, where the value has no place of its own)."""
    return document.spans.get(path) or document.where(path)


def _order(where: Span | None) -> tuple[str, int, int]:
    return (where.file, where.line, where.column) if where else ("", 0, 0)


def _explain(error: jsonschema_rs.ValidationError, document: Document, root: Schema) -> list[Problem]:
    path = _path(document.value, error.instance_path)
    kind = error.kind.name
    at = _subschema(root, error.schema_path[:-1])
    if kind == "anyOf":
        branch = _meant(error)
        if branch is not None:
            return [problem for inner in branch for problem in _explain(inner, document, root)]
    if kind == "additionalProperties":
        return [_unknown(document, path, name, at) for name in error.kind.unexpected]  # type: ignore[attr-defined]
    if kind == "propertyNames":
        return _bad_names(document, path, at)
    if kind == "required":
        name = str(error.kind.property)  # type: ignore[attr-defined]
        example = (at.get("properties", {}).get(name, {}).get("examples") or [None])[0]
        hint = f"Add `{name}`" + (f", for example `{name}: {flow(example)}`." if example is not None else ".")
        where = document.where(path)
        return [Problem(path=path, error=DevenvError(f"`{spell(path)}` lacks `{name}`.", hint=hint, where=where))]
    return [_mismatch(document, path, at)]


def _subschema(root: Schema, steps: list[str | int]) -> Schema:
    here: Any = root
    for step in steps:
        here = here[int(step)] if isinstance(here, list) else here[step]
    return here if isinstance(here, dict) else {}


def _path(value: Any, steps: Sequence[str | int]) -> Path:
    """Where an error stands. The validator tells a key of digits (`"8000"`) as a number."""
    path: list[str | int] = []
    for step in steps:
        at = str(step) if isinstance(value, Mapping) else int(step)
        path.append(at)
        value = value[at]
    return tuple(path)


def _meant(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError] | None:
    """The errors of the one branch whose type fits what is there, if there is one."""
    path = error.instance_path
    fitting = [
        branch
        for branch in error.kind.context  # type: ignore[attr-defined]
        if not any(e.instance_path == path and e.kind.name in ("type", "pattern", "anyOf") for e in branch)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _unknown(document: Document, path: Path, name: str, at: Schema) -> Problem:
    where = document.key_spans.get((*path, name)) or document.where((*path, name))
    place = f"in `{spell(path)}`" if path else "at the top"
    known = [key for key in at.get("properties", {}) if not key.startswith("x-")]
    hint = did_you_mean(name, known) or "Take it out, or let it begin with `x-` if it is yours; see `devenv schema`."
    return Problem(path=(*path, name), error=DevenvError(f"Unknown key `{name}` {place}.", hint=hint, where=where))


def _bad_names(document: Document, path: Path, at: Schema) -> list[Problem]:
    pattern = re.compile(at["pattern"])
    return [
        Problem(
            path=(*path, name),
            error=DevenvError(
                f"`{name}` cannot be a name in `{spell(path)}`.",
                hint=_NAMES.get(pattern.pattern, f"A name here matches `{pattern.pattern}`."),
                where=document.key_spans.get((*path, name)) or document.where((*path, name)),
            ),
        )
        for name in _at(document.value, path)
        if not pattern.search(name)
    ]


def _mismatch(document: Document, path: Path, at: Schema) -> Problem:
    value = _at(document.value, path)
    wanted = at.get("title", "something else")
    message = (
        f"`{spell(path)}` must be {wanted}, not {show(value)}."
        if path
        else f"The file must be {wanted}, not {show(value)}."
    )
    hint = ""
    if words := at.get("x-words"):
        hint = did_you_mean(str(value), words) if isinstance(value, str) else ""
    if not hint:
        hint = _example(path, document, at)
    return Problem(path=path, error=DevenvError(message, hint=hint, where=value_place(document, path)))


def _example(path: Path, document: Document, at: Schema) -> str:
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    examples = at.get("examples")
    if examples and named:
        return f"For example: `{named}: {flow(examples[0])}`."
    return f"Write {at.get('title', 'another value')} there."


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    return value if _BARE.fullmatch(value) and value.lower() not in _WORDS else json.dumps(value, ensure_ascii=False)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value
