"""Random graphs, walked with a virtual clock."""

from __future__ import annotations

import heapq

from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.core.schedule import Schedule
from devenv.model.events import Done, Failed, Outcome, Skipped
from devenv.model.plan import Node, Plan, Start


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, dict[str, float], set[str]]:
    size = draw(st.integers(1, 25))
    nodes, seconds, failing = [], {}, set()
    for index in range(size):
        name = str(index)
        needs = draw(st.sets(st.integers(0, index - 1), max_size=4)) if index else set()
        nodes.append(Node(id=name, step=Start(service=name, container=name), cause="c", needs=tuple(map(str, needs))))
        seconds[name] = draw(st.integers(1, 9)) / 1.0
        if draw(st.integers(0, 9)) == 0:
            failing.add(name)
    return Plan(nodes=tuple(nodes)), seconds, failing


def walk(
    plan: Plan, seconds: dict[str, float], failing: set[str], parallel: int
) -> tuple[float, dict[str, float], dict[str, float], dict[str, Outcome], int]:
    schedule = Schedule(plan=plan, parallel=parallel)
    now, most = 0.0, 0
    under_way: list[tuple[float, str]] = []
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    while True:
        for node in schedule.next().start:
            began[node.id] = now
            heapq.heappush(under_way, (now + seconds[node.id], node.id))
        most = max(most, len(under_way))
        if schedule.finished:
            return now, began, ended, schedule.outcomes, most
        now, name = heapq.heappop(under_way)
        ended[name] = now
        schedule.end(name, Failed(message="m") if name in failing else Done())


def longest(plan: Plan, seconds: dict[str, float]) -> float:
    end: dict[str, float] = {}
    for node in plan.nodes:
        end[node.id] = seconds[node.id] + max((end[need] for need in node.needs), default=0.0)
    return max(end.values())


@given(plans())
@settings(max_examples=150, deadline=None)
def test_with_room_enough_it_takes_exactly_its_longest_path(case: tuple[Plan, dict[str, float], set[str]]) -> None:
    plan, seconds, _ = case
    total, began, ended, outcomes, _ = walk(plan, seconds, set(), parallel=len(plan.nodes))
    assert total == longest(plan, seconds)
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    for node in plan.nodes:
        assert began[node.id] == max((ended[need] for need in node.needs), default=0.0)


@given(plans(), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_nothing_starts_before_its_needs_nor_more_than_the_limit(
    case: tuple[Plan, dict[str, float], set[str]], parallel: int
) -> None:
    plan, seconds, failing = case
    total, began, ended, outcomes, most = walk(plan, seconds, failing, parallel)
    assert most <= parallel
    assert set(outcomes) == {node.id for node in plan.nodes}
    work = sum(seconds[name] for name in began)
    assert total <= work / parallel + longest(plan, seconds)  # Graham's bound for any list schedule
    for node in plan.nodes:
        bad = [need for need in node.needs if not isinstance(outcomes[need], Done)]
        if node.id in began:
            assert not bad
            assert all(ended[need] <= began[node.id] for need in node.needs)
        else:
            outcome = outcomes[node.id]
            assert bad
            assert isinstance(outcome, Skipped)
            assert isinstance(outcomes[outcome.because], Failed)
