from __future__ import annotations

from typing import Any

import pytest

from devenv.core import checks
from devenv.core.checks import Unlike
from devenv.model.plan import Node, Plan, RunCheck, Start, WaitReady
from devenv.model.protocols import Answer
from devenv.model.stack import Check, CheckStep, Service, Stack

JSON = '{"id": 7, "items": [{"name": "Lamp", "price": 12.5}], "open": true}'


def _http(**more: Any) -> CheckStep:
    return CheckStep(kind="http", options={"url": "http://x/{order}"}, **more)


def test_taken_values_are_put_into_texts_and_keep_their_type_where_they_stand_alone() -> None:
    taken = {"order": 7, "q": "a b&c"}
    assert checks.fill({"id": "{order}", "text": "order {order}", "list": ["{order}"], "n": 1}, taken) == {
        "id": 7,
        "text": "order 7",
        "list": [7],
        "n": 1,
    }
    assert checks.fill("{unknown} {order}", taken) == "{unknown} 7"
    step = CheckStep(kind="http", options={"url": "http://x/?q={q}", "body": "{q}"})
    assert checks.asked(step, taken) == {"url": "http://x/?q=a%20b%26c", "body": "a b&c"}


@pytest.mark.parametrize(
    ("step", "answer", "taken"),
    [
        (_http(), Answer(code=204), {}),
        (_http(expect={"status": 201}), Answer(code=201), {}),
        (_http(expect={"json": {"items.0.name": "Lamp", "id": "7"}}), Answer(code=200, text=JSON), {}),
        (_http(expect={"body": "La.p"}, take={"n": "items.0.price"}), Answer(code=200, text=JSON), {"n": 12.5}),
        (_http(take={"all": "value"}), Answer(code=200, text=" x \n"), {"all": "x"}),
        (CheckStep(kind="sql", options={}, expect={"value": 3}), Answer(text="3\n"), {}),
        (CheckStep(kind="exec", options={}, expect={"code": 2}), Answer(code=2), {}),
    ],
)
def test_an_answer_that_will_do_gives_what_is_taken(step: CheckStep, answer: Answer, taken: dict[str, Any]) -> None:
    assert checks.judge(step, answer, {}) == taken


@pytest.mark.parametrize(
    ("step", "answer", "why"),
    [
        (_http(), Answer(code=500, text="oh  no\n"), "answered 500, not 200-399: oh no"),
        (_http(expect={"status": "200-299"}), Answer(code=302), "answered 302, not 200-299"),
        (_http(expect={"json": {"id": 8}}), Answer(code=200, text=JSON), "`id` is 7, not 8"),
        (_http(expect={"json": {"items.3.name": 8}}), Answer(code=200, text="{}"), "has nothing at `items.3.name`: {}"),
        (_http(take={"id": "id"}), Answer(code=200, text="<html>"), "is no JSON: <html>"),
        (_http(expect={"body": "^z"}), Answer(code=200, text="a"), "has nothing that matches '^z': a"),
        (CheckStep(kind="sql", options={}, expect={"value": "1"}), Answer(text="0\n"), "gave '0', not '1'"),
        (CheckStep(kind="exec", options={}), Answer(code=1, text="x" * 300), f"ended with 1, not 0: {'x' * 200}…"),
    ],
)
def test_an_answer_that_will_not_do_says_how_it_differs(step: CheckStep, answer: Answer, why: str) -> None:
    with pytest.raises(Unlike) as caught:
        checks.judge(step, answer, {})
    assert str(caught.value) == why


def test_a_step_is_named_by_what_it_asks() -> None:
    assert checks.says(_http(), {"url": "http://x"}) == "GET http://x"
    assert checks.says(_http(), {"url": "http://x", "json": {}}) == "POST http://x"
    assert checks.says(_http(name="page {n}"), {"url": "http://x"}, {"n": 2}) == "page 2 (GET http://x)"
    assert checks.says(CheckStep(kind="sql", options={}), {"service": "db"}) == "SQL in db"
    asks = {"service": "api", "command": ["true", "-x"]}
    assert checks.says(CheckStep(kind="exec", options={}), asks) == "`true -x` in api"
    assert checks.method({"url": "x", "method": "delete"}) == "DELETE"


def test_checks_come_one_after_the_other_behind_what_makes_ready() -> None:
    one = Check(name="a", steps=(_http(),))
    stack = Stack(
        project="p", folder="/p", working_dir="/p", files=(), networks={}, volumes={},
        services={"db": Service(name="db", config={}, image="x", container_name="p-db-1", values={"user": "app"})},
        checks={"a": one, "b": Check(name="b", steps=())},
    )  # fmt: skip
    before = Plan(
        nodes=(
            Node(id="start:db", step=Start(service="db", container="p-db-1"), cause="x"),
            Node(id="ready:db", step=WaitReady(service="db", container="p-db-1"), cause="x", needs=("start:db",)),
        )
    )
    plan = checks.plan_checks(stack, before=before)
    assert [(n.id, n.needs, n.resource) for n in plan.nodes[2:]] == [
        ("check:a", ("ready:db",), "check"),
        ("check:b", ("ready:db",), "check"),
    ]
    (alone,) = checks.plan_checks(stack, ("a",)).nodes
    assert isinstance(alone.step, RunCheck)
    assert (alone.step.check, alone.step.values, alone.cause) == (one, {"db": {"user": "app"}}, "asked for")
    assert alone.step.object == "a"


def test_what_finally_says_of_values_that_were_never_taken_is_left_out() -> None:
    gone = CheckStep(kind="sql", options={"query": "DELETE FROM orders WHERE id = {order}"})
    plain = CheckStep(kind="sql", options={"query": "DELETE FROM orders WHERE note = '{check}'"})
    expects = CheckStep(kind="sql", options={"query": "SELECT 1"}, expect={"json": {"id": "{order}"}})
    check = Check(name="a", steps=(_http(take={"order": "id"}),), finally_=(gone, plain, expects))
    assert checks.walked_finally(check, {"order": 7}) == (gone, plain, expects)
    assert checks.walked_finally(check, {}) == (plain,)
    assert check.all_steps == (*check.steps, gone, plain, expects)
