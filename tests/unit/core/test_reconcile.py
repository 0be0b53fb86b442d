"""What `up` plans, and that it gets there from wherever an earlier run left off."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.backends.fake import Behaviour
from devenv.core.inputs import Options
from devenv.core.plan_up import inherit, joining
from devenv.core.reconcile import ComposeCreator, reconcile
from devenv.core.selection import select
from devenv.model import labels
from devenv.model.errors import Conflict, DevenvError, ExitCode
from devenv.model.observed import LedgerEntry, Observed, ObservedContainer
from devenv.model.plan import CreateContainer, Plan, SeedData
from devenv.model.stack import Network, Stack, Volume
from tests.unit.core.planning import PROJECT, Images, StandIn, World, built, stack, world

CASES = Path(__file__).parents[2] / "cases" / "plan"
DB: dict[str, Any] = {"image": "db", "data": "data", "ready": True}
API: dict[str, Any] = {"needs": {"db": "service_healthy"}, "ready": True}


def shop(**changes: Any) -> Stack:
    return stack({"db": {**DB, "seeds": ["a.sql", "b.csv"]}, "api": {**API, **changes}})


def seeded(w: World) -> World:
    w.digests = {"db": {"a.sql": "1", "b.csv": "1"}}
    return w


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """`DEVENV_TEST_WRITE=1` writes the plans into the files, to be read before they are kept."""
    case = yaml.safe_load(path.read_text())
    w = world("once", behaviours={"once": Behaviour(exit_code=0)})
    wanted = stack(case["stack"])
    digests = case.get("digests", {})
    if "was" in case:
        w.digests = _digests(stack(case["was"]), digests.get("was", {}))
        w.up(stack(case["was"]))
    if "killed" in case:
        w.up(stack(case["killed"]["stack"]), kill_after=case["killed"]["after"])
    for line in case.get("done", ()):
        verb, name = line.split()
        {"stop": w.engine.stop, "remove": w.engine.remove_container}[verb](name)
    w.digests = _digests(wanted, digests.get("now", {}))
    plan = w.plan(wanted, **case.get("options", {}))
    if os.environ.get("DEVENV_TEST_WRITE"):
        head = path.read_text().partition("\nplan:")[0]
        path.write_text(head + "\nplan: |\n" + "".join(f"  {line}\n" for line in plan.text().splitlines()))
    assert plan.text() == case["plan"].rstrip("\n")
    w.do(plan.nodes)
    assert w.plan(wanted).nodes == ()


def _digests(wanted: Stack, changed: dict[str, str]) -> dict[str, dict[str, str]]:
    return {n: {s.name: changed.get(s.name, "1") for s in service.seeds} for n, service in wanted.services.items()}


def ids(plan: Plan) -> list[str]:
    return [node.id for node in plan.nodes]


def node(plan: Plan, identity: str) -> Any:
    return next(n for n in plan.nodes if n.id == identity)


def test_a_first_up_creates_early_and_starts_when_needs_are_met() -> None:
    plan = seeded(world()).plan(shop())
    assert plan.text() == "\n".join(
        [
            "[1] CreateNetwork shop_default, no network",
            "[2] CreateVolume shop_data, no volume",
            "[3] db: CreateContainer shop-db-1, no container (after 1, 2)",
            "[4] api: CreateContainer shop-api-1, no container (after 1)",
            "[5] db: Start shop-db-1, no container (after 3)",
            "[6] db: WaitReady shop-db-1, started (after 5)",
            "[7] db: Seed shop-db-1 with a.sql, new data (after 6)",
            "[8] db: Seed shop-db-1 with b.csv, new data (after 7)",
            "[9] api: Start shop-api-1, no container (after 4, 8)",
            "[10] api: WaitReady shop-api-1, started (after 9)",
        ]
    )


def test_a_second_up_has_nothing_to_do() -> None:
    w = seeded(world())
    w.up(shop())
    assert w.loads == [("db", "a.sql"), ("db", "b.csv")]
    assert w.plan(shop()).text() == "nothing to do"


def test_one_changed_value_recreates_that_service_alone_and_names_the_key() -> None:
    w = seeded(world())
    w.up(shop(environment={"LOG_LEVEL": "info"}))
    plan = w.up(shop(environment={"LOG_LEVEL": "debug"}))
    assert plan.text() == "\n".join(
        [
            "[1] api: CreateContainer shop-api-1_devenv_new, environment.LOG_LEVEL changed",
            "[2] api: Stop shop-api-1, environment.LOG_LEVEL changed (after 1)",
            "[3] api: Remove container shop-api-1, environment.LOG_LEVEL changed (after 2)",
            "[4] api: Rename shop-api-1_devenv_new to shop-api-1, environment.LOG_LEVEL changed (after 3)",
            "[5] api: Start shop-api-1, environment.LOG_LEVEL changed (after 4)",
            "[6] api: WaitReady shop-api-1, started (after 5)",
        ]
    )
    assert w.plan(shop(environment={"LOG_LEVEL": "debug"})).nodes == ()


@pytest.mark.parametrize("gap", range(7))
def test_a_kill_in_any_gap_of_a_recreate_is_mended(gap: int) -> None:
    w = seeded(world())
    w.up(shop())
    new = shop(environment={"A": "b"})
    w.up(new, kill_after=gap)
    w.up(new)
    assert w.states() == {"shop-db-1": "running", "shop-api-1": "running"}
    assert w.plan(new).nodes == ()
    assert w.loads == [("db", "a.sql"), ("db", "b.csv")]


@pytest.mark.parametrize("gap", range(7))
def test_after_a_kill_in_a_recreate_one_may_go_back_or_on_to_something_else(gap: int) -> None:
    for then in (shop(), shop(environment={"A": "c"})):
        w = seeded(world())
        w.up(shop())
        w.up(shop(environment={"A": "b"}), kill_after=gap)
        w.up(then)
        assert w.states() == {"shop-db-1": "running", "shop-api-1": "running"}
        assert w.plan(then).nodes == ()


@pytest.mark.parametrize("gap", range(10))
def test_a_kill_in_any_gap_of_a_first_up_is_mended(gap: int) -> None:
    w = seeded(world())
    w.up(shop(), kill_after=gap)
    w.up(shop())
    assert w.states() == {"shop-db-1": "running", "shop-api-1": "running"}
    assert w.loads == [("db", "a.sql"), ("db", "b.csv")]
    assert w.plan(shop()).nodes == ()


def test_what_a_killed_recreate_made_is_used_and_not_made_again() -> None:
    w = seeded(world())
    w.up(shop())
    new = shop(environment={"A": "b"})
    w.up(new, kill_after=1)
    assert ids(w.plan(new)) == ["stop:api", "remove:api", "rename:api", "start:api", "ready:api"]
    w.up(new, kill_after=2)
    assert ids(w.plan(new)) == ["rename:api", "start:api", "ready:api"]
    assert ids(w.plan(shop())) == [
        "remove:container:shop-api-1_devenv_new",
        "create:api",
        "start:api",
        "ready:api",
    ]


def test_a_built_image_recreates_when_it_is_there() -> None:
    w = seeded(world())
    w.up(shop())
    plan = w.up(shop(), built("api", "app", "the source changed"))
    assert node(plan, "create:api").needs == ("build:app",)
    assert node(plan, "create:api").cause == "the source changed"
    assert node(plan, "stop:api").needs == ("create:api",)  # the old one serves while its successor is built
    assert "stop:db" not in ids(plan)
    assert w.plan(shop()).nodes == ()


def test_images_are_made_only_for_what_is_made_with_them() -> None:
    w = seeded(world())
    one, two = built("db", "db", "one"), built("api", "app", "two")
    images = Images(nodes=(*one.nodes, *two.nodes), after={**one.after, **two.after})
    plan = w.plan(shop(), images, services=("db",))
    assert "build:db" in ids(plan)
    assert "build:app" not in ids(plan)
    assert not [i for i in ids(plan) if i.endswith(":api")]


def test_a_retagged_image_recreates() -> None:
    w = world("other")
    wanted = stack({"api": {}})
    w.up(wanted)
    w.engine.tag("other", "app")
    assert w.plan(wanted).nodes[0].cause == "image changed"


def test_a_service_is_chosen_with_what_it_needs() -> None:
    wanted = stack({"db": DB, "api": API, "web": {"needs": {"api": "service_started"}}, "extra": {}})
    assert list(select(wanted, ["api"])) == ["db", "api"]
    with pytest.raises(DevenvError, match="no service wep in shop") as caught:
        select(wanted, ["wep"])
    assert "`web`" in caught.value.hint


def test_a_circle_and_a_missing_need_are_said() -> None:
    with pytest.raises(DevenvError, match="a needs b needs a"):
        select(stack({"a": {"needs": {"b": "service_started"}}, "b": {"needs": {"a": "service_started"}}}))
    with pytest.raises(DevenvError, match="a needs the service gone"):
        select(stack({"a": {"needs": {"gone": "service_started"}}}))
    optional = stack({"a": {"needs": {"gone": {"condition": "service_started", "required": False}}}})
    assert list(select(optional)) == ["a"]
    assert ids(world().plan(optional))[-1] == "ready:a"


@pytest.mark.parametrize(
    ("condition", "held"),
    [("service_started", "start:db"), ("service_healthy", "ready:db")],
)
def test_a_need_waits_for_its_condition(condition: str, held: str) -> None:
    plan = world().plan(stack({"db": DB, "api": {"needs": {"db": condition}}}))
    assert node(plan, "start:api").needs == ("create:api", held)


def test_a_need_that_is_not_required_is_waited_for_but_may_fail() -> None:
    need = {"db": {"condition": "service_healthy", "required": False}}
    plan = world().plan(stack({"db": DB, "api": {"needs": need}}))
    assert node(plan, "start:api").needs == ("create:api",)
    assert node(plan, "start:api").after == ("ready:db",)


def test_a_one_shot_runs_once_and_again_when_it_failed_changed_or_its_data_are_new() -> None:
    def wanted(**changes: Any) -> Stack:
        return stack(
            {
                "db": DB,
                "migrate": {"image": "once", "needs": {"db": "service_healthy"}, "one_shot": True, **changes},
                "api": {"needs": {"migrate": "service_completed_successfully"}},
            }
        )

    w = world("once", behaviours={"once": Behaviour(exit_code=0)})
    plan = w.up(wanted())
    assert node(plan, "run:migrate").needs == ("create:migrate", "ready:db")
    assert node(plan, "start:api").needs == ("create:api", "run:migrate")
    assert w.plan(wanted()).nodes == ()
    assert "run:migrate" in ids(w.plan(wanted(environment={"A": "b"})))
    w.engine.remove_container("shop-db-1")
    found = w.observe(wanted())
    assert ids(_plan(wanted(), found)) == ["create:db", "start:db", "ready:db"]
    fresh = replace(found, volumes=())
    anew = _plan(wanted(), fresh)
    assert node(anew, "run:migrate").cause == "db has new data"
    # Were it killed with the new volume made and the old container there, nobody would know that it has to run.
    assert node(anew, "volume:data").needs == ("remove:container:shop-migrate-1",)
    assert node(_plan(wanted(), _with(found, "shop-migrate-1", exit_code=3)), "run:migrate").cause == "ended with 3"
    again = _plan(wanted(), _with(found, "shop-migrate-1", state="running"))
    assert node(again, "run:migrate").cause == "not at its end"


def test_a_one_shot_runs_again_when_data_far_behind_it_are_new() -> None:
    wanted = stack(
        {
            "db": {**DB, "seeds": ["a.sql"]},
            "cache": {"image": "kept"},
            "migrate": {"image": "once", "needs": {"db": "service_healthy"}, "one_shot": True},
            "index": {"image": "once", "needs": {"migrate": "service_completed_successfully"}, "one_shot": True},
            "warm": {"image": "once", "needs": {"cache": "service_started"}, "one_shot": True},
        }
    )
    w = world("once", "kept", behaviours={"once": Behaviour(exit_code=0)})
    w.digests = {"db": {"a.sql": "1"}}
    w.up(wanted)
    plan = w.plan(wanted)
    assert (plan.nodes, plan.done) == ((), ("migrate", "index", "warm"))
    # In data that were there before, nothing seeded is no sign that they are new: the first seed was just written.
    w.ledgers.clear()
    plan = w.plan(wanted)
    assert ids(plan) == ["seed:db:0"]
    w.do(plan.nodes)
    # A volume that somebody else made anew has the same name: its container is later, and what was seeded tells.
    w.engine.remove_container("shop-db-1")
    w.up(wanted)
    w.ledgers.clear()
    plan = w.plan(wanted)
    causes = {i: node(plan, i).cause for i in ids(plan) if i.startswith("run:")}
    assert causes == {"run:migrate": "db has new data", "run:index": "db has new data"}
    assert "remove:container:shop-migrate-1" in node(plan, "seed:db:0").needs
    assert plan.done == ("warm",)
    w.do(plan.nodes)
    # Data in a volume without a name go with its container.
    w.engine.remove_container("shop-cache-1")
    found = w.observe(wanted)
    assert "run:warm" not in ids(_plan(wanted, found, w.digests))
    kept = replace(found.images["kept"], config={"Volumes": {"/data": {}}})
    nameless = replace(found, images={**found.images, "kept": kept})
    plan = _plan(wanted, nameless, w.digests)
    assert node(plan, "run:warm").cause == "cache has new data"
    assert "remove:container:shop-warm-1" in node(plan, "create:cache").needs


def _plan(wanted: Stack, observed: Observed, digests: dict[str, dict[str, str]] | None = None) -> Plan:
    return reconcile(wanted, observed, Images(), digests=digests or {}, creator=StandIn(stack=wanted))


def _with(observed: Observed, name: str, **changes: Any) -> Observed:
    return replace(
        observed, containers=tuple(replace(c, **changes) if c.name == name else c for c in observed.containers)
    )


def test_who_waits_for_a_one_shot_to_start_waits_for_its_end() -> None:
    plan = world().plan(stack({"once": {"one_shot": True}, "api": {"needs": {"once": "service_started"}}}))
    assert node(plan, "start:api").needs == ("create:api", "run:once")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "exited", "exit_code": 137}, {"start:api": "ended with 137", "ready:api": "started"}),
        ({"state": "created"}, {"start:api": "never started", "ready:api": "started"}),
        ({"state": "paused"}, {"stop:api": "paused", "start:api": "paused", "ready:api": "started"}),
        (
            {"state": "restarting"},
            {"stop:api": "it keeps restarting", "start:api": "it keeps restarting", "ready:api": "started"},
        ),
        ({"networks": {}}, {"create:api": "not in network shop_default"}),
        ({"networks": {"shop_default": ("old", "")}}, {"create:api": "network shop_default was made anew"}),
        ({"networks": {"shop_default": ("", "")}}, {}),
        ({"image_id": "other"}, {"create:api": "image changed"}),
        ({"mounts": {}}, {"create:api": "volume shop_files is not mounted"}),
    ],
)
def test_what_is_not_as_it_should_be_is_mended(changes: dict[str, Any], expected: dict[str, str]) -> None:
    w = world()
    wanted = stack({"api": {"data": "files"}})
    w.up(wanted)
    plan = _plan(wanted, _with(w.observe(wanted), "shop-api-1", **changes))
    assert {i: node(plan, i).cause for i in ids(plan) if i in expected} == expected
    assert bool(plan.nodes) == bool(expected)


@pytest.mark.parametrize("state", ["dead", "removing"])
def test_what_cannot_be_started_any_more_is_made_anew_without_a_stop(state: str) -> None:
    w = world()
    wanted = stack({"api": {}})
    w.up(wanted)
    plan = _plan(wanted, _with(w.observe(wanted), "shop-api-1", state=state))
    assert ids(plan) == ["create:api", "remove:api", "rename:api", "start:api", "ready:api"]
    assert node(plan, "create:api").cause == f"its container is {state}"


def test_a_network_that_is_gone_is_made_and_its_containers_anew() -> None:
    w = world()
    wanted = stack({"api": {}})
    w.up(wanted)
    w.engine.stop("shop-api-1")
    w.engine.remove_network("shop_default")
    plan = w.up(wanted)
    assert node(plan, "create:api").cause == "network shop_default is gone"
    assert node(plan, "create:api").needs == ("network:default",)
    assert w.plan(wanted).nodes == ()


def test_external_networks_and_volumes_are_left_to_their_owner() -> None:
    w = world()
    wanted = stack({"api": {"data": "files"}})
    outer = replace(
        wanted,
        networks={"default": Network(key="default", name="outer", external=True)},
        volumes={"files": Volume(key="files", name="theirs", external=True)},
    )
    w.engine.create_network("outer", {}, {})
    assert ids(w.up(outer)) == ["create:api", "start:api", "ready:api"]
    assert w.plan(outer).nodes == ()


def test_further_networks_are_joined_before_the_start() -> None:
    w = world()
    wanted = stack({"api": {"networks": {"default": None, "back": None}}})
    plan = w.up(wanted)
    assert node(plan, "connect:api:shop_back").needs == ("create:api",)
    assert node(plan, "start:api").needs == ("create:api", "connect:api:shop_back")
    assert w.plan(wanted).nodes == ()


def test_files_are_copied_in_before_every_start() -> None:
    w = world()
    wanted = stack({"api": {}})
    maker = StandIn(stack=wanted, files={"api": {"/run/secrets/a": (b"x", 0o400)}})
    plan = reconcile(wanted, w.observe(wanted), Images(), creator=maker)
    w.do(plan.nodes)
    assert node(plan, "start:api").needs == ("copy:api",)
    w.engine.stop("shop-api-1")
    again = reconcile(wanted, w.observe(wanted), Images(), creator=maker)
    assert ids(again) == ["copy:api", "start:api", "ready:api"]


def test_who_asks_for_a_restart_with_its_need_gets_it() -> None:
    def wanted(value: str) -> Stack:
        need = {"db": {"condition": "service_healthy", "restart": True}}
        return stack({"db": {**DB, "environment": {"A": value}}, "api": {"needs": need}, "web": {}})

    w = world()
    w.up(wanted("1"))
    plan = w.up(wanted("2"))
    assert node(plan, "stop:api").cause == "db is made anew or restarted"
    assert node(plan, "stop:api").needs == ("create:db",)
    assert node(plan, "stop:db").after == ("stop:api",)
    assert node(plan, "start:api").needs == ("stop:api", "ready:db")
    assert not [i for i in ids(plan) if i.endswith(":web")]
    assert w.plan(wanted("2")).nodes == ()


@pytest.mark.parametrize("gap", range(9))
@pytest.mark.parametrize("how", ["restart", "namespace"])
def test_a_restart_is_not_forgotten_by_a_kill(how: str, gap: int) -> None:
    def wanted(value: str) -> Stack:
        need = {"needs": {"db": {"condition": "service_healthy", "restart": True}}}
        api = need if how == "restart" else {"network_mode": "service:db"}
        return stack({"db": {**DB, "environment": {"A": value}}, "api": api})

    w = world()
    w.up(wanted("1"))
    w.up(wanted("2"), kill_after=gap)
    w.up(wanted("2"))
    began = {c.name: c.started_at for c in w.observe(wanted("2")).containers}
    assert began["shop-api-1"] > began["shop-db-1"]
    assert w.plan(wanted("2")).nodes == ()


def test_who_lives_in_anothers_network_is_made_anew_with_it() -> None:
    def wanted(value: str) -> Stack:
        return stack({"vpn": {"environment": {"A": value}}, "api": {"network_mode": "service:vpn"}})

    w = world()
    first = w.up(wanted("1"))
    assert node(first, "create:api").needs == ("create:vpn",)
    assert node(first, "start:api").needs == ("create:api", "start:vpn")
    plan = w.plan(wanted("2"))
    assert node(plan, "create:api").cause == "vpn, whose namespace it shares, is made anew"
    assert node(plan, "create:api").needs == ("create:vpn", "rename:vpn")
    w.engine.stop("shop-vpn-1")
    started = w.plan(wanted("1"))
    assert (node(started, "stop:api").cause, ids(started)[-1]) == ("vpn was started after it", "ready:api")
    w.engine.start("shop-vpn-1")
    assert node(w.plan(wanted("1")), "stop:api").cause == "vpn was started after it"
    found = w.observe(wanted("1"))
    gone = _with(found, "shop-api-1", config={"HostConfig": {"NetworkMode": "container:other"}})
    assert node(_plan(wanted("1"), gone), "create:api").cause == "vpn, whose namespace it shares, was made anew"


def test_seeds_that_are_new_changed_or_unfinished_are_loaded_in_order() -> None:
    w = seeded(world())
    wanted = shop()
    w.up(wanted)
    w.digests["db"]["b.csv"] = "2"
    plan = w.plan(wanted)
    assert plan.text() == "[1] db: Seed shop-db-1 with b.csv, b.csv changed"
    (ledger,) = w.ledgers.values()
    ledger["a.sql"] = LedgerEntry(name="a.sql", digest="1", state="started")
    plan = w.plan(wanted)
    assert [n.cause for n in plan.nodes] == ["begun and not ended", "b.csv changed"]
    assert plan.nodes[1].needs == ("seed:db:0",)
    del ledger["a.sql"]
    assert w.plan(wanted).nodes[0].cause == "not in the data"
    w.digests = {"db": {}}
    ledger["a.sql"] = LedgerEntry(name="a.sql", digest="1", state="done")
    assert {n.cause for n in w.plan(wanted).nodes} == {"not compared yet"}


def test_what_a_changed_script_may_have_dropped_is_looked_at_again() -> None:
    w = seeded(world())
    w.up(shop())
    w.digests["db"]["a.sql"] = "2"
    plan = w.plan(shop())
    assert [(n.id, n.cause) for n in plan.nodes] == [
        ("seed:db:0", "a.sql changed"),
        ("seed:db:1", "a.sql runs before it"),
    ]


def test_seeds_are_loaded_again_when_asked() -> None:
    w = seeded(world())
    w.up(shop())
    plan = w.up(shop(), again=frozenset({"db"}))
    assert [(n.cause, n.step.again) for n in plan.nodes if isinstance(n.step, SeedData)] == [("asked for", True)] * 2
    assert len(w.loads) == 4
    with pytest.raises(DevenvError, match="no service dp"):
        w.plan(shop(), again=frozenset({"dp"}))


def test_a_stopped_services_seeds_are_looked_at_when_it_runs() -> None:
    w = seeded(world())
    w.up(shop())
    w.engine.stop("shop-db-1")
    plan = w.up(shop())
    assert ids(plan) == ["start:db", "ready:db", "seed:db:0", "seed:db:1"]
    assert plan.nodes[2].cause == "not looked at yet"
    assert len(w.loads) == 2


def test_a_running_service_that_is_sick_or_was_not_looked_at_is_waited_for() -> None:
    w = world()
    wanted = stack({"db": DB, "plain": {}})
    w.up(wanted)
    w.sick = {"db", "plain"}
    plan = w.plan(wanted)
    assert [(n.id, n.cause) for n in plan.nodes] == [
        ("ready:db", "not ready when looked at"),
        ("ready:plain", "not ready when looked at"),
    ]
    unseen = replace(w.observe(wanted), ready={})
    assert [(n.id, n.cause) for n in _plan(wanted, unseen).nodes] == [("ready:db", "not looked at yet")]


def test_force_recreates_all_or_what_is_named() -> None:
    w = world()
    wanted = stack({"db": DB, "api": API})
    w.up(wanted)
    plan = w.plan(wanted, force_recreate=True)
    assert [node(plan, f"create:{name}").cause for name in ("db", "api")] == ["asked for"] * 2
    plan = w.plan(wanted, force_recreate=True, services=("api",))
    assert "create:db" not in ids(plan)
    assert "create:api" in ids(plan)


def test_create_only() -> None:
    plan = world().plan(stack({"db": DB}), no_start=True)
    assert ids(plan) == ["network:default", "volume:data", "create:db"]


def test_orphans_are_named_and_removed_only_when_asked() -> None:
    w = world()
    w.up(stack({"old": {}, "api": {}}))
    wanted = stack({"api": {}})
    plan = w.plan(wanted)
    assert (plan.nodes, plan.orphans) == ((), ("shop-old-1",))
    plan = w.up(wanted, remove_orphans=True)
    assert (ids(plan), plan.orphans) == (["stop:container:shop-old-1", "remove:container:shop-old-1"], ())
    assert w.states() == {"shop-api-1": "running"}


def test_a_service_that_a_profile_leaves_out_is_no_orphan() -> None:
    w = world()
    w.up(stack({"debug": {}, "api": {}}))
    assert w.plan(stack({"api": {}}, left_out=("debug",)), remove_orphans=True).nodes == ()


def test_a_port_is_taken_only_when_its_holder_let_go() -> None:
    def wanted(*pairs: tuple[str, str]) -> Stack:
        return stack({name: {"ports": [{"target": 80, "published": port}]} for name, port in pairs})

    w = world()
    w.up(wanted(("a", "8000"), ("b", "8001"), ("old", "8002")))
    swapped = wanted(("a", "8001"), ("b", "8000"), ("c", "8002"))
    plan = w.up(swapped, remove_orphans=True)
    assert node(plan, "start:a").after == ("remove:b",)
    assert node(plan, "start:b").after == ("remove:a",)
    assert node(plan, "start:c").after == ("remove:container:shop-old-1",)
    assert w.plan(swapped).nodes == ()


def _container(w: World, name: str, service: str, **more: str) -> None:
    marks = {labels.PROJECT: PROJECT, labels.SERVICE: service, **more}
    w.engine.create_container(name, {"Image": "app", "Labels": {k: v for k, v in marks.items() if v}})


def test_one_offs_are_neither_adopted_nor_orphans() -> None:
    w = world()
    _container(w, "shop-api-run-1", "api", **{labels.ONEOFF: "True"})
    _container(w, "shop-gone-run-1", "gone", **{labels.ONEOFF: "True"})
    wanted = stack({"api": {}})
    plan = w.plan(wanted, remove_orphans=True)
    assert ids(plan) == ["network:default", "create:api", "start:api", "ready:api"]


def test_more_than_one_container_of_a_service_is_taken_back_before_the_one_starts() -> None:
    w = world()
    wanted = stack({"api": {}})
    w.up(wanted)
    payload = StandIn(stack=wanted).payload(wanted.services["api"])
    w.engine.create_container("shop-api-2", payload)
    w.engine.start("shop-api-2")
    assert ids(w.plan(wanted)) == ["stop:container:shop-api-2", "remove:container:shop-api-2"]
    w.engine.stop("shop-api-1")
    plan = w.up(wanted)
    assert node(plan, "start:api").needs == ("remove:container:shop-api-2",)
    assert w.states() == {"shop-api-1": "running"}


def test_a_container_under_an_older_name_is_replaced_by_one_with_the_right_name() -> None:
    w = world()
    wanted = stack({"api": {}})
    w.up(wanted)
    w.engine.rename("shop-api-1", "shop_api_1")
    assert w.plan(wanted).nodes == ()  # nothing differs but the name: Compose leaves it, too
    new = stack({"api": {"environment": {"A": "b"}}})
    plan = w.up(new)
    assert ids(plan) == ["create:api", "stop:api", "remove:api", "start:api", "ready:api"]
    assert isinstance(plan.nodes[0].step, CreateContainer)
    assert w.states() == {"shop-api-1": "running"}


def test_a_name_that_a_stranger_holds_is_refused_with_whose_it_is() -> None:
    w = world()
    w.engine.create_container(
        "shop-api-1", {"Image": "app", "Labels": {labels.PROJECT: "other", labels.WORKING_DIR: "/home/b"}}
    )
    with pytest.raises(Conflict, match="a container of project other in /home/b has it") as caught:
        w.plan(stack({"api": {}}))
    assert caught.value.code == ExitCode.FAILED
    assert "-p" in caught.value.hint


def test_a_name_that_another_container_of_the_project_holds_is_refused() -> None:
    w = world()
    _container(w, "web", "old")
    wanted = stack({"api": {"container_name": "web"}})
    with pytest.raises(Conflict, match="the container of old in this project has it") as caught:
        w.plan(wanted)
    assert "--remove-orphans" in caught.value.hint
    plan = w.up(wanted, remove_orphans=True)
    assert node(plan, "create:api").needs == ("network:default", "remove:container:web")


def test_data_of_another_server_are_refused_before_anything_is_done() -> None:
    w = world()
    w.up(stack({"db": {**DB, "server": "postgres/16"}}))
    newer = stack({"db": {**DB, "server": "postgres/17"}})
    with pytest.raises(
        DevenvError, match="Volume shop_data holds data of postgres/16, and db is postgres/17"
    ) as caught:
        w.plan(newer)
    assert caught.value.code == ExitCode.FAILED
    assert "use: postgres@16" in caught.value.hint
    assert "devenv reset db" in caught.value.hint
    unmarked = replace(w.observe(newer), volumes=tuple(replace(v, labels={}) for v in w.observe(newer).volumes))
    assert _plan(newer, unmarked).nodes == ()


def test_containers_are_made_and_compared_as_compose_makes_them() -> None:
    def wanted(value: str) -> Stack:
        common = {"command": None, "entrypoint": None}
        return stack(
            {
                "db": {**DB, **common, "server": "postgres/17"},
                "ws": {**common, "environment": {"A": value}, "networks": {"default": None, "back": None}},
            },
            workspace={"service": "ws"},
        )

    w = world()
    maker = ComposeCreator(stack=wanted("1"), proxies={"HTTP_PROXY": "p"}, devcontainer=("/repo", "/repo/d.json"))
    w.do(reconcile(wanted("1"), w.observe(wanted("1")), Images(use={"db": "db"}), creator=maker).nodes)
    found = w.observe(wanted("1"))
    made = {c.name: c for c in found.containers}
    assert made["shop-ws-1"].labels[labels.DEVCONTAINER_FOLDER] == "/repo"
    assert labels.DEVCONTAINER_FOLDER not in made["shop-db-1"].labels
    assert "HTTP_PROXY=p" in made["shop-db-1"].config["Env"]
    assert made["shop-db-1"].config["Image"] == "db"
    assert [v.labels[labels.SERVER] for v in found.volumes] == ["postgres/17"]
    assert reconcile(wanted("1"), found, Images()).nodes == ()
    changed = reconcile(wanted("2"), found, Images())
    assert node(changed, "create:ws").cause == "environment.A changed"
    assert "create:db" not in ids(changed)


def test_a_workspace_that_editors_would_not_find_is_made_anew_and_no_other() -> None:
    common = {"command": None, "entrypoint": None}
    wanted = stack({"db": {**DB, **common}, "ws": common}, workspace={"service": "ws"})
    marks = ("/repo", "/repo/.devcontainer/devcontainer.json")
    plain, opening = Options(marks=marks), Options(marks=marks, for_ide=True)
    w = world()
    w.do(reconcile(wanted, w.observe(wanted), Images(use={"db": "db"}), creator=ComposeCreator(stack=wanted)).nodes)
    made = w.observe(wanted)
    cause = "editors do not find it by its label devcontainer.config_file"
    for options in (plain, opening):
        plan = reconcile(wanted, made, Images(), options)
        assert node(plan, "create:ws").cause == cause
        assert "create:db" not in ids(plan)
    assert reconcile(wanted, made, Images()).nodes == ()  # nothing for editors to open

    def labelled(change: Callable[[dict[str, str]], Mapping[str, str]]) -> Any:
        there = (replace(c, labels=change(dict(c.labels))) for c in made.containers)
        return replace(made, containers=tuple(there))

    theirs = labelled(lambda found: {key: value for key, value in found.items() if key != labels.CONFIG})
    assert reconcile(wanted, theirs, Images(), plain).nodes == ()  # Compose made it
    assert node(reconcile(wanted, theirs, Images(), opening), "create:ws").cause == cause
    found = {labels.DEVCONTAINER_FOLDER: marks[0], labels.DEVCONTAINER_CONFIG: marks[1]}
    assert reconcile(wanted, labelled(lambda said: said | found), Images(), opening).nodes == ()
    editors = labelled(
        lambda said: {k: v for k, v in said.items() if k != labels.CONFIG} | {**found, labels.DEVCONTAINER_FOLDER: "/r"}
    )
    assert reconcile(wanted, editors, Images(), opening).nodes == ()


def test_a_workspace_that_compose_made_waits_for_an_editor_with_what_its_devcontainer_adds() -> None:
    wanted = stack({"ws": {"command": None, "entrypoint": None}}, workspace={"service": "ws"})
    w = world()
    w.do(reconcile(wanted, w.observe(wanted), Images(use={"ws": "app"}), creator=ComposeCreator(stack=wanted)).nodes)
    ours = w.observe(wanted)
    marks = [
        {key: value for key, value in c.labels.items() if key not in (labels.CONFIG, labels.DEVCONTAINER_CONFIG)}
        for c in ours.containers
    ]
    theirs = replace(ours, containers=tuple(replace(c, labels=m) for c, m in zip(ours.containers, marks, strict=True)))
    added = replace(built("ws", "shop-ws-devcontainer", "a feature"), under={"ws": "app"})
    assert reconcile(wanted, theirs, added).nodes == ()
    for found, options in (
        (theirs, Options(for_ide=True)), (ours, Options()), (theirs, Options(force_recreate=True)),
        (replace(theirs, images={"app": replace(ours.images["app"], id="newer")}), Options()),
    ):  # fmt: skip
        plan = reconcile(wanted, found, added, options)
        assert {"build:shop-ws-devcontainer", "create:ws"} <= set(ids(plan))


def test_anonymous_volumes_go_over_to_the_new_container() -> None:
    old = ObservedContainer(
        id="1",
        name="a",
        image="app",
        image_id="i",
        state="running",
        labels={},
        mounts={"/cache": "a" * 64, "/data": "b" * 64, "/src": "/home/x", "/named": "shop_data", "/tmp": "c" * 64},
    )
    host = {"Binds": ["shop_data:/data"], "Tmpfs": {"/tmp": ""}, "Mounts": [{"Target": "/m"}]}
    assert inherit({"HostConfig": host}, old)["HostConfig"]["Binds"] == ["shop_data:/data", "a" * 64 + ":/cache"]
    same = {"HostConfig": {"Binds": ["x:/cache", "y:/data", "z:/tmp"]}}
    assert inherit(same, old) is same
    asked = {"Type": "volume", "Source": "", "Target": "/cache"}
    new = {"Type": "volume", "Source": "", "Target": "/new"}
    again = inherit({"HostConfig": {"Binds": ["y:/data", "z:/tmp"], "Mounts": [asked, new]}}, old)["HostConfig"]
    assert again == {"Binds": ["y:/data", "z:/tmp", "a" * 64 + ":/cache"], "Mounts": [new]}


def test_who_shares_with_one_of_several_is_made_for_the_one_that_there_is() -> None:
    two = stack({"web": {"scale": 2}})
    w = world()
    w.up(two)
    w.engine.remove_container("shop-web-1")
    w.engine.stop("shop-web-2", None)
    one = stack({"web": {}, "side": {"network_mode": "service:web", "pid": "service:web"}})
    made = node(w.plan(one), "create:side").step
    assert made.payload["HostConfig"]["NetworkMode"] == "container:shop-web-2"
    assert joining({"HostConfig": {"VolumesFrom": ["a-1:ro", "b"]}}, {"a-1": "a-2"}) == {
        "HostConfig": {"VolumesFrom": ["a-2:ro", "b"]}
    }


def test_a_need_that_is_left_out_is_said_where_its_service_is_started() -> None:
    wanted = replace(
        stack({"api": {"depends_on": {"tool": {"condition": "service_started", "required": False}}}}),
        left_out=("tool",),
    )
    w = world()
    (notice,) = w.up(wanted).notices
    assert notice == "api is started without tool, which it does not require: its profile is not active"
    assert w.plan(wanted).notices == ()
