from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from devenv.backends.fake import Behaviour, FakeEngine
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.events import Cancelled, Done, Failed
from devenv.model.plan import WaitReady
from devenv.model.protocols import Broken, IsReady, NotYet, ProbeTarget
from devenv.model.stack import Ready
from devenv.run.wait import own_check, wait_ready
from tests.engines import Told
from tests.unit.run.virtual import IMAGE, Answers, Sleeper, VirtualClock, container

HTTP = Ready(kind="http", options={}, timeout=30)
RESTART = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}


class Scene:
    """One container on a fake engine, its clock and who waits for it."""

    def __init__(
        self, *command: str, behaviour: Behaviour | None = None, cancel_after: int = 1_000_000, **payload: Any
    ) -> None:
        self.clock = VirtualClock()
        self.engine = FakeEngine(images=[IMAGE], behaviours={IMAGE: behaviour or Behaviour()}, clock=self.clock)
        self.name = container(self.engine, *command, **payload)
        self.cancel = Sleeper(self.clock, cancel_after=cancel_after)
        self.told = Told()
        self.begun = self.clock.time

    def wait(self, *ready: Ready, started: float | None = None, **probes: Any) -> Done | Failed | Cancelled:
        step = WaitReady(service="app", container=self.name, ready=ready)
        return wait_ready(
            step,
            engine=self.engine,
            probes=probes,
            clock=self.clock,
            report=self.told,
            cancel=self.cancel,
            started=started,
        )

    @property
    def reasons(self) -> list[str]:
        return [text for *_, text in self.told.steps]

    @property
    def passed(self) -> float:
        return self.clock.time - self.begun


def failure(outcome: object) -> Failed:
    assert isinstance(outcome, Failed), outcome
    assert outcome.hint
    return outcome


def test_the_first_look_is_made_at_once() -> None:
    scene = Scene()
    assert scene.wait(HTTP, http=Answers(IsReady())) == Done(data={"looks": 1})
    assert scene.cancel.waits == []


def test_pauses_grow_from_50_ms_to_a_second_and_every_reason_is_told() -> None:
    scene = Scene()
    probe = Answers(NotYet(why="refused"), *[NotYet(why="HTTP 503")] * 10, IsReady())
    assert scene.wait(HTTP, http=probe) == Done(data={"looks": 12})
    assert scene.reasons == ["refused"] + ["HTTP 503"] * 10
    assert scene.cancel.waits[0] == 0.05
    assert max(scene.cancel.waits) <= 0.2  # in longer pauses the container is looked after
    assert 0.05 * (1.5**11 - 1) / 0.5 > scene.passed > 3


def test_conditions_are_met_in_order_each_with_a_first_look_at_once() -> None:
    scene = Scene()
    http, tcp = Answers(NotYet(why="refused"), IsReady()), Answers(NotYet(why="closed"), IsReady())
    outcome = scene.wait(Ready(kind="tcp", options={}), HTTP, http=http, tcp=tcp)
    assert outcome == Done(data={"looks": 4})
    assert scene.reasons == ["closed", "refused"]
    assert scene.cancel.waits == [0.05, 0.05]


def test_a_deadline_ends_it_with_the_last_reason_and_the_last_lines() -> None:
    scene = Scene(behaviour=Behaviour(log=tuple(("stdout", f"line {n}") for n in range(50))))
    found = failure(scene.wait(HTTP, http=Answers(NotYet(why="HTTP 503 from /health"))))
    assert found.message == "app was not ready within 30 s: HTTP 503 from /health"
    assert "timeout" in found.hint
    assert found.log == tuple(f"line {n}" for n in range(30, 50))
    assert (found.data["kind"], found.data["reason"]) == ("http", "HTTP 503 from /health")
    assert 30 <= scene.passed < 30.5


def test_the_deadline_counts_from_the_start_of_the_container() -> None:
    scene = Scene()
    scene.clock.pass_(12)
    failure(scene.wait(HTTP, started=scene.clock.monotonic() - 12, http=Answers(NotYet(why="no"))))
    assert 30 <= scene.passed < 30.5


def test_one_that_was_started_long_ago_has_a_moment_all_the_same() -> None:
    scene = Scene()
    scene.clock.pass_(3600)
    failure(scene.wait(HTTP, started=scene.clock.monotonic() - 3600, http=Answers(NotYet(why="no"))))
    assert 3610 <= scene.passed < 3610.5


@pytest.mark.parametrize(("local", "seconds"), [(True, 30), (False, 42)])
def test_the_start_is_asked_of_an_engine_whose_clock_is_ours(local: bool, seconds: float) -> None:
    scene = Scene()
    scene.engine._info = type(scene.engine.info)(
        id="e", version="1", api="1.41", os="linux", arch="amd64", host="x", local=local
    )
    scene.clock.pass_(12)
    failure(scene.wait(HTTP, http=Answers(NotYet(why="no"))))
    assert seconds <= scene.passed < seconds + 0.5


def test_a_container_that_ends_is_known_within_300_ms_in_the_longest_pause() -> None:
    scene = Scene("sh", "-c", "echo starting; sleep 12.3; echo cannot bind >&2; exit 1")
    found = failure(scene.wait(HTTP, http=Answers(NotYet(why="connection refused"))))
    assert found.message == "app ended with exit code 1 after 12.3 s"
    assert found.log == ("starting", "cannot bind")
    assert found.data == {
        "state": "exited",
        "exit_code": 1,
        "signal": "",
        "oom": False,
        "restarts": 0,
        "seconds": 12.3,
        "reason": "connection refused",
    }
    assert 12.3 <= scene.passed < 12.6


def test_a_container_that_ends_is_known_while_a_look_takes_its_time() -> None:
    """Real time: a probe that hangs must not hide the end."""
    engine, release = FakeEngine(images=[IMAGE]), threading.Event()
    container(engine, "sleep", "0.3")
    probe = Answers(NotYet(why="no"), each=lambda target, timeout: release.wait(30))  # type: ignore[arg-type,return-value]
    clock = engine._clock
    begun = time.monotonic()
    step = WaitReady(service="app", container="shop-app-1", ready=(HTTP,))
    outcome = wait_ready(
        step,
        engine=engine,
        probes={"http": probe},
        clock=clock,
        report=Told(),
        cancel=Sleeper(VirtualClock()),
    )
    release.set()
    assert failure(outcome).data["exit_code"] == 0
    assert time.monotonic() - begun < 5


def test_a_cancel_ends_a_look_and_a_pause() -> None:
    scene = Scene(cancel_after=2)
    assert scene.wait(HTTP, http=Answers(NotYet(why="no"))) == Cancelled()
    assert Scene(cancel_after=0).wait(HTTP, http=Answers(NotYet(why="no"))) == Cancelled()
    assert Scene(cancel_after=1).wait() == Cancelled()
    release, scene = threading.Event(), Scene()

    def hang(target: ProbeTarget, timeout: float) -> None:
        scene.cancel.cancel_after = 0
        release.wait(30)

    assert scene.wait(HTTP, http=Answers(NotYet(why="no"), each=hang)) == Cancelled()
    release.set()


def test_one_that_ends_with_0_is_told_that_it_should_stay() -> None:
    scene = Scene("true")
    found = failure(scene.wait(HTTP, http=Answers(NotYet(why="no"))))
    assert "exit code 0 right after its start, but it is meant to stay up" in found.message
    assert "one_shot" in found.hint


def test_killed_for_memory() -> None:
    dies = Behaviour(exit_code=137, exit_after=1, oom_killed=True)
    limited = Scene(behaviour=dies, HostConfig={"Memory": 64 * 2**20})
    found = failure(limited.wait(HTTP, http=Answers(NotYet(why="no"))))
    assert found.message == "app was killed because it took more memory than its limit of 64 MiB"
    assert "mem_limit" in found.hint
    assert found.data["oom"] is True
    assert found.data["signal"] == "SIGKILL"
    found = failure(Scene(behaviour=dies).wait(HTTP, http=Answers(NotYet(why="no"))))
    assert found.message == "app was killed because the machine ran out of memory"


def test_a_loop_of_restarts_ends_the_wait() -> None:
    scene = Scene("sh", "-c", "sleep 1; exit 3", **RESTART)
    found = failure(scene.wait(HTTP, http=Answers(NotYet(why="no"))))
    assert "started again and again" in found.message
    assert "exit code 3" in found.message
    assert "devenv stop app" in found.hint
    assert "the container is restarting after exit code 3" in scene.reasons
    assert scene.passed < 6


def test_one_that_came_back_is_looked_at_from_the_first_condition_on() -> None:
    """What was met before a restart is to be met again."""
    scene = Scene("sh", "-c", "sleep 1; exit 3", **RESTART)

    def restart(target: ProbeTarget, timeout: float) -> None:
        scene.clock.pass_(2)
        scene.engine._machine(scene.name).start(scene.clock.time)  # as its policy would

    tcp = Answers(IsReady())
    http = Answers(IsReady(), each=restart)
    http.each = lambda target, timeout: restart(target, timeout) if len(http.timeouts) == 1 else None
    assert scene.wait(Ready(kind="tcp", options={}), HTTP, tcp=tcp, http=http) == Done(data={"looks": 4})
    assert len(tcp.timeouts) == 2


def test_a_probe_that_is_broken_twice_ends_the_wait() -> None:
    scene = Scene()
    found = failure(scene.wait(HTTP, http=Answers(Broken(why="the image has no curl"))))
    assert found.message == "app runs, but whether it is ready cannot be seen: the image has no curl"
    assert "`ready: {tcp: PORT}`" in found.hint
    assert scene.passed <= 0.1
    once = Answers(Broken(why="setns failed"), NotYet(why="no"), IsReady())
    assert isinstance(Scene().wait(HTTP, http=once), Done)


def test_a_kind_that_nobody_knows() -> None:
    assert "no probe 'http'" in failure(Scene().wait(HTTP)).message


def test_a_look_that_needs_longer_is_given_longer() -> None:
    scene = Scene()
    probe = Answers(
        *[NotYet(why="no answer")] * 4, IsReady(), each=lambda target, timeout: scene.clock.pass_(min(timeout, 2))
    )
    assert isinstance(scene.wait(HTTP, http=probe), Done)
    assert probe.timeouts == pytest.approx([1, 1.5, 2.25, 3.375, 3.375], abs=0.01)


def test_a_bug_in_a_probe_and_a_dead_engine_are_not_hidden() -> None:
    def bug(target: ProbeTarget, timeout: float) -> None:
        raise KeyError("oops")

    with pytest.raises(RuntimeError, match="http probe broke"):
        Scene().wait(HTTP, http=Answers(IsReady(), each=bug))

    def engine_died(target: ProbeTarget, timeout: float) -> None:
        raise DevenvError("no engine", hint="start it", code=ExitCode.UNFIT)

    with pytest.raises(DevenvError, match="no engine"):
        Scene().wait(HTTP, http=Answers(IsReady(), each=engine_died))


def test_a_container_that_is_gone() -> None:
    scene = Scene()

    def remove(target: ProbeTarget, timeout: float) -> None:
        scene.engine.remove_container(scene.name)

    assert "is gone" in failure(scene.wait(HTTP, http=Answers(NotYet(why="no"), each=remove))).message
    assert "is gone" in failure(scene.wait(HTTP)).message


def test_one_that_was_never_started() -> None:
    assert "was not started" in failure(Scene(start=False).wait()).message


def test_without_a_condition_it_must_stay_up_for_a_moment() -> None:
    scene = Scene()
    assert scene.wait() == Done()
    assert scene.cancel.waits == [0.1]
    found = failure(Scene("sh", "-c", "sleep 0.05; exit 126").wait())
    assert found.message.startswith("app ended with exit code 126 right after")
    assert "not in the image" in found.hint
    loop = failure(Scene("sh", "-c", "exit 2", **RESTART).wait())
    assert "again and again" in loop.message


def test_without_a_condition_the_healthcheck_counts() -> None:
    scene = Scene(Healthcheck={"Test": ["CMD", "true"], "StartPeriod": 60 * 10**9})
    probe = Answers(NotYet(why="starting"), IsReady())
    assert scene.wait(health=probe) == Done(data={"looks": 2})
    (own,) = own_check(scene.engine.inspect(scene.name))
    assert (own.kind, own.timeout) == ("health", 180)
    off = Scene(Healthcheck={"Test": ["NONE"]})
    assert own_check(off.engine.inspect(off.name)) == ()


def test_one_that_is_paused_does_not_run() -> None:
    scene = Scene()
    real = scene.engine.inspect

    class Paused(FakeEngine):
        def inspect(self, container: str):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return replace(real(container), state="paused")

    scene.engine.__class__ = Paused
    assert "its container is paused" in failure(scene.wait()).message
    found = failure(scene.wait(HTTP, http=Answers(IsReady())))
    assert found.message == "app was not ready within 30 s: the container is paused"
