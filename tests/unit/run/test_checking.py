from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.backends.fake import FakeEngine
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.events import Cancelled, Done, Failed, Outcome
from devenv.model.plan import RunCheck
from devenv.model.protocols import Answer, CheckTarget
from devenv.model.stack import Check, CheckStep
from devenv.run.cancel import CancelToken
from devenv.run.checking import walk
from tests.engines import Told


class Script:
    """Answers in their order; an error is raised."""

    kind = "http"

    def __init__(self, *answers: Answer | DevenvError) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []

    def ask(self, target: CheckTarget, options: Mapping[str, Any], *, timeout: float) -> Answer:
        self.asked.append(options)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, DevenvError):
            raise answer
        return answer


class Still:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Waiting(CancelToken):
    def __init__(self, clock: Still, stops_at: float = 1e9) -> None:
        super().__init__()
        self.clock, self.stops_at = clock, stops_at

    def wait(self, seconds: float) -> bool:
        self.clock.at += seconds
        if self.clock.at >= self.stops_at:
            self.cancel()
        return self.cancelled


def _walk(
    script: Script, *steps: CheckStep, last: tuple[CheckStep, ...] = (), stops_at: float = 1e9
) -> tuple[Outcome, Told, Still]:
    clock, told = Still(), Told()
    outcome = walk(
        RunCheck(check=Check(name="order", steps=steps, finally_=last)),
        target=CheckTarget(engine=FakeEngine(), project="p", values={}),
        kinds={"http": script},
        clock=clock,
        report=told,
        cancel=Waiting(clock, stops_at),
    )
    return outcome, told, clock


def _step(url: str, **more: Any) -> CheckStep:
    return CheckStep(kind="http", options={"url": url}, **more)


def test_values_of_one_step_are_asked_with_in_the_next() -> None:
    script = Script(Answer(code=201, text='{"id": 7}'), Answer(code=200))
    outcome, told, _ = _walk(script, _step("http://x", take={"order": "id"}), _step("http://x/{order}"))
    assert outcome == Done(detail="2 steps", data={"check": "order"})
    assert [options["url"] for options in script.asked] == ["http://x", "http://x/7"]
    assert told.steps[-1] == (2, 2, "steps", "GET http://x/7")


def test_a_step_is_tried_again_while_it_has_time() -> None:
    wanted = _step("http://x", expect={"json": {"status": "done"}}, within=5.0)
    taken, done = Answer(code=200, text='{"status": "taken"}'), Answer(code=200, text='{"status": "done"}')
    outcome, told, clock = _walk(Script(taken, taken, done), wanted)
    assert isinstance(outcome, Done)
    assert 0 < clock.at < 1
    assert told.steps[0][3] == "GET http://x: `status` is 'taken', not 'done'"


def test_what_does_not_hold_in_its_time_says_which_step_and_what_came_back() -> None:
    wanted = _step("http://x", expect={"json": {"status": "done"}}, within=5.0)
    outcome, _, clock = _walk(Script(Answer(code=200, text='{"status": "taken"}')), _step("http://y"), wanted)
    assert isinstance(outcome, Failed)
    assert outcome.message == "step 2 of 2, GET http://x: `status` is 'taken', not 'done' (tried for 5 s)"
    assert outcome.data == {"check": "order", "step": 2}
    assert 5 <= clock.at < 7


def test_no_answer_fails_with_its_own_remedy() -> None:
    error = DevenvError("nothing answers: connection refused", hint="Look.", code=ExitCode.FAILED)
    outcome, _, clock = _walk(Script(error), _step("http://x"))
    assert isinstance(outcome, Failed)
    assert (outcome.message, outcome.hint) == (
        "step 1 of 1, GET http://x: nothing answers: connection refused",
        "Look.",
    )
    assert clock.at == 0


def test_a_step_s_own_remedy_goes_before_and_names_what_was_taken() -> None:
    asks = _step("http://x/{order}", name="order {order} is done", hint="Look for {order} in the log.")
    script = Script(Answer(code=200, text='{"id": 7}'), Answer(code=503))
    outcome, _, _ = _walk(script, _step("http://x", take={"order": "id"}), asks)
    assert isinstance(outcome, Failed)
    assert outcome.message == "step 2 of 2, order 7 is done (GET http://x/7): answered 503, not 200-399"
    assert outcome.hint == "Look for 7 in the log."


def test_who_is_stopped_meanwhile_is_cancelled() -> None:
    outcome, _, _ = _walk(Script(Answer(code=500)), _step("http://x", within=60), stops_at=1.0)
    assert outcome == Cancelled()


def test_finally_is_walked_whether_the_steps_held_or_not() -> None:
    order, bad = _step("http://x", take={"order": "id"}), _step("http://y", expect={"status": 201})
    last = (_step("http://x/{order}"), _step("http://z"))
    script = Script(Answer(code=200, text='{"id": 7}'), Answer(code=500), Answer(code=200))
    outcome, _, _ = _walk(script, order, bad, last=last)
    assert isinstance(outcome, Failed)
    assert outcome.message == "step 2 of 4, GET http://y: answered 500, not 201"
    assert [options["url"] for options in script.asked] == ["http://x", "http://y", "http://x/7", "http://z"]
    script = Script(Answer(code=200, text='{"id": 7}'))
    assert _walk(script, order, last=last)[0] == Done(detail="3 steps", data={"check": "order"})
    assert [options["url"] for options in script.asked] == ["http://x", "http://x/7", "http://z"]


def test_finally_leaves_out_what_was_never_taken_and_fails_a_check_of_its_own() -> None:
    script = Script(Answer(code=500))
    outcome, _, _ = _walk(script, _step("http://x", take={"order": "id"}), last=(_step("http://x/{order}"),))
    assert isinstance(outcome, Failed)
    assert len(script.asked) == 1
    outcome, _, _ = _walk(Script(Answer(code=200), Answer(code=500)), _step("http://x"), last=(_step("http://y"),))
    assert isinstance(outcome, Failed)
    assert outcome.message == "step 2 of 2, GET http://y: answered 500, not 200-399"
    outcome, _, _ = _walk(Script(Answer(code=500)), _step("http://x"), last=(_step("http://y"),))
    assert isinstance(outcome, Failed)
    assert outcome.message.endswith("not 200-399; then step 2 of 2, GET http://y: answered 500, not 200-399")


def test_who_is_stopped_meanwhile_still_leaves_nothing_behind() -> None:
    script = Script(Answer(code=500))
    last = (_step("http://y", within=60), _step("http://z"))
    outcome, _, clock = _walk(script, _step("http://x", within=60), last=last, stops_at=1.0)
    assert outcome == Cancelled()
    assert [options["url"] for options in script.asked[-2:]] == ["http://y", "http://z"]
    assert clock.at < 3
