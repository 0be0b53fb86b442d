from __future__ import annotations

import pytest

from devenv.core.schedule import Schedule, weights
from devenv.model.events import Cancelled, Done, Failed, Skipped
from devenv.model.plan import Build, Node, Plan, Start, Stop, WaitReady
from devenv.model.stack import Build as BuildConfig


def node(name: str, *needs: str, after: tuple[str, ...] = (), resource: str = "", slow: bool = False) -> Node:
    step = Build(ref=name, build=BuildConfig(context="/")) if slow else Start(service=name, container=name)
    return Node(id=name, step=step, cause="no container", needs=needs, after=after, resource=resource)


def names(nodes: tuple[Node, ...]) -> list[str]:
    return [each.id for each in nodes]


def test_a_node_starts_when_what_it_needs_is_done() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("db"), node("api", "db"))))
    assert names(schedule.next().start) == ["db"]
    assert names(schedule.next().start) == []
    schedule.end("db", Done())
    assert names(schedule.next().start) == ["api"]
    schedule.end("api", Done())
    assert schedule.finished


def test_a_failure_skips_what_hangs_on_it_with_the_first_cause_and_nothing_else() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("db"), node("api", "db"), node("web", "api"), node("cache"))))
    assert names(schedule.next().start) == ["db", "cache"]
    schedule.end("db", Failed(message="exited with 1"))
    assert [(n.id, outcome) for n, outcome in schedule.next().skip] == [
        ("api", Skipped(because="db")),
        ("web", Skipped(because="db")),
    ]
    schedule.end("cache", Done())
    assert schedule.finished


def test_after_waits_for_the_end_however_it_was() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("stop"), node("remove", after=("stop",)))))
    schedule.next()
    schedule.end("stop", Failed(message="no answer"))
    assert names(schedule.next().start) == ["remove"]


def test_the_longest_path_goes_first() -> None:
    plan = Plan(nodes=(node("quick"), node("image", slow=True), node("app", "image")))
    assert weights(plan)["image"] > weights(plan)["app"]
    schedule = Schedule(plan=plan, parallel=1)
    assert names(schedule.next().start) == ["image"]


def test_a_resource_bounds_those_that_hold_it() -> None:
    nodes = tuple(node(str(n), resource="exec") for n in range(6))
    schedule = Schedule(plan=Plan(nodes=nodes), limits={"exec": 4})
    assert names(schedule.next().start) == ["0", "1", "2", "3"]
    schedule.end("1", Done())
    assert names(schedule.next().start) == ["4"]


def test_a_resource_that_is_not_named_is_held_by_one() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("a", resource="x"), node("b", resource="x"))))
    assert names(schedule.next().start) == ["a"]


def test_cancelling_starts_nothing_more_and_ends_what_waits() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("db"), node("api", "db"))))
    schedule.next()
    schedule.cancel()
    assert [(n.id, outcome) for n, outcome in schedule.next().skip] == [("api", Cancelled())]
    schedule.end("db", Cancelled())
    assert schedule.finished


def test_what_needs_a_cancelled_node_is_cancelled() -> None:
    schedule = Schedule(plan=Plan(nodes=(node("db"), node("api", "db"))))
    schedule.next()
    schedule.end("db", Cancelled())
    assert [(n.id, outcome) for n, outcome in schedule.next().skip] == [("api", Cancelled())]


@pytest.mark.parametrize("nodes", [(node("api", "db"), node("db")), (node("a"), node("a")), (node("a", "nobody"),)])
def test_a_plan_that_is_out_of_order_is_refused(nodes: tuple[Node, ...]) -> None:
    with pytest.raises(ValueError, match="before what it needs, or twice"):
        Schedule(plan=Plan(nodes=nodes))


def test_a_wait_weighs_more_than_a_start() -> None:
    plan = Plan(nodes=(Node(id="w", step=WaitReady(service="db", container="db"), cause="started"), node("s")))
    assert weights(plan)["w"] > weights(plan)["s"]


def test_as_many_containers_stop_at_once_as_there_are() -> None:
    stops = [Node(id=f"stop:{n}", step=Stop(service=str(n), container=str(n)), cause="c") for n in range(40)]
    starts = [Node(id=f"start:{n}", step=Start(service=str(n), container=str(n)), cause="c") for n in range(5)]
    begun = [node.id for node in Schedule(plan=Plan(nodes=(*starts, *stops)), parallel=2).next().start]
    assert len([name for name in begun if name.startswith("stop")]) == 40
    assert [name for name in begun if name.startswith("start")] == ["start:0", "start:1"]
