from __future__ import annotations

import threading
import time

from devenv.model.errors import BuildFailed, DevenvError, ExitCode
from devenv.model.events import Cancelled, Done, Event, Failed, Outcome, Skipped, StepFinished, StepLog, StepProgress
from devenv.model.plan import Node, Plan, Start
from devenv.model.protocols import Cancel, Report
from devenv.run.bus import Bus
from devenv.run.cancel import CancelToken
from devenv.run.executor import Perform, Result, execute


class RealClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def node(name: str, *needs: str) -> Node:
    return Node(id=name, step=Start(service=name, container=name), cause="no container", needs=needs)


def walk(perform: Perform, *nodes: Node, cancel: CancelToken | None = None) -> tuple[Result, list[Event]]:
    bus, heard = Bus(RealClock()), []
    bus.subscribe(heard.append)
    result = execute(Plan(nodes=nodes), perform, cancel=cancel or CancelToken(), bus=bus, clock=RealClock(), parallel=4)
    return result, heard


def test_an_empty_plan_is_done_at_once() -> None:
    result, heard = walk(lambda node, report, cancel: Done())
    assert result.outcomes == {}
    assert heard == []


def test_nodes_run_beside_each_other() -> None:
    meet = threading.Barrier(2, timeout=30)

    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        meet.wait()  # would break if one ran after the other
        return Done()

    result, _ = walk(perform, node("a"), node("b"))
    assert result.outcomes == {"a": Done(), "b": Done()}
    assert not result.failed
    assert not result.cancelled


def test_a_failure_keeps_its_words_and_skips_what_hangs_on_it() -> None:
    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        if node.id == "image":
            raise BuildFailed("step 3 ended with 7", hint="mend line 3", log=("no such file",))
        if node.id == "engine":
            raise DevenvError("no answer", hint="start it", code=ExitCode.UNFIT)
        return Done(detail="up")

    result, heard = walk(perform, node("image"), node("api", "image"), node("engine"), node("cache"))
    assert result.outcomes == {
        "image": Failed(message="step 3 ended with 7", hint="mend line 3", log=("no such file",), code=1),
        "api": Skipped(because="image"),
        "engine": Failed(message="no answer", hint="start it", code=3),
        "cache": Done(detail="up"),
    }
    assert set(result.failed) == {"image", "engine"}
    finished = {e.node: e.outcome for e in heard if isinstance(e, StepFinished)}
    assert finished == result.outcomes


def test_a_bug_is_a_sentence_and_not_a_hang() -> None:
    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        raise KeyError("oops")

    result, _ = walk(perform, node("a"))
    assert "KeyError" in result.failed["a"].message


def test_the_same_reason_is_told_once() -> None:
    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        for text in ("refused", "refused", "HTTP 503"):
            report.progress(text=text)
        report.log("a line", "stderr")
        return Done()

    _, heard = walk(perform, node("a"))
    assert [e.text for e in heard if isinstance(e, StepProgress)] == ["refused", "HTTP 503"]
    assert [(e.line, e.stream, e.service) for e in heard if isinstance(e, StepLog)] == [("a line", "stderr", "a")]


def test_a_cancel_ends_what_listens_and_starts_nothing_more() -> None:
    token = CancelToken()

    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        token.cancel()
        assert cancel.wait(30)
        raise DevenvError("the socket was shut down", hint="")

    result, _ = walk(perform, node("a"), node("b", "a"), cancel=token)
    assert result.outcomes == {"a": Cancelled(), "b": Cancelled()}
    assert result.cancelled


def test_a_worker_that_does_not_listen_is_left_behind() -> None:
    token, release = CancelToken(), threading.Event()

    def perform(node: Node, report: Report, cancel: Cancel) -> Outcome:
        token.cancel()
        release.wait(60)
        return Done()

    try:
        result, _ = walk(perform, node("deaf"), cancel=token)
        assert result.outcomes == {"deaf": Cancelled()}
    finally:
        release.set()
