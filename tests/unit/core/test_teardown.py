"""Down, stop, what a restart is about and reset, planned and done on the fake engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.backends.fake import Behaviour
from devenv.core.teardown import down, off_and_on, reset, restarted, stop
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.model.observed import Observed
from devenv.model.plan import Node, Plan, Remove
from devenv.model.stack import Stack
from tests.unit.core.planning import PROJECT, World, stack, world

DB: dict[str, Any] = {"image": "db", "data": "data", "ready": True}
API: dict[str, Any] = {"needs": {"db": "service_healthy"}}


def shop(**api: Any) -> Stack:
    return stack({"db": DB, "api": {**API, **api}})


def up(wanted: Stack) -> World:
    w = world("once", behaviours={"once": Behaviour(exit_code=0)})
    w.up(wanted)
    return w


def ids(plan: Plan) -> list[str]:
    return [node.id for node in plan.nodes]


def node(plan: Plan, identity: str) -> Node:
    return next(n for n in plan.nodes if n.id == identity)


def changed(observed: Observed, name: str, **changes: Any) -> Observed:
    return replace(
        observed, containers=tuple(replace(c, **changes) if c.name == name else c for c in observed.containers)
    )


def test_down_ends_what_writes_before_what_keeps_the_data_and_leaves_the_volumes() -> None:
    w = up(shop())
    plan = down(w.observe(shop()), stack=shop())
    assert plan.text() == "\n".join(
        [
            "[1] api: Stop shop-api-1, the project goes down",
            "[2] db: Stop shop-db-1, the project goes down (after 1)",
            "[3] api: Remove container shop-api-1, the project goes down (after 1)",
            "[4] db: Remove container shop-db-1, the project goes down (after 2)",
            "[5] Remove network shop_default, the project goes down (after 3, 4)",
        ]
    )
    assert node(plan, "stop:db").needs == ()  # whoever does not end must not hold the rest
    assert plan.destructive == ()
    w.do(plan.nodes)
    found = w.engine.observe(PROJECT)
    assert (found.containers, found.networks, [v.name for v in found.volumes]) == ((), (), ["shop_data"])
    assert down(found, stack=shop()).text() == "nothing to do"


def test_a_chain_of_containers_with_data_stops_at_once_but_for_the_one_at_the_bottom() -> None:
    wanted = stack(
        {
            "db": DB,
            "api": {**API, "data": "uploads"},
            "web": {"data": "modules", "needs": {"api": "service_started"}},
            "lone": {"data": "more"},
        }
    )
    plan = stop(up(wanted).observe(wanted), stack=wanted)
    assert {n.id: n.after for n in plan.nodes} == {
        "stop:web": (), "stop:api": (), "stop:lone": (), "stop:db": ("stop:api",),
    }  # fmt: skip


def test_what_needs_only_what_has_ended_is_at_the_bottom() -> None:
    wanted = stack(
        {
            "once": {"image": "once", "one_shot": True},
            "db": {**DB, "needs": {"once": "service_completed_successfully"}},
            "api": API,
        }
    )
    w = up(wanted)
    assert node(stop(w.observe(wanted), stack=wanted), "stop:db").after == ("stop:api",)


def test_down_with_volumes_is_destructive_and_leaves_nothing() -> None:
    w = up(shop())
    plan = down(w.observe(shop()), stack=shop(), volumes=True)
    assert [n.id for n in plan.destructive] == ["remove:volume:shop_data"]
    assert node(plan, "remove:volume:shop_data").needs == ("remove:db",)
    w.do(plan.nodes)
    found = w.engine.observe(PROJECT)
    assert (found.containers, found.networks, found.volumes) == ((), (), ())


def test_anonymous_volumes_go_with_volumes_and_are_data_too() -> None:
    w = up(shop())
    seen = changed(w.observe(shop()), "shop-api-1", mounts={"/cache": "a" * 64})
    assert node(down(seen), "remove:api").step == Remove(service="api", kind="container", name="shop-api-1")
    step = node(down(seen, volumes=True), "remove:api").step
    assert step == Remove(service="api", kind="container", name="shop-api-1", destructive=True, volumes=True)


def test_an_orphan_stays_with_what_it_uses_unless_asked() -> None:
    w = up(shop())
    smaller = stack({"api": {}})
    plan = down(w.observe(smaller), stack=smaller, volumes=True)
    assert ids(plan) == ["stop:api", "remove:api"]
    assert plan.orphans == ("shop-db-1",)
    plan = down(w.observe(smaller), stack=smaller, remove_orphans=True)
    assert ids(plan)[-1] == "remove:network:shop_default"
    assert plan.orphans == ()


def test_without_a_manifest_all_that_carries_the_label_goes() -> None:
    w = up(shop())
    payload = {
        "Image": "app",
        "Labels": {labels.PROJECT: PROJECT, labels.SERVICE: "api", labels.ONEOFF: "True"},
    }
    w.engine.create_container("shop-api-run-1", payload)
    plan = down(w.engine.observe(PROJECT), volumes=True)
    assert "remove:container:shop-api-run-1" in ids(plan)
    w.do(plan.nodes)
    assert w.engine.observe(PROJECT).containers == ()


def test_labels_that_go_in_a_circle_do_not_hold_a_stop() -> None:
    w = up(shop())
    seen = w.observe(shop())
    mounts = {"/data": "shop_data"}
    for name, other in (("shop-db-1", "api"), ("shop-api-1", "db")):
        container = next(c for c in seen.containers if c.name == name)
        marks = {**container.labels, labels.DEPENDS_ON: f"{other}:service_started:false"}
        seen = changed(seen, name, labels=marks, mounts=mounts)
    assert [n.after for n in stop(seen).nodes] == [(), ()]


def test_stop_takes_all_or_the_named_and_knows_what_there_is() -> None:
    w = up(shop())
    seen = w.observe(shop())
    assert ids(stop(seen, stack=shop())) == ["stop:api", "stop:db"]
    plan = stop(seen, ["db"])
    assert ids(plan) == ["stop:db"]
    w.do(plan.nodes)
    assert w.states() == {"shop-api-1": "running", "shop-db-1": "exited"}
    assert ids(stop(w.observe(shop()), ["db"], stack=shop())) == []
    with pytest.raises(DevenvError, match="no service dbb"):
        stop(seen, ["dbb"], stack=shop())
    with pytest.raises(DevenvError, match="no container of a service dbb"):
        stop(seen, ["dbb"])


def test_two_containers_of_a_service_are_told_apart() -> None:
    w = up(shop())
    seen = w.observe(shop())
    second = replace(next(c for c in seen.containers if c.name == "shop-api-1"), id="2", name="shop-api-2")
    plan = stop(replace(seen, containers=(*seen.containers, second)), ["api"])
    assert ids(plan) == ["stop:container:shop-api-1", "stop:container:shop-api-2"]


def test_restart_of_one_takes_those_that_ask_for_it_and_run() -> None:
    asks = {"condition": "service_healthy", "restart": True}
    wanted = stack(
        {
            "db": DB,
            "api": {"needs": {"db": asks}},
            "web": {"needs": {"api": "service_started"}},
            "proxy": {"needs": {"api": {"condition": "service_started", "restart": True}}},
            "idle": {"needs": {"db": asks}},
        }
    )
    w = up(wanted)
    w.engine.stop("shop-idle-1", None)
    seen = w.observe(wanted)
    assert restarted(wanted, seen, ["db"]) == ("db", "api", "proxy")
    assert restarted(wanted, seen, ["web"]) == ("web",)
    assert restarted(wanted, seen, ()) == ()
    with pytest.raises(DevenvError, match="no service x"):
        restarted(wanted, seen, ["x"])


def test_off_and_on_leaves_containers_as_they_are_each_after_what_it_needs() -> None:
    asks = {"condition": "service_healthy", "restart": True}
    wanted = stack(
        {
            "db": DB,
            "api": {"needs": {"db": asks}},
            "job": {"image": "once", "one_shot": True},
            "web": {"needs": {"api": "service_started"}},
        }
    )
    w = up(wanted)
    plan = off_and_on(wanted, w.observe(wanted), ["db", "job"])
    assert ids(plan) == [
        "stop:api", "stop:db", "start:db", "ready:db", "start:api", "ready:api", "run:job",
    ]  # fmt: skip
    start = next(node for node in plan.nodes if node.id == "start:api")
    assert start.needs == ("stop:api", "ready:db")
    before = {c.id for c in w.observe(wanted).containers}
    w.do(plan.nodes)
    assert {c.id for c in w.observe(wanted).containers} == before


def test_reset_removes_the_data_of_one_service_and_up_makes_them_anew() -> None:
    w = up(shop())
    plan = reset(shop(), w.observe(shop()), "db")
    assert ids(plan) == ["stop:db", "remove:db", "remove:volume:shop_data"]
    assert [n.id for n in plan.destructive] == ["remove:volume:shop_data"]
    w.do(plan.nodes)
    again = w.up(shop())
    assert ids(again) == ["volume:data", "create:db", "start:db", "ready:db"]
    with pytest.raises(DevenvError, match="no service bd"):
        reset(shop(), w.observe(shop()), "bd")


def test_reset_takes_along_who_mounts_the_same_volume() -> None:
    wanted = stack({"db": DB, "backup": {"data": "data"}, "api": {}})
    w = up(wanted)
    plan = reset(wanted, w.observe(wanted), "db")
    assert node(plan, "remove:backup").cause == "it mounts a volume of db"
    assert set(node(plan, "remove:volume:shop_data").needs) == {"remove:db", "remove:backup"}
    assert not [i for i in ids(plan) if i.endswith(":api")]
    w.do(plan.nodes)


def test_reset_without_volumes_loses_the_container_itself() -> None:
    w = up(shop())
    plan = reset(shop(), w.observe(shop()), "api")
    assert [n.id for n in plan.destructive] == ["remove:api"]


def test_what_is_of_another_profile_stays_with_what_it_uses() -> None:
    whole = stack({"db": DB, "api": API, "tool": {"data": "tools", "networks": {"default": None, "back": None}}})
    w = up(whole)
    some = replace(
        whole,
        services={name: one for name, one in whole.services.items() if name != "tool"},
        volumes={key: one for key, one in whole.volumes.items() if key != "tools"},
        networks={"default": whole.networks["default"]},
        left_out=("tool",),
    )
    plan = stop(w.observe(some), stack=some)
    assert set(ids(plan)) == {"stop:db", "stop:api"}
    plan = down(w.observe(some), stack=some, volumes=True)
    (notice,) = plan.notices
    assert "of profiles that are not active: tool" in notice
    assert plan.orphans == ()
    w.do(plan.nodes)
    left = w.observe(some)
    assert [c.name for c in left.containers] == ["shop-tool-1"]
    assert {v.name for v in left.volumes} == {"shop_tools"}
    assert {n.name for n in left.networks} == {"shop_default", "shop_back"}
    w.engine.remove_container("shop-tool-1")
    w.do(down(w.observe(some), stack=some, volumes=True).nodes)
    left = w.observe(some)
    assert {v.name for v in left.volumes} == {"shop_tools"}, "its data are not this profile's to remove"
    w.do(down(w.observe(whole), stack=whole, volumes=True).nodes)
    assert (w.observe(some).volumes, w.observe(some).networks) == ((), ())
