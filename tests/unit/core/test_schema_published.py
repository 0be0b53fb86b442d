"""Our schemas against the published one of Compose: no key is missing, and what it takes ours takes too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from devenv.core.schema import compose_schema, manifest_schema, schema_of
from devenv.extensions.probes import PROBES

Schema = dict[str, Any]


@cache
def published() -> Schema:
    vendor = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    found: Schema = json.loads(vendor.read_text())
    return found


def resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        here: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            here = here[step]
        schema = {**here, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def parts(schema: Any, root: Schema) -> list[Schema]:
    """A schema and all that it combines."""
    if not isinstance(schema, dict):
        return []
    schema = resolved(schema, root)
    found = [schema]
    for word in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(word, ()):
            found += parts(branch, root)
    return found


def keys(schema: Any, root: Schema, path: str = "", depth: int = 0) -> Iterator[str]:
    """Every key that a schema names, as a path: `services.*.build.context`."""
    if depth > 12:
        return
    for part in parts(schema, root):
        for name, inner in part.get("properties", {}).items():
            yield f"{path}{name}"
            yield from keys(inner, root, f"{path}{name}.", depth + 1)
        free = [inner for pattern, inner in part.get("patternProperties", {}).items() if pattern != "^x-"]
        for inner in [*free, part.get("additionalProperties")]:
            yield from keys(inner, root, f"{path}*.", depth + 1)
        yield from keys(part.get("items"), root, f"{path}[].", depth + 1)


NOT_OURS = ("jobs.", "services.*.pre_start.", "services.*.deploy.resources.reservations.generic_resources.")
"""What devenv refuses by name as a whole, or does not look into."""


@pytest.mark.parametrize("ours", [compose_schema(PROBES), manifest_schema(PROBES)], ids=["compose", "manifest"])
def test_no_key_of_the_published_schema_is_unknown(ours: Schema) -> None:
    theirs = {key for key in keys(published(), published()) if not key.startswith(NOT_OURS)}
    assert len(theirs) > 300
    assert sorted(theirs - set(keys(ours, ours))) == []


def test_what_ours_adds_to_a_compose_file_stands_under_x_devenv_alone() -> None:
    ours = compose_schema(PROBES)
    added = set(keys(ours, ours)) - set(keys(published(), published()))
    assert [key for key in sorted(added) if "x-devenv" not in key] == []


def samples(schema: Any, root: Schema, depth: int = 0) -> list[Any]:
    """A few values for a schema; not all of them need fit."""
    if not isinstance(schema, dict) or depth > 6:
        return ["x"]
    found: list[Any] = []
    for part in parts(schema, root):
        found += part.get("enum", ())
        kinds = part.get("type", ())
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            if kind == "string":
                found += ["x", "10s", "64m", "80", "true", "/x", "no", "daily"]
            elif kind in ("integer", "number"):
                found += [1, 80]
            elif kind == "boolean":
                found += [True, False]
            elif kind == "null":
                found.append(None)
            elif kind == "array":
                found += [[item] for item in samples(part.get("items"), root, depth + 1)[:8]]
            elif kind == "object":
                found += objects(part, root, depth)
    return found


def objects(part: Schema, root: Schema, depth: int) -> Iterator[Any]:
    must = {name: samples(part["properties"][name], root, depth + 1)[0] for name in part.get("required", ())}
    yield must
    for name, inner in part.get("properties", {}).items():
        for value in samples(inner, root, depth + 1):
            yield {**must, name: value}
    for pattern, inner in part.get("patternProperties", {}).items():
        if pattern != "^x-":
            for value in samples(inner, root, depth + 1):
                yield {**must, "n": value}
    if isinstance(part.get("additionalProperties"), dict):
        for value in samples(part["additionalProperties"], root, depth + 1):
            yield {**must, "n": value}


def documents() -> Iterator[tuple[str, Any]]:
    """(key, document) for every key at the top and of a service."""
    root = published()
    for name, schema in root["properties"].items():
        if name in ("services", "jobs"):
            continue
        for value in samples(schema, root):
            yield name, {name: value}
    service = root["properties"]["services"]["patternProperties"]
    for part in parts(next(iter(service.values())), root):
        for name, schema in part.get("properties", {}).items():
            for value in samples(schema, root):
                yield f"service.{name}", {"services": {"a": {name: value}}}


def shape(value: Any) -> str:
    """What a value is made of, its scalars as their kinds alone."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shape(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shape(item) for item in value) + "]"
    return type(value).__name__


def test_what_the_published_schema_takes_ours_takes_too() -> None:
    """In every shape. Of texts ours looks at the form too (`10s`, `64m`, `8080:80`), which the published one does not:
    of a shape that it takes, ours must take at least one."""
    theirs = jsonschema_rs.validator_for(published())
    ours = jsonschema_rs.validator_for(compose_schema(PROBES))
    shapes: dict[str, bool] = {}
    for _name, document in documents():
        if theirs.is_valid(document):
            spelled = shape(document)
            shapes[spelled] = shapes.get(spelled, False) or ours.is_valid(document)
    assert len(shapes) > 300
    assert [spelled for spelled, taken in shapes.items() if not taken] == []


@pytest.mark.parametrize(
    "service",
    [
        {
            "image": "x",
            "ports": ["80", "8080:80", "127.0.0.1:8080:80/tcp", "[::1]:1:2", "3000-3005", "8000-8002:9000-9002", 80],
        },
        {"image": "x", "ports": ["6060:6060/udp", "127.0.0.1::80", "${PORT}:80", "${PORTS}", {"target": 80}]},
        {
            "image": "x",
            "restart": "on-failure:3",
            "stop_grace_period": "1m30s",
            "mem_limit": "1.5gb",
            "shm_size": 64000000,
        },
        {"image": "x", "init": "${INIT:-true}", "scale": "${N}", "cpus": "0.5", "pids_limit": -1, "memswap_limit": -1},
        {"image": "x", "volumes": ["/a", "a:/b", "./a:/b:ro,z", "~/x:/y", {"type": "tmpfs", "target": "/t"}]},
        {"build": {"context": "https://github.com/a/b.git", "args": ["A", "B=1"], "ssh": ["default"]}},
        {"image": "x", "depends_on": {"b": {"condition": "service_healthy", "required": False, "restart": True}}},
        {"image": "x", "healthcheck": {"test": "curl x", "interval": "1m", "retries": "3", "disable": False}},
        {"image": "x", "healthcheck": {"test": ["NONE"]}, "command": None, "entrypoint": [], "labels": ["a=b"]},
        {
            "image": "x",
            "ulimits": {"nproc": 65535, "nofile": {"soft": 1, "hard": 2}},
            "sysctls": ["net.core.somaxconn=1"],
        },
        {"image": "x", "pull_policy": "every_12h", "logging": {"driver": "json-file", "options": {"max-size": "1m"}}},
        {"image": "x", "extra_hosts": ["a:1.2.3.4", "b=::1"], "networks": {"a": None}, "env_file": [{"path": "x"}]},
    ],
)
def test_what_teams_write_is_taken_by_both(service: dict[str, Any]) -> None:
    document = {"services": {"a": service}}
    assert jsonschema_rs.validator_for(published()).is_valid(document)
    assert list(jsonschema_rs.validator_for(compose_schema(PROBES)).iter_errors(document)) == []
    assert list(jsonschema_rs.validator_for(manifest_schema(PROBES)).iter_errors(document)) == []


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, Schema]]:
    """(path, schema) of every key that a schema names."""
    if isinstance(schema, list):
        for item in schema:
            yield from walk(item, path)
    elif isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield f"{path}.{name}", inner
            yield from walk(inner, f"{path}.{name}")
        for word in ("items", "additionalProperties", "anyOf", "$defs"):
            inner = schema.get(word)
            for each in inner.values() if word == "$defs" and inner else [inner]:
                yield from walk(each, path)


@pytest.mark.parametrize("which", ["manifest", "compose", "service"])
def test_every_key_has_a_description_and_an_example_that_fits(which: Any) -> None:
    schema = schema_of(which, PROBES)
    jsonschema_rs.meta.validate(schema)
    found = 0
    for path, inner in walk(schema):
        if path.endswith(".x-devenv") or (which == "compose" and path == ".services"):
            continue
        found += 1
        assert inner.get("description", "").endswith((".", ".)")), path
        assert inner["examples"], path
        for example in inner["examples"]:
            whole = {**inner, "$defs": schema["$defs"]}
            assert list(jsonschema_rs.validator_for(whole).iter_errors(example)) == [], path
    assert found > 100
