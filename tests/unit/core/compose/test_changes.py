from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.core.compose.changes import config_label
from devenv.core.compose.create import changes, payload
from devenv.core.compose.hash import config_hash, go_json
from devenv.model import labels
from devenv.model.observed import ObservedContainer
from devenv.model.stack import Stack
from tests.unit.core.compose.stacks import stack

TEXT = """
name: p
services:
  a:
    image: ${IMAGE:-x}
    environment: {LOG_LEVEL: "${LEVEL:-info}", A: 1}
    ports: ["127.0.0.1:8080:80"]
    volumes: ["${VOLUME:-vol}:/data", "./h:/h:ro", /anonymous]
    networks: [front]
    command: [run]
    restart: always
    healthcheck: {test: x, interval: 5s}
    labels: {own: 1}
    configs: [c]
volumes: {vol: , other: }
networks: {front: {name: "${NET:-net}"}}
configs: {c: {content: "${CONTENT:-hello}"}}
"""


def made(found: Stack, **more: Any) -> ObservedContainer:
    """The container that the engine has once it was told of `a`."""
    a = found.services["a"]
    body = payload(a, found)
    seen: dict[str, Any] = {
        "id": "1", "name": a.container_name, "image": a.image, "image_id": "sha256:1", "state": "running",
        "labels": body["Labels"], "networks": {"net": ("n", "10.0.0.2")},
        "mounts": {"/data": "p_vol", "/h": "/repo/h", "/anonymous": "abcdef"},
        "config": {**body, "Env": [*body["Env"], "PATH=/bin"]},
    }  # fmt: skip
    return ObservedContainer(**{**seen, **more})


def by_compose(container: ObservedContainer, **more: str) -> ObservedContainer:
    """The same without devenv's labels."""
    kept = {key: value for key, value in container.labels.items() if not key.startswith("dev.devenv.")}
    return replace(container, labels={**kept, **more})


def other(**variables: str) -> Stack:
    return stack(TEXT, variables=variables)


BASE = stack(TEXT)


def test_nothing_differs() -> None:
    container = made(BASE)
    assert changes(BASE.services["a"], BASE, container) == ()
    assert changes(BASE.services["a"], BASE, by_compose(container)) == ()


@pytest.mark.parametrize(
    ("variables", "keys"),
    [
        ({"LEVEL": "debug"}, ("environment.LOG_LEVEL",)),
        ({"IMAGE": "y", "LEVEL": "debug"}, ("environment.LOG_LEVEL", "image")),
        ({"VOLUME": "other"}, ("volumes",)),
        ({"NET": "net2"}, ("networks.front",)),
        ({"CONTENT": "bye"}, ("files./c",)),
    ],
)
def test_the_keys_that_differ_are_named(variables: dict[str, str], keys: tuple[str, ...]) -> None:
    assert changes(other(**variables).services["a"], other(**variables), made(BASE)) == keys


def test_a_key_more_and_a_key_less() -> None:
    more = stack(TEXT.replace("command: [run]", "user: me"))
    assert changes(more.services["a"], more, made(BASE)) == ("command", "user")


def test_what_says_nothing_of_the_container_is_not_compared() -> None:
    found = stack(TEXT.replace("command: [run]", "command: [run]\n    pull_policy: always\n    build: ."))
    assert changes(found.services["a"], found, made(BASE)) == ()


@pytest.mark.parametrize("label", ["", "{", "[]", '{"version": 99, "keys": {}}', '{"version": 1}'])
def test_a_label_that_cannot_be_read_leaves_composes_hash(label: str) -> None:
    container = made(BASE)
    container = replace(container, labels={**container.labels, labels.CONFIG: label})
    assert changes(BASE.services["a"], BASE, container) == ()


def test_another_version_of_compose_leaves_the_container_itself() -> None:
    old = by_compose(made(BASE), **{labels.CONFIG_HASH: "old", labels.VERSION: "2.15.0"})
    assert changes(BASE.services["a"], BASE, old) == ()
    same = by_compose(made(BASE), **{labels.CONFIG_HASH: "differs"})
    assert changes(BASE.services["a"], BASE, same) == ("configuration",)
    level = other(LEVEL="debug")
    assert changes(level.services["a"], level, by_compose(made(BASE))) == ("environment.LOG_LEVEL",)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("command: [run]", "command: [walk]", "command"),
        ("command: [run]", "command: [run]\n    user: me", "user"),
        ("command: [run]", "command: [run]\n    tty: true", "tty"),
        ("command: [run]", "command: [run]\n    stop_grace_period: 3s", "stop_grace_period"),
        ("command: [run]", "command: [run]\n    shm_size: 1m", "shm_size"),
        ("command: [run]", "command: [run]\n    cap_add: [A]", "cap_add"),
        ("restart: always", "restart: 'no'", "restart"),
        ("own: 1", "own: 2", "labels.own"),
        ("interval: 5s", "interval: 6s", "healthcheck"),
        ("8080:80", "8081:80", "ports"),
        ("./h:/h:ro", "./i:/h:ro", "volumes"),
        ("/anonymous]", "/new]", "volumes"),
        ("networks: [front]", "networks: [front, default]", "networks"),
        ("A: 1", "A: ", "environment.A"),
        ("image: ${IMAGE:-x}", "image: z", "image"),
    ],
)
def test_a_container_of_compose_is_compared_by_what_is_seen(old: str, new: str, key: str) -> None:
    assert old in TEXT
    found = stack(TEXT.replace(old, new))
    old_one = by_compose(made(BASE), **{labels.VERSION: "2.15.0"})
    assert changes(found.services["a"], found, old_one) == (key,)


def test_an_editors_override_is_adopted() -> None:
    files = "/repo/compose.yaml,/tmp/devcontainercli/docker-compose.devcontainer.containerFeatures-1.yml"
    container = by_compose(made(BASE), **{labels.CONFIG_HASH: "differs", labels.CONFIG_FILES: files})
    changed = replace(container, config={**container.config, "Cmd": ["sleep"], "Entrypoint": ["/bin/sh"]})
    assert changes(BASE.services["a"], BASE, changed) == ()
    level = other(LEVEL="debug")
    assert changes(level.services["a"], level, changed) == ("environment.LOG_LEVEL",)


def test_the_hash_is_over_gos_json() -> None:
    assert go_json({"a": ["<&>", "ü\u2028"], "b": None}) == '{"a":["\\u003c\\u0026\\u003e","ü\\u2028"],"b":null}'
    config = {"image": "x", "command": None, "entrypoint": None, "networks": {"default": None}}
    assert config_hash(config) == config_hash({**config, "build": {}, "depends_on": {}, "scale": 1})
    assert config_hash(config) != config_hash({**config, "image": "y"})


def test_a_namespace_that_is_joined_is_hashed_as_compose_has_it() -> None:
    found = stack("name: p\nservices: {a: {image: x, network_mode: 'service:b'}, b: {image: y}}")
    a = found.services["a"]
    container = made(found, networks={}, mounts={})
    host = {**container.config["HostConfig"], "NetworkMode": "container:0123"}
    theirs = by_compose(
        replace(container, config={**container.config, "HostConfig": host}),
        **{labels.CONFIG_HASH: config_hash({**a.config, "network_mode": "container:0123"})},
    )
    assert changes(a, found, theirs) == ()


def test_the_engines_own_words_are_no_difference() -> None:
    text = "name: p\nservices: {a: {image: x, cap_add: [B, A], security_opt: ['no-new-privileges:true']}}"
    found = stack(text)
    container = made(found, networks={"p_default": ("n", "")}, mounts={})
    seen = {"CapAdd": ["CAP_A", "CAP_B"], "SecurityOpt": ["label=disable", "no-new-privileges:true"]}
    host = {**container.config["HostConfig"], **seen}
    theirs = by_compose(
        replace(container, config={**container.config, "HostConfig": host}),
        **{labels.CONFIG_HASH: "old", labels.VERSION: "2.0"},
    )
    assert changes(found.services["a"], found, theirs) == ()
    strict = replace(theirs, config={**theirs.config, "HostConfig": {**host, "SecurityOpt": []}})
    assert changes(found.services["a"], found, strict) == ("security_opt",)


def test_how_many_containers_there_are_changes_none_of_them() -> None:
    text = "name: p\nservices: {a: {image: x, deploy: {replicas: %d, resources: {limits: {pids: 5}}}}}"
    two, three = (stack(text % number) for number in (2, 3))
    assert config_label(two.services["a"], two) == config_label(three.services["a"], three)
    assert config_hash(two.services["a"].config) == config_hash(three.services["a"].config)
