from __future__ import annotations

from typing import Any

import pytest

from devenv.model.stack import Hook
from tests.unit.core.compose.stacks import errors, service, stack


def test_commands_inside() -> None:
    found = service(
        """\
        post_start:
        - command: echo "a b"
          user: root
          privileged: true
          working_dir: /tmp
          environment: [A=b, C]
        pre_stop: [{command: [bye]}]
        """
    )
    assert found.post_start == (
        Hook(command=("echo", "a b"), user="root", privileged=True, workdir="/tmp", environment={"A": "b"}),
    )
    assert found.pre_stop == (Hook(command=("bye",)),)
    assert found.config["post_start"][0]["environment"] == {"A": "b", "C": None}


def test_a_hook_before_the_start_has_all_of_its_service_but_what_it_says() -> None:
    found = stack(
        """\
        name: p
        services:
          a:
            build: .
            command: [serve]
            user: bob
            environment: {A: "1", B: "2"}
            volumes: ["data:/d"]
            ports: ["80"]
            restart: always
            cap_add: [NET_ADMIN]
            depends_on: [b]
            pre_start:
            - {command: [migrate], environment: [B=3], volumes: ["more:/m"], cap_add: [SYS_ADMIN]}
            - {image: other, network_mode: host}
          b: {image: x}
        volumes: {data: , more: }
        """
    )
    first, second = found.services["a"].pre_start
    assert first.container_name == "p-a-pre_start-0"
    assert (first.name, first.image, first.volumes) == ("a", "p-a", ("more",))
    assert first.config["command"] == ["migrate"]
    assert first.config["environment"] == {"A": "1", "B": "3"}
    assert first.config["cap_add"] == ["NET_ADMIN", "SYS_ADMIN"]
    assert not {"ports", "restart", "depends_on", "build"} & set(first.config)
    assert (second.image, second.config["command"], second.config["network_mode"]) == ("other", ["serve"], "host")
    assert "networks" not in second.config
    assert set(found.volumes) == {"data", "more"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("post_start: [{user: root}]", "The hook has no `command`"),
        ("post_start: {command: x}", "a list of hooks"),
        ("pre_stop: [{command: [x], image: y}]", "`image`"),
        ("pre_start: [{command: [x], ports: ['80']}]", "`ports`"),
        ("pre_start: [{command: [x], per_replica: true}]", "once a service"),
        ("pre_start: [{command: [x], env_file: a.env}]", "env_file"),
        ("pre_start: [{volumes: ['gone:/x']}]", "the volume `gone`"),
    ],
)
def test_what_no_hook_can_be(text: str, message: str) -> None:
    found: Any = errors(f"name: p\nservices:\n  a:\n    image: x\n    {text}\n")
    assert any(message in error.message + error.hint for error in found), found
    assert all(error.hint and error.where is not None and error.where.line >= 3 for error in found)
