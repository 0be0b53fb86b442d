"""What has no effect is said, and what an engine cannot do is refused: nothing is dropped in silence."""

from __future__ import annotations

import pytest

from devenv.core.compose.notices import is_at_least, unfit, unknown_to
from devenv.model.errors import ExitCode
from tests.unit.core.compose.stacks import stack


def notices(text: str, top: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return "\n".join(stack(f"name: p\nservices:\n  a:\n    image: x\n{lines}\n{top}").notices)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("deploy: {mode: replicated}", "a: `deploy.mode` is for a swarm alone"),
        ("deploy: {labels: {a: b}}", "`deploy.labels`"),
        ("deploy: {endpoint_mode: vip}", "`deploy.endpoint_mode`"),
        ("deploy: {placement: {constraints: [a]}}", "`deploy.placement`"),
        ("deploy: {update_config: {parallelism: 1}}", "`deploy.update_config`"),
        ("deploy: {rollback_config: {parallelism: 1}}", "`deploy.rollback_config`"),
        ("deploy: {resources: {reservations: {cpus: '1'}}}", "`deploy.resources.reservations.cpus`"),
        ("deploy: {restart_policy: {condition: any, window: 5s}}", "`deploy.restart_policy.window`"),
        ("credential_spec: {file: f}", "Windows machines alone"),
        ("cpu_count: 2", "`cpu_count` is for Windows alone"),
        ("pull_refresh_after: 24h", "`pull_policy: every_24h`"),
        ("ports: [{target: 80, mode: host}]", "`mode: host` of port 80"),
        ("volumes: [{type: bind, source: /a, target: /b, tmpfs: {size: 1m}}]", "`tmpfs` of the mount at /b"),
    ],
)
def test_what_has_no_effect(written: str, said: str) -> None:
    assert said in notices(written)


def test_what_has_no_effect_at_the_top() -> None:
    top = "secrets: {s: {file: f, labels: {a: b}}}\nconfigs: {c: {content: x}}"
    found = notices("secrets: [{source: s, uid: '1', mode: '0400'}]\nconfigs: [{source: c, mode: '0400'}]", top)
    assert found == (
        "`secrets.s.labels` is for a swarm alone, and has no effect\n"
        "a: `uid` and `mode` of s is for a swarm alone, and has no effect: "
        "the file is mounted as it is on this machine"
    )
    assert notices("deploy: {resources: {limits: {cpus: '1'}}, restart_policy: {condition: any}}") == ""


def test_what_an_engine_must_know() -> None:
    found = stack(
        "name: p\nservices:\n  a:\n    image: x\n    networks: {n: {interface_name: eth1}}\n"
        "    volumes: [{type: image, source: i, target: /i}]\nnetworks: {n: }"
    )
    errors = unfit(found.services.values(), "1.41")
    assert [error.message for error in errors] == [
        "`a`: `interface_name` in network n needs Docker Engine 28.1 or newer; this one speaks API 1.41 only.",
        "`a`: the image mounted at /i needs Docker Engine 28.0 or newer; this one speaks API 1.41 only.",
    ]
    assert {error.code for error in errors} == {ExitCode.UNFIT}
    assert all(error.where and error.hint for error in errors)
    assert len(unfit(found.services.values(), "1.48")) == 1
    assert unfit(found.services.values(), "1.49") == []


def test_what_an_engine_leaves_out() -> None:
    found = stack(
        "name: p\nservices:\n  a:\n    image: x\n    annotations: {a: b}\n"
        "    healthcheck: {test: x, start_interval: 1s}\n"
        "    networks: {n: {gw_priority: 1, mac_address: a}, m: {mac_address: b}}\n"
        "    volumes:\n"
        "      - {type: volume, source: v, target: /v, volume: {subpath: q}}\n"
        "      - {type: bind, source: /h, target: /h, bind: {recursive: readonly}}\n"
        "  b: {image: x, network_mode: none}\n"
        "networks: {n: , m: }\nvolumes: {v: }"
    )
    lines = unknown_to(found.services.values(), "1.41")
    assert [line.partition(" has no effect")[0] for line in lines] == [
        "a: `annotations`",
        "a: `healthcheck.start_interval`",
        "a: `subpath` of the mount at /v (the whole volume is there instead)",
        "a: `recursive: readonly` of the mount at /h",
        "a: `gw_priority` in network n",
        "a: `mac_address` in more than one network (m, n)",
    ]
    assert unknown_to(found.services.values(), "1.51") == ()


def test_versions() -> None:
    assert is_at_least("1.100", "1.44")
    assert not is_at_least("1.9", "1.44")
    assert is_at_least("", "1.44")
