from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from devenv.backends.fake import FakeEngine
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Broken, IsReady, NotYet, ProbeTarget
from devenv.model.stack import Ready
from devenv.run.looks import look_all
from tests.unit.run.virtual import Answers

RUNS = ObservedContainer(id="c", name="c", image="i", image_id="sha256:1", state="running", labels={})
ENDED = replace(RUNS, state="exited")
CHECKED = replace(RUNS, config={"Healthcheck": {"Test": ["CMD", "true"]}})


def ready(*kinds: str) -> tuple[Ready, ...]:
    return tuple(Ready(kind=kind, options={}) for kind in kinds)


def test_what_needs_no_look() -> None:
    items = {
        "runs": (RUNS, (), False),
        "ended": (ENDED, (), False),
        "starting over": (replace(RUNS, state="restarting"), ready("yes"), False),
        "done": (ENDED, (), True),
        "failed": (replace(ENDED, exit_code=1), (), True),
        "at work": (RUNS, (), True),
    }
    assert look_all(FakeEngine(), items, {}) == {
        "runs": True,
        "ended": False,
        "starting over": False,
        "done": True,
        "failed": False,
        "at work": False,
    }


def test_every_condition_counts() -> None:
    probes: dict[str, Any] = {
        "yes": Answers(IsReady()),
        "no": Answers(NotYet(why="no")),
        "never": Answers(Broken(why="no")),
        "health": Answers(IsReady()),
    }
    items = {
        "both": (RUNS, ready("yes", "yes"), False),
        "one": (RUNS, ready("yes", "no"), False),
        "broken": (RUNS, ready("never"), False),
        "healthy": (CHECKED, (), False),
        "unknown kind": (RUNS, ready("smoke"), False),
    }
    assert look_all(FakeEngine(), items, probes, timeout=30) == {
        "both": True,
        "one": False,
        "broken": False,
        "healthy": True,
        "unknown kind": None,
    }


def test_all_are_looked_at_at_once_and_who_is_silent_has_the_engines_verdict() -> None:
    release = threading.Event()

    def hang(target: ProbeTarget, timeout: float) -> None:
        release.wait(30)

    def late(target: ProbeTarget, timeout: float) -> None:
        time.sleep(timeout + 0.05)

    probes: dict[str, Any] = {"hangs": Answers(IsReady(), each=hang), "late": Answers(NotYet(why="no"), each=late)}
    items = {
        **{f"slow {n}": (RUNS, ready("hangs"), False) for n in range(20)},
        "well": (replace(CHECKED, health="healthy"), ready("hangs"), False),
        "sick": (replace(CHECKED, health="unhealthy"), ready("hangs"), False),
        "late": (RUNS, ready("late", "late"), False),
    }
    begun = time.monotonic()
    found = look_all(FakeEngine(), items, probes, timeout=0.2)
    taken = time.monotonic() - begun
    release.set()
    assert (found["well"], found["sick"], found["late"]) == (True, False, None)
    assert {found[f"slow {n}"] for n in range(20)} == {None}
    assert taken < 1


def test_time_that_is_over_before_the_next_condition_is_no_answer() -> None:
    probes: dict[str, Any] = {"slow": Answers(IsReady(), each=lambda target, timeout: time.sleep(timeout + 0.02))}
    assert look_all(FakeEngine(), {"a": (RUNS, ready("slow", "slow"), False)}, probes, timeout=0.05) == {"a": None}
    time.sleep(0.1)
