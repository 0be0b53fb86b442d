"""A service left to the host: the forwarder in its place, planned and done on the fake engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.backends.fake import Behaviour
from devenv.core.on_host import IMAGE, PROGRAM, Way, beside, excepted, ports
from devenv.core.reconcile import ComposeCreator
from devenv.core.selection import held_on_host, promised, read_doors, select, standing
from devenv.core.teardown import down, stop
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.model.plan import Plan
from devenv.model.stack import Ready, Service, Stack
from tests.unit.core.planning import PROJECT, World, stack, world

WAY = Way(program="pass")
API: dict[str, Any] = {
    "needs": {"db": "service_healthy"},
    "ready": True,
    "ports": [{"target": 8000, "published": "8001", "protocol": "tcp"}],
    "networks": {"default": {"aliases": ["backend"]}, "back": None},
    "environment": {"SECRET": "1"},
}


def shop(**more: Any) -> Stack:
    return stack(
        {
            "db": {"image": "db", "data": "data", "ready": True},
            "api": API,
            "web": {"needs": {"api": "service_healthy"}},
            **more,
        }
    )


def left(wanted: Stack | None = None, *names: str) -> Stack:
    return excepted(wanted or shop(), names or ("api",), WAY)


def there(*images: str) -> World:
    return world(IMAGE, "once", *images, behaviours={"once": Behaviour(exit_code=0)})


def ids(plan: Plan) -> list[str]:
    return [node.id for node in plan.nodes]


def test_nothing_is_done_to_a_stack_of_which_nothing_is_left_out() -> None:
    wanted = shop()
    assert excepted(wanted, (), WAY) is wanted


def test_the_forwarder_has_the_services_place_and_nothing_else_of_it() -> None:
    api = left().services["api"]
    assert api.config["networks"] == API["networks"]
    assert api.container_name == f"{PROJECT}-api-1"
    assert api.image == api.config["image"] == IMAGE
    assert not {"ports", "environment", "healthcheck"} & set(api.config)
    assert api.config["command"] == ["python", "-u", PROGRAM, "in", "/run/devenv", "8000=8001", "1=1"]
    assert api.on_host is not None
    assert dict(api.on_host.ports) == {8000: 8001, 1: 1}
    assert api.on_host.service == shop().services["api"]
    assert api.seeds == ()
    other = beside(api)
    assert other is not None
    assert other.container_name == f"{PROJECT}-api-1-host"
    assert other.config["network_mode"] == "host"
    assert "networks" not in other.config
    assert other.config["command"][3] == "out"


def test_what_it_is_created_from_has_its_aliases_and_its_program() -> None:
    wanted = left()
    creator = ComposeCreator(stack=wanted)
    api = wanted.services["api"]
    endpoints = creator.payload(api)["NetworkingConfig"]["EndpointsConfig"]
    joined = {**endpoints, **dict(creator.connections(api))}
    assert joined[f"{PROJECT}_default"]["Aliases"] == [f"{PROJECT}-api-1", "api", "backend"]
    assert joined[f"{PROJECT}_back"]["Aliases"] == [f"{PROJECT}-api-1", "api"]
    assert creator.copies(api) == {PROGRAM: (b"pass", 0o444)}
    assert creator.payload(api)["HostConfig"]["PortBindings"] == {}


def test_who_waits_for_it_waits_for_the_forwarder_alone() -> None:
    plan = there().plan(left())
    start = next(node for node in plan.nodes if node.id == "start:api")
    assert "ready:db" not in start.needs
    web = next(node for node in plan.nodes if node.id == "start:web")
    assert "ready:api" in web.needs


def test_there_and_back_leaves_no_trace() -> None:
    w = there()
    w.up(shop())
    before = {c.name for c in w.engine.observe(PROJECT).containers}
    plan = w.plan(left())
    causes = {node.id: node.cause for node in plan.nodes}
    assert causes["create:api"] == causes["remove:api"] == "asked for with --except"
    w.do(plan.nodes)
    found = {c.name: c for c in w.engine.observe(PROJECT).containers}
    assert set(found) == {*before, f"{PROJECT}-api-1-host"}
    assert found[f"{PROJECT}-api-1-host"].labels[labels.NUMBER] == "2"
    assert standing(tuple(found.values())) == ("api",)
    assert w.plan(left()).nodes == ()

    plan = w.plan(shop())
    causes = {node.id: node.cause for node in plan.nodes}
    assert causes["create:api"] == "it ran on the host"
    assert causes[f"remove:container:{PROJECT}-api-1-host"] == "api runs in a container again"
    w.do(plan.nodes)
    assert {c.name for c in w.engine.observe(PROJECT).containers} == before
    assert [v.name for v in w.engine.observe(PROJECT).volumes] == [f"{PROJECT}_data"]
    assert w.plan(shop()).nodes == ()


@pytest.mark.parametrize("kill", range(1, 12))
def test_a_kill_between_any_two_steps_is_mended_by_the_next(kill: int) -> None:
    w = there()
    w.up(shop())
    w.up(left(), kill_after=kill)
    w.up(left())
    assert set(w.states().values()) == {"running"}
    assert len(w.states()) == 4
    w.up(shop(), kill_after=kill)
    w.up(shop())
    assert w.states() == {f"{PROJECT}-{name}-1": "running" for name in ("api", "db", "web")}
    assert [v.name for v in w.engine.observe(PROJECT).volumes] == [f"{PROJECT}_data"]


def test_its_second_container_is_made_anew_or_started_where_it_is_not_as_it_should_be() -> None:
    w = there()
    w.up(left())
    w.engine.stop(f"{PROJECT}-api-1-host", None)
    plan = w.plan(left())
    assert ids(plan) == ["start:api:host"]
    w.do(plan.nodes)
    changed = stack({"api": {**API, "needs": {}, "ports": [{"target": 8000, "published": "9", "protocol": "tcp"}]}})
    plan = w.plan(left(changed))
    assert f"remove:container:{PROJECT}-api-1-host" in ids(plan)
    w.do(plan.nodes)
    assert w.states()[f"{PROJECT}-api-1-host"] == "running"


def test_a_service_without_ports_is_left_out_by_a_forwarder_that_forwards_nothing() -> None:
    wanted = left(shop(worker={}), "worker")
    worker = wanted.services["worker"]
    assert beside(worker) is None
    assert worker.volumes == ()
    w = there()
    w.up(wanted)
    assert w.states()[f"{PROJECT}-worker-1"] == "running"
    assert standing(w.engine.observe(PROJECT).containers) == ("worker",)


def test_where_the_host_has_an_address_one_container_is_enough() -> None:
    api = excepted(shop(), ("api",), replace(WAY, direct=True)).services["api"]
    assert api.config["command"][3:5] == ["to", "host.docker.internal"]
    assert api.config["extra_hosts"] == ["host.docker.internal=host-gateway"]
    assert beside(api) is None
    assert api.volumes == ()


def test_a_one_shot_that_it_needs_stays_one() -> None:
    wanted = left(
        stack(
            {
                "move": {"image": "once"},
                "api": {**API, "needs": {"move": "service_completed_successfully"}},
            }
        )
    )
    plan = there().plan(wanted)
    assert "run:move" in ids(plan)
    assert list(select(wanted, ("api",))) == ["move", "api"]


def test_who_shares_its_network_shares_the_forwarders() -> None:
    w = there()
    wanted = shop(sidecar={"network_mode": "service:api"})
    w.up(wanted)
    plan = w.plan(left(wanted))
    cause = next(node.cause for node in plan.nodes if node.id == "create:sidecar")
    assert cause == "api, whose namespace it shares, is made anew"


def test_down_and_stop_take_both_of_its_containers_and_its_volume() -> None:
    w = there()
    w.up(left())
    observed = w.observe(left())
    assert len(stop(observed, ("api",), stack=left()).nodes) == 2
    plan = down(observed, stack=left())
    assert plan.destructive == ()
    w.do(plan.nodes)
    assert w.states() == {}
    assert [v.name for v in w.engine.observe(PROJECT).volumes] == [f"{PROJECT}_data"]


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ({"network_mode": "host"}, "no address of its own in the stack's network"),
        ({"one_shot": True}, "meant to end"),
    ],
)
def test_what_has_to_be_a_container_is_refused(service: dict[str, Any], words: str) -> None:
    with pytest.raises(DevenvError, match=words) as caught:
        left(shop(other=service), "other")
    assert caught.value.hint


def test_the_workspace_and_what_is_not_there_are_refused() -> None:
    wanted = replace(shop(), workspace={"service": "web"})
    with pytest.raises(DevenvError, match="it is the workspace"):
        left(wanted, "web")
    with pytest.raises(DevenvError, match="There is no service wob"):
        left(wanted, "wob")


def test_what_it_listens_on() -> None:
    service = Service(
        name="x",
        config={
            "ports": [
                {"target": 80, "published": "8080", "protocol": "tcp"},
                {"target": 80, "published": "8081", "protocol": "tcp"},
                {"target": 53, "published": "53", "protocol": "udp"},
                {"target": 90, "published": "9000-9010"},
                {"target": 91},
            ],
            "expose": ["91", "7000-7001", "54/udp"],
        },
        image="x",
        container_name="x",
        ready=(Ready(kind="http", options={"path": "/", "port": 81}), Ready(kind="tcp", options={})),
        values={"port": "5432"},
    )
    assert ports(service) == {80: 8080, 90: 90, 91: 91, 7000: 7000, 7001: 7001, 81: 81, 5432: 5432}


def test_nothing_is_done_in_the_container_of_one_that_is_on_the_host() -> None:
    held_on_host(shop(), "api")
    with pytest.raises(DevenvError, match="`api` runs on the host, not in a container"):
        held_on_host(left(), "api")


def test_the_ports_that_are_left_to_a_person_are_known_to_other_projects() -> None:
    w = there()
    w.up(left())
    holders = w.engine.projects()
    assert promised(holders, "other") == {8001, 1}
    assert promised(holders, PROJECT) == frozenset()
    assert read_doors("nonsense") == read_doors("[1]") == read_doors('{"a": "b"}') == {}
