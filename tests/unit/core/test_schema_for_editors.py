"""The schema as editors use it: every key says what it means and shows it, names of the catalogue are offered, and
patterns are such as they know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from devenv.app.compiling import bases
from devenv.app.data import catalogue
from devenv.app.schema import for_editors
from devenv.core.schema import compose_schema, extension_schema, manifest_schema
from devenv.extensions.probes import PROBES

SCHEMAS = {
    "manifest": manifest_schema(PROBES),
    "compose": compose_schema(PROBES),
    "manifest for editors": for_editors(),
    "compose for editors": for_editors(compose=True),
}


def keys(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every key of a mapping that a schema names, wherever it stands, with its shape."""
    if isinstance(value, list):
        for item in value:
            yield from keys(item, path)
    elif isinstance(value, dict):
        named = value.get("properties")
        for name, shape in named.items() if isinstance(named, dict) else ():
            if isinstance(shape, dict):
                yield f"{path}.{name}", shape
        for name, item in value.items():
            if name not in ("examples", "const", "enum"):
                yield from keys(item, f"{path}.{name}" if name not in ("properties", "anyOf", "items") else path)


def texts(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from texts(item, name)
    elif isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value[name]
        if name == "pattern":
            yield from value.get("patternProperties", {})
        for item in value.values():
            yield from texts(item, name)


@pytest.mark.parametrize("which", SCHEMAS)
def test_every_key_has_a_meaning_and_an_example(which: str) -> None:
    found = dict(keys(SCHEMAS[which]))
    assert len(found) > 300
    bare = [path for path, shape in found.items() if not shape.get("description") or not shape.get("examples")]
    assert bare == []


@pytest.mark.parametrize("which", SCHEMAS)
def test_every_pattern_is_one_of_javascript_s_too(which: str) -> None:
    patterns = [*texts(SCHEMAS[which], "pattern")]
    assert len(patterns) > 50
    for pattern in patterns:
        assert not re.search(r"\(\?(?![:=!]|<[=!])|\\[AZ]|[*+?}]\+", pattern), pattern


def test_services_and_stacks_of_the_catalogue_are_offered() -> None:
    for schema, at in (
        (for_editors(), ("properties", "services", "additionalProperties", "properties", "use")),
        (
            for_editors(compose=True),
            ("properties", "services", "additionalProperties", "properties", "x-devenv", "properties", "use"),
        ),
    ):
        use: Any = schema
        for step in at:
            use = use[step]
        offered = {item["const"]: item["description"] for item in use["anyOf"] if "const" in item}
        assert offered["postgres"] == "PostgreSQL 17."
        assert {name.partition("@")[0] for name in offered} == set(catalogue())
        assert {"postgres@17", "node@20"} <= set(offered)
    offered_stacks = {item["const"] for item in for_editors()["properties"]["base"]["anyOf"] if "const" in item}
    assert offered_stacks == set(bases()) != set()
    assert "anyOf" not in extension_schema(PROBES)["properties"]["x-devenv"]["properties"].get("use", {})


def test_what_is_offered_forbids_no_other_name() -> None:
    validator = jsonschema_rs.validator_for(for_editors())
    for name in ("postgres", "postgres@17", "mine"):
        assert validator.is_valid({"name": "a", "services": {"db": {"use": name}}})
    assert not validator.is_valid({"name": "a", "services": {"db": {"use": 1}}})


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("init", ["yes", "TRUE", "Off", "${X}", "1"], ["maybe", "2"]),
        ("mem_limit", ["512m", "2GiB", "1.5 G", "-1", "${X}"], ["512x", "m"]),
        ("ports", [["80/TCP"], ["8080:80/udp"]], [["80/xyz"]]),
    ],
)
def test_small_and_large_letters_are_the_same(key: str, right: list[Any], wrong: list[Any]) -> None:
    validator = jsonschema_rs.validator_for(manifest_schema(PROBES))
    for value, holds in [*((value, True) for value in right), *((value, False) for value in wrong)]:
        assert validator.is_valid({"services": {"a": {key: value}}}) is holds, value
