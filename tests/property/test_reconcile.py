"""Random stacks, random damage, random kills: the plan gets there, and then there is nothing to do."""

from __future__ import annotations

import functools
import random
from collections.abc import Collection
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.backends.fake import Behaviour
from devenv.core import graph
from devenv.core.replicas import replicas
from devenv.core.selection import TEMPORARY, of_service
from devenv.core.teardown import down
from devenv.model.plan import Node, Plan, Start
from devenv.model.stack import SERVICE_COMPLETED, SERVICE_HEALTHY, SERVICE_STARTED, Stack
from tests.unit.core import planning
from tests.unit.core.planning import PROJECT, World, world

NAMES = ("a", "b", "c", "d", "e")


@st.composite
def services(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for index in range(draw(st.integers(1, len(NAMES)))):
        name = NAMES[index]
        if draw(st.integers(0, 4)) == 0 and len(made) > 1:
            continue
        one_shot = draw(st.integers(0, 3)) == 0
        said: dict[str, Any] = {"image": "once" if one_shot else "app", "one_shot": one_shot, "needs": {}}
        for target in draw(st.sets(st.sampled_from(tuple(made)), max_size=3)) if made else ():
            conditions = [SERVICE_STARTED, SERVICE_HEALTHY]
            said["needs"][target] = {
                "condition": SERVICE_COMPLETED if made[target]["one_shot"] else draw(st.sampled_from(conditions)),
                "restart": draw(st.booleans()),
                "required": draw(st.booleans()),
            }
        said["environment"] = {"A": draw(st.sampled_from(["1", "2"]))}
        if draw(st.booleans()):
            said["networks"] = {"default": None, "back": None}
        if draw(st.booleans()):
            said["data"] = draw(st.sampled_from(["one", "two"]))
        if not one_shot:
            said["ready"] = draw(st.booleans())
            if said.get("data"):
                said["seeds"] = [f"{name}{i}.sql" for i in range(draw(st.integers(0, 2)))]
            if draw(st.integers(0, 2)) == 0:
                said["scale"] = draw(st.integers(0, 3))
            elif draw(st.integers(0, 3)) == 0:
                said["ports"] = [{"target": 80, "published": str(8000 + index)}]
        made[name] = said
    return made


def stack_of(said: dict[str, dict[str, Any]]) -> Stack:
    return planning.stack({name: dict(one) for name, one in said.items()})


def digests(wanted: Stack, version: str = "1") -> dict[str, dict[str, str]]:
    return {name: {seed.name: version for seed in s.seeds} for name, s in wanted.services.items() if s.seeds}


def shuffled(plan: Plan, rng: random.Random) -> list[Node]:
    """Some other order in which the plan could be done."""
    left = list(plan.nodes)
    ended: set[str] = set()
    order = []
    while left:
        node = rng.choice([n for n in left if {*n.needs, *n.after} <= ended])
        left.remove(node)
        ended.add(node.id)
        order.append(node)
    return order


def damage(w: World, kind: str, rng: random.Random) -> None:
    found = list(w.engine.observe(PROJECT).containers)
    if found:
        victim = rng.choice(found).name
        if kind == "stop":
            w.engine.stop(victim)
        elif kind == "remove":
            w.engine.remove_container(victim)
        elif kind == "retag":
            w.engine.tag(rng.choice(["db", "other"]), "app")


def arrived(w: World, wanted: Stack) -> None:
    observed = w.observe(wanted)
    found = {c.name: c for c in observed.containers}
    names = []
    for service in wanted.services.values():
        there = replicas(service, observed)
        assert len(there) == service.scale
        for each in there:
            container = each.found.current
            assert container is not None
            names.append(container.name)
            assert container.state == ("exited" if service.one_shot else "running")
            assert not planning.StandIn(stack=wanted).changes(each.service, container)
            assert set(container.networks) == {wanted.networks[key].name for key in service.config["networks"]}
            for seed in service.seeds:
                assert w.ledgers[container.mounts["/data"]][seed.name].digest == w.digests[service.name][seed.name]
    gone = {name for name, c in found.items() if c.labels["com.docker.compose.service"] not in wanted.services}
    assert set(found) == {*names} | gone


@given(
    first=services(),
    then=services(),
    kills=st.lists(st.integers(0, 30), max_size=3),
    damages=st.lists(st.sampled_from(["stop", "remove", "retag"]), max_size=2),
    rng=st.randoms(use_true_random=False),
)
@settings(max_examples=250, deadline=None)
def test_a_plan_reaches_what_is_wanted_whatever_was_there(
    first: dict[str, Any], then: dict[str, Any], kills: list[int], damages: list[str], rng: random.Random
) -> None:
    w = world("once", "other", behaviours={"once": Behaviour(exit_code=0)})
    for said, version in ((first, "1"), (then, "2")):
        wanted = stack_of(said)
        w.digests = digests(wanted, version)
        for kill in kills:
            w.do(shuffled(w.plan(wanted), rng)[:kill])
        for kind in damages:
            damage(w, kind, rng)
        plan = w.plan(wanted, remove_orphans=True)
        w.do(shuffled(plan, rng), before=functools.partial(_needs_hold, w, wanted))
        arrived(w, wanted)
        assert w.plan(wanted).nodes == ()
        assert w.plan(wanted, remove_orphans=True) == w.plan(wanted, remove_orphans=True)
    w.do(shuffled(down(w.observe(wanted), stack=wanted, volumes=True, remove_orphans=True), rng))
    found = w.engine.observe(PROJECT)
    assert (found.containers, found.networks, found.volumes) == ((), (), ())


def _needs_hold(w: World, wanted: Stack, node: Node, ended: Collection[str]) -> None:
    """What a service needs is so at the moment it is started, required or not: nothing failed here."""
    if not isinstance(node.step, Start):
        return
    states = w.states()
    for need in wanted.services[node.step.service].needs:
        target = wanted.services[need.target]
        there = [states[c.name] for c in of_service(target, w.observe(wanted)) if not c.name.endswith(TEMPORARY)]
        assert there.count("exited" if target.one_shot else "running") >= target.scale
        if need.condition == SERVICE_HEALTHY and target.scale:
            ledger = w.ledgers.get(f"{PROJECT}_{target.volumes[0]}" if target.volumes else "", {})
            assert all(ledger[s.name].digest == w.digests[need.target][s.name] for s in target.seeds)


@given(services())
@settings(max_examples=100, deadline=None)
def test_nodes_stand_after_all_that_they_need_and_have_a_cause(said: dict[str, Any]) -> None:
    wanted = stack_of(said)
    w = world("once")
    w.digests = digests(wanted)
    plan = w.plan(wanted)
    seen: set[str] = set()
    for node in plan.nodes:
        assert {*node.needs, *node.after} <= seen
        assert node.cause
        seen.add(node.id)
    assert len(seen) == len(plan.nodes)
    assert graph.find_cycle({n.id: (*n.needs, *n.after) for n in plan.nodes}) is None
    assert plan == w.plan(wanted)
