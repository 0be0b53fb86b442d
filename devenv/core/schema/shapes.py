"""The pieces that the schemas are built from: shapes of values, and how a key is written down.

Each shape is JSON Schema 2020-12. `title` says in words what fits: errors and docs/manifest.md use it. A value that
holds a reference (`${VAR}`, `{{ db.url }}`) fits every scalar shape: what it will be is only known later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_REFERENCE = r"\$|\{\{"
NAME = "^[a-zA-Z0-9][a-zA-Z0-9._-]*$"


def key(shape: Schema, description: str, example: Any) -> Schema:
    """A key of a mapping: `shape` with what it means and a value that fits."""
    return {**shape, "description": description, "examples": [example]}


def ref(name: str) -> Schema:
    """The shape `name` of `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def text(title: str = "a text", pattern: str | None = None) -> Schema:
    """A string; `pattern` holds for what contains no reference."""
    shape: Schema = {"type": "string", "title": title}
    if pattern is not None:
        shape["pattern"] = f"{pattern}|{_REFERENCE}"
    return shape


def literal(title: str, pattern: str) -> Schema:
    """A string that must be known when the files are rendered: no reference can stand in it."""
    return {"type": "string", "title": title, "pattern": pattern}


def one_of(*words: str) -> Schema:
    """One of the words, or a reference."""
    title = "one of " + ", ".join(f"`{word}`" for word in words) if len(words) > 1 else f"`{words[0]}`"
    return {**text(title, "^(?:" + "|".join(word.replace("+", r"\+") for word in words) + ")$"), "x-words": list(words)}


def whole(title: str = "a whole number", low: int | None = None, high: int | None = None) -> Schema:
    """A whole number, as such or as digits in a string."""
    shape: Schema = {"type": ["integer", "string"], "title": title, "pattern": rf"^-?[0-9]+$|{_REFERENCE}"}
    if low is not None:
        shape["minimum"] = low
    if high is not None:
        shape["maximum"] = high
    return shape


def listed(item: Schema, title: str, *, at_least: int = 0) -> Schema:
    """A list of `item`."""
    shape: Schema = {"type": "array", "items": item, "title": title}
    if at_least:
        shape["minItems"] = at_least
    return shape


def mapping(keys: Mapping[str, Schema], title: str = "a mapping", *, required: tuple[str, ...] = ()) -> Schema:
    """A mapping of known keys; keys that begin with `x-` are free, as in Compose."""
    shape: Schema = {
        "type": "object",
        "title": title,
        "properties": dict(keys),
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    if required:
        shape["required"] = list(required)
    return shape


def by_name(value: Schema, title: str, pattern: str = NAME) -> Schema:
    """A mapping whose keys are names that the person chooses."""
    return {
        "type": "object",
        "title": title,
        "propertyNames": {"pattern": pattern},
        "additionalProperties": value,
    }


def either(*shapes: Schema, title: str = "") -> Schema:
    """Any of `shapes`, which differ in type, so that an error can be told for the one that was meant."""
    words = title or " or ".join(str(shape.get("title", "a value")) for shape in shapes)
    return {"anyOf": list(shapes), "title": words}


def or_null(shape: Schema) -> Schema:
    """`shape`, or nothing behind the colon."""
    return either(shape, {"type": "null", "title": "nothing"}, title=str(shape.get("title", "")))


def _either_case(*words: str) -> str:
    """A pattern for the words in small and large letters: editors know no flag for that."""
    return "|".join("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in words)


TEXT = text()
PATH = text("a path")
SCALAR: Schema = {"type": ["string", "number", "boolean"], "title": "a text, number or boolean"}
SCALAR_OR_NULL: Schema = {
    "type": ["string", "number", "boolean", "null"],
    "title": "a text, number, boolean or nothing",
}
NUMBER: Schema = {
    "type": ["number", "string"],
    "title": "a number",
    "pattern": rf"^-?[0-9]+(?:\.[0-9]+)?$|{_REFERENCE}",
}
TEXT_OR_NUMBER: Schema = {"type": ["string", "number"], "title": "a text or number"}
WHOLE = whole()
PORT = whole("a port from 1 to 65535", 1, 65535)
BOOLEAN: Schema = {
    "type": ["boolean", "string"],
    "title": "`true` or `false`",
    "pattern": rf"^(?:{_either_case('true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n')}|1|0)$|{_REFERENCE}",
}
BYTES: Schema = {
    "type": ["integer", "string"],
    "title": "a size such as `512m` or `2g`",
    "pattern": rf"^-?[0-9]+(?:\.[0-9]+)? *[kKmMgGtTpP]?[iI]?[bB]?$|{_REFERENCE}",
}
DURATION: Schema = text(
    "a duration such as `30s` or `1m30s`", r"^(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h|d|w))+$|^0$"
)
TEXTS = listed(TEXT, "a list of texts")
COMMAND = either(TEXT, TEXTS, title="a text or a list of texts")
OPTIONS = by_name(TEXT_OR_NUMBER, "a mapping of options", ".")

SHARED: dict[str, Schema] = {
    "texts": TEXTS,
    "text_or_texts": either(TEXT, TEXTS, title="a text or a list of texts"),
    "pairs": either(
        by_name(SCALAR_OR_NULL, "a mapping", "."),
        listed(text("a text `NAME=value`", "^[^=]"), "a list of `NAME=value`"),
        title="a mapping, or a list of `NAME=value`",
    ),
    "command": either(
        TEXT,
        TEXTS,
        {"type": "null", "title": "nothing"},
        title="a text or a list of texts",
    ),
    "hosts": either(
        by_name(either(TEXT, TEXTS, title="an address or a list of them"), "a mapping of name to address", "."),
        TEXTS,
        title="a mapping of name to address, or a list of `name=address`",
    ),
    "external": either(
        BOOLEAN,
        mapping(
            {"name": key(TEXT, "Its name on the engine (old form; `name` beside `external` is the new one).", "x")}
        ),
        title="`true` or `false`",
    ),
}
"""Shapes that many keys have, for `$defs`."""
