"""Beside the comparison with Compose (`tests/integration/test_compose_files.py`): what is known of each key."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose.documents import merged
from devenv.core.compose.interpolate import uses
from devenv.core.compose.written import written
from devenv.core.source import read_layers


def model(*texts: str, **variables: str) -> dict[str, Any]:
    documents = [each for number, text in enumerate(texts) for each in read_layers(text, f"{number}.yaml")]
    document = merged(documents, variables=variables, working_dir="/w")
    return written(document, project="p", variables=variables, working_dir="/w", home="/home/me")


def service(text: str, **variables: str) -> dict[str, Any]:
    found: dict[str, Any] = model(f"services: {{a: {{image: x, network_mode: none, {text}}}}}", **variables)
    return {key: item for key, item in found["services"]["a"].items() if key not in ("image", "network_mode")}


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("ports: ['${P}:80', '90']", {"ports": ["${P}:80", "90"]}),
        ("volumes: ['${D}:/d', '~/x:/y']", {"volumes": [
            {"type": "volume", "source": "${D}", "target": "/d", "volume": {}},
            {"type": "bind", "source": "/home/me/x", "target": "/y", "bind": {"create_host_path": True}},
        ]}),
        ("volumes: ['a:b:c:d']", {"volumes": ["a:b:c:d"]}),
        ("env_file: '${F}'", {"env_file": [{"path": "${F}", "required": True}]}),
        ("depends_on: {b: {condition: '${C}'}}", {"depends_on": {"b": {"condition": "${C}", "required": True}}}),
        ("gpus: '${G}'", {"gpus": "${G}"}),
        ("deploy: {replicas: '${N}'}", {"deploy": {"replicas": "${N}"}}),
        ("pull_policy: if_not_present", {"pull_policy": "missing"}),
    ],
)  # fmt: skip
def test_short_forms_are_made_long_where_no_value_is_needed(text: str, long: dict[str, Any]) -> None:
    assert service(text) == long


def test_arguments_named_alone_have_their_values() -> None:
    build = service("build: {context: '${C}', args: [A, B, 'C=${D}']}", A="1")["build"]
    assert build == {"args": ["A=1", "C=${D}"], "context": "${C}", "dockerfile": "Dockerfile"}
    assert service("build: {args: {A: , B: , C: 1}}", A="1")["build"]["args"] == {"A": "1", "C": 1}


def test_names_and_what_several_files_say() -> None:
    one = "services: {a: {image: x, environment: {A: '${A}', B: }}}"
    found = model(
        f"{one}\nvolumes: {{v: {{external: {{name: w}}}}, u: {{external: true}}}}",
        "services: {a: {environment: [C=1]}}",
    )
    assert found["services"]["a"]["environment"] == ["A=${A}", "B", "C=1"]
    assert found["services"]["a"]["networks"] == {"default": None}
    assert found["networks"] == {"default": {"name": "p_default"}}
    assert found["volumes"] == {"u": {"external": True, "name": "u"}, "v": {"external": True, "name": "w"}}


def test_what_several_places_say_of_a_variable() -> None:
    found = uses({"a": "$A ${B:-1} ${B-2} ${C:+${A?}}", "b": ["${B?x} $$D"]})
    assert found == {
        "A": {"Name": "A", "DefaultValue": "", "PresenceValue": "", "Required": True},
        "B": {"Name": "B", "DefaultValue": "1", "PresenceValue": "", "Required": True},
        "C": {"Name": "C", "DefaultValue": "", "PresenceValue": "${A?}", "Required": False},
    }
