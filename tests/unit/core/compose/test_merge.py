from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose.merge import merge
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import Document


def merged(under: str, over: str) -> Document:
    return merge(read_yaml(under, "base.yaml"), read_yaml(over, "over.yaml"))


def service(under: str, over: str) -> Any:
    return merged(f"services: {{a: {{{under}}}}}", f"services: {{a: {{{over}}}}}").value["services"]["a"]


@pytest.mark.parametrize(
    ("under", "over", "expected"),
    [
        ("command: [a]", "command: [b]", {"command": ["b"]}),
        ("healthcheck: {test: [CMD, a], interval: 5s}", "healthcheck: {test: b}", None),
        ("environment: [A=1, B=2, E]", "environment: {A: 3}", {"environment": {"A": 3, "B": "2", "E": None}}),
        ("environment: {A: 1}", "environment: [A]", {"environment": {"A": None}}),
        ("ports: ['80:80']", "ports: ['81:80', '80:80']", {"ports": ["80:80", "81:80"]}),
        ("ports: [{target: 9, name: n}]", "ports: [{target: 9, name: m}]", {"ports": [{"target": 9, "name": "m"}]}),
        ("volumes: ['./x:/x:ro', /y]", "volumes: [{type: bind, source: z, target: /x}]", None),
        ("volumes: ['${A:-./x}:/x']", "volumes: ['y:/x', '/z']", {"volumes": ["y:/x", "/z"]}),
        ("dns: 1.1.1.1", "dns: [2.2.2.2, 1.1.1.1]", {"dns": ["1.1.1.1", "2.2.2.2"]}),
        ("tmpfs: /a", "tmpfs: /b", {"tmpfs": ["/a", "/b"]}),
        ("networks: [n1]", "networks: {n2: {aliases: [x]}}", {"networks": {"n1": None, "n2": {"aliases": ["x"]}}}),
        ("build: .", "build: {target: x}", {"build": {"context": ".", "target": "x"}}),
        ("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}", {"logging": {"driver": "b"}}),
        ("logging: {options: {x: 1}}", "logging: {options: {y: 1}}", {"logging": {"options": {"x": 1, "y": 1}}}),
        ("ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 1}}", {"ulimits": {"nofile": {"soft": 1}}}),
        ("ulimits: {n: {soft: 1, hard: 3}}", "ulimits: {n: {soft: 2}}", {"ulimits": {"n": {"soft": 2, "hard": 3}}}),
        ("extra_hosts: {a: 1.1.1.1}", "extra_hosts: ['b:2']", {"extra_hosts": ["a=1.1.1.1", "b:2"]}),
        ("secrets: [s]", "secrets: [{source: s, target: x}, s]", {"secrets": ["s", {"source": "s", "target": "x"}]}),
        ("devices: ['/a:/b']", "devices: ['/c:/b', {source: /d, target: /e}]", None),
        ("env_file: a", "env_file: [{path: a, required: false}]", {"env_file": [{"path": "a", "required": False}]}),
        ("configs: [c]", "configs: [c]", {"configs": ["c"]}),
        ("post_start: [{command: a}]", "post_start: [{command: b}]", None),
        ("ready: {tcp: 5}", "ready: {http: /}", {"ready": {"http": "/"}}),
        ("seed: a.sql", "seed: [b.sql]", {"seed": ["a.sql", "b.sql"]}),
        ("image: x", "image: ~", {"image": "x"}),
        ("image: ~", "image: x", {"image": "x"}),
        ("x-a: {b: [1]}", "x-a: {b: [2], c: 3}", {"x-a": {"b": [1, 2], "c": 3}}),
    ],
)
def test_two_services_become_one(under: str, over: str, expected: dict[str, Any] | None) -> None:
    special = {
        "healthcheck": {"healthcheck": {"test": "b", "interval": "5s"}},
        "volumes": {"volumes": [{"type": "bind", "source": "z", "target": "/x"}, "/y"]},
        "devices": {"devices": ["/c:/b", {"source": "/d", "target": "/e"}]},
        "post_start": {"post_start": [{"command": "a"}, {"command": "b"}]},
    }
    assert service(under, over) == (expected or special[under.partition(":")[0]])


def test_depends_on_in_both_forms() -> None:
    short = {"condition": "service_started", "required": True}
    assert service("depends_on: [b]", "depends_on: {c: {condition: service_healthy}}") == {
        "depends_on": {"b": short, "c": {"condition": "service_healthy"}}
    }
    assert service("depends_on: [b]", "depends_on: {b: {condition: service_healthy}}")["depends_on"]["b"] == {
        "condition": "service_healthy",
        "required": True,
    }


def test_every_value_keeps_the_place_of_the_file_it_comes_from() -> None:
    document = merged(
        "services:\n  a:\n    image: x\n    ports: ['1:1', '2:2']\n",
        "services:\n  a:\n    ports: ['2:2', '3:3']\n    tty: true\n",
    )
    at = ("services", "a")
    assert str(document.where((*at, "image"))) == "base.yaml:3:5"
    assert str(document.where((*at, "tty"))) == "over.yaml:4:5"
    assert [str(document.spans[(*at, "ports", i)]) for i in range(3)] == [
        "base.yaml:4:13",
        "over.yaml:3:13",
        "over.yaml:3:20",
    ]


def test_an_empty_file_changes_nothing() -> None:
    assert merged("name: x", "").value == {"name": "x"}
    assert merged("", "name: x").value == {"name": "x"}


def test_kinds_that_do_not_fit_are_told_all_at_once() -> None:
    with pytest.raises(DevenvErrors) as caught:
        merged("a: {b: 1}\nc: [1]\n", "a: [1]\nc: x\n")
    assert [str(e.where) for e in caught.value.errors] == ["over.yaml:1:1", "over.yaml:2:1"]
    assert "`a` is a list here, and a mapping at base.yaml:1:1" in caught.value.errors[0].message
    with pytest.raises(DevenvError, match="a plain value here"):
        merged("volumes: {v: {driver_opts: {}}}", "volumes: {v: {driver_opts: 1}}")
