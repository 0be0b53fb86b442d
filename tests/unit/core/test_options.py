"""Networks and volumes whose options changed in the manifest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.backends.fake import FakeEngine
from devenv.core.options import changes, label
from devenv.model import labels
from devenv.model.stack import Network, Stack, Volume
from tests.unit.core.planning import World, stack


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ({}, {"driver": "bridge", "internal": False, "ipam": {}, "name": "x"}, ()),
        ({"driver": "local"}, {}, ()),
        ({}, {"internal": True}, ("internal",)),
        ({"driver": "overlay"}, {}, ("driver",)),
        (
            {"driver_opts": {"a": "1", "b": "2"}, "labels": {"x": "y"}}, {"driver_opts": {"a": "1", "b": "3"}},
            ("driver_opts.b", "labels.x"),
        ),
        (
            {"ipam": {"config": [{"subnet": "10.1.0.0/24"}]}}, {"ipam": {"config": [{"subnet": "10.2.0.0/24"}]}},
            ("ipam",),
        ),
    ],
)  # fmt: skip
def test_the_keys_that_differ_are_named(before: dict[str, Any], after: dict[str, Any], keys: tuple[str, ...]) -> None:
    assert changes(after, {labels.CONFIG: label(before)}) == keys


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99, "keys": {}}', '{"version": 1, "keys": 3}'])
def test_what_cannot_be_read_is_not_judged(text: str) -> None:
    assert changes({"internal": True}, {labels.CONFIG: text}) == ()
    assert changes({"internal": True}, {}) == ()


def _inner(wanted: Stack) -> Stack:
    return replace(
        wanted, networks={**wanted.networks, "default": replace(wanted.networks["default"], config={"internal": True})}
    )


def test_a_changed_network_is_made_anew_with_its_containers() -> None:
    w = World(engine=FakeEngine(images=["app", "api", "db"]))
    wanted = stack({"db": {}, "api": {"needs": {"db": "service_started"}}})
    w.up(wanted)
    plan = w.plan(_inner(wanted))
    assert plan.text().split("\n")[:4] == [
        "[1] db: Stop shop-db-1, network shop_default: internal changed",
        "[2] api: Stop shop-api-1, network shop_default: internal changed",
        "[3] Remove network shop_default, internal changed (after 1, 2)",
        "[4] CreateNetwork shop_default, internal changed (after 3)",
    ]
    assert {node.cause for node in plan.nodes if node.id in ("create:api", "remove:db")} == {
        "network shop_default: internal changed"
    }
    w.up(_inner(wanted))
    assert w.plan(_inner(wanted)).nodes == ()
    assert [c.state for c in w.observe(wanted).containers] == ["running", "running"]


def test_a_kill_in_any_gap_is_mended_by_the_next_up() -> None:
    wanted = stack({"db": {}, "api": {"needs": {"db": "service_started"}}})
    for gap in range(16):
        w = World(engine=FakeEngine(images=["app", "api", "db"]))
        w.up(wanted)
        w.up(_inner(wanted), kill_after=gap)
        w.up(_inner(wanted))
        assert w.plan(_inner(wanted)).nodes == (), gap
        seen = w.observe(wanted)
        assert [(c.name, c.state) for c in seen.containers] == [("shop-api-1", "running"), ("shop-db-1", "running")]
        assert all(c.networks["shop_default"][0] == seen.networks[0].id for c in seen.containers)


def test_a_network_with_others_in_it_is_left_and_said() -> None:
    w = World(engine=FakeEngine(images=["app", "api", "db"]))
    wanted = stack({"db": {}, "api": {}})
    w.up(wanted)
    plan = w.plan(_inner(wanted), services=("api",))
    assert plan.nodes == ()
    assert plan.notices == (
        "network shop_default is left as it is, though its internal changed: shop-db-1 is in it",
    )  # fmt: skip


def test_an_external_network_and_one_without_a_label_are_not_judged() -> None:
    w = World(engine=FakeEngine(images=["app"]))
    w.engine.create_network("shop_default", {}, {labels.PROJECT: "shop"})
    wanted = stack({"api": {}})
    w.up(wanted)
    assert w.plan(_inner(wanted)).nodes == ()
    outer = replace(_inner(wanted), networks={"default": Network(key="default", name="shop_default", external=True)})
    assert w.plan(outer).notices == ()


def test_a_changed_volume_is_kept_and_said() -> None:
    w = World(engine=FakeEngine(images=["app"]))
    wanted = stack({"db": {"data": "data"}})
    w.up(wanted)
    volume = wanted.volumes["data"]
    other = replace(wanted, volumes={"data": replace(volume, config={"driver_opts": {"type": "tmpfs"}})})
    plan = w.plan(other)
    assert plan.nodes == ()
    assert plan.notices == (
        f"volume {volume.name} is left as it is, though its driver_opts.type changed: `devenv reset db` makes it anew, "
        "without its data",
    )
    theirs = replace(
        wanted, volumes={"data": Volume(key="data", name=volume.name, external=True, config={"driver": "x"})}
    )
    assert w.plan(theirs).notices == ()
