"""The wait for a service that can be used: retry, rhythm and deadline, and the eye on the container meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.model.errors import DevenvError, NotFound
from devenv.model.events import Cancelled, Done, Failed
from devenv.model.observed import ObservedContainer
from devenv.model.plan import WaitReady
from devenv.model.protocols import Broken, Cancel, Clock, Engine, IsReady, Look, NotYet, Probe, ProbeTarget, Report
from devenv.model.stack import Ready
from devenv.run.failure import failed, gone, seconds, verdict
from devenv.run.listening import why_not_reached

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 1.0, 1.5
"""Seconds between two looks, the second factor by factor more."""
WATCH = 0.2
"""Seconds in which the container is inspected at least once, however long a look or a pause takes."""
FIRST_TIMEOUT, LONGEST_TIMEOUT = 1.0, 10.0
"""Seconds that one look may take; more each time that it was not enough."""
STEADY = 0.1
"""Seconds that a service without any condition must stay up."""
GRACE = 10.0
"""Seconds that there are for a container which was started so long ago that its deadline has passed."""


def own_check(container: ObservedContainer) -> tuple[Ready, ...]:
    """What stands for `ready` where none is given: the healthcheck of the service or its image, if it has one."""
    check: Mapping[str, Any] = container.config.get("Healthcheck") or {}
    test = check.get("Test")
    if not test or test[0] == "NONE":
        return ()
    # The engine's durations are nanoseconds.
    found = Ready(kind="health", options={})
    return (replace(found, timeout=found.timeout + (check.get("StartPeriod") or 0) / 1e9),)


def wait_ready(
    step: WaitReady,
    *,
    engine: Engine,
    probes: Mapping[str, Probe],
    clock: Clock,
    report: Report,
    cancel: Cancel,
    started: float | None = None,
) -> Done | Failed | Cancelled:
    """Look with every probe of `step.ready`, in order, until all are met.

    The first look is made at once. A container that ended, loops or was killed ends the wait; so does a probe that is
    Broken twice. `started` is when, on `clock.monotonic()`, the container was started, where the caller did that. Each
    reason goes to `report.progress` as text. Raises DevenvError where the engine itself fails.
    """
    return _Wait(step, engine, probes, clock, report, cancel, started).run()


@dataclass(slots=True)
class _Wait:
    step: WaitReady
    engine: Engine
    probes: Mapping[str, Probe]
    clock: Clock
    report: Report
    cancel: Cancel
    started: float | None
    ready: tuple[Ready, ...] = ()
    seen: ObservedContainer = field(init=False)
    restarts_before: int = 0
    begun: float = 0.0
    age: float = 0.0
    met: int = 0
    looks: int = 0
    broken: int = 0
    reason: str = ""
    pause: float = FIRST_PAUSE
    timeout: float = FIRST_TIMEOUT

    def run(self) -> Done | Failed | Cancelled:
        try:
            self.seen = self.engine.inspect(self.step.container)
            self._begin()
            return self._steady() if not self.ready else self._until_met()
        except NotFound:
            return gone(self.step.service)

    def _begin(self) -> None:
        self.begun = self.clock.monotonic()
        self.restarts_before = self.seen.restart_count
        self.ready = self.step.ready or own_check(self.seen)
        start = seconds(self.seen.started_at)
        if self.started is not None:
            self.age = self.begun - self.started
        elif start is not None and self.engine.info.local:  # another machine's clock says nothing about ours
            self.age = max(0.0, self.clock.now() - start)

    def _until_met(self) -> Done | Failed | Cancelled:
        while True:
            if self.cancel.cancelled:
                return Cancelled()
            one = self.ready[self.met]
            probe = self.probes.get(one.kind)
            if probe is None:
                return self._failed(
                    Failed(
                        message=f"{self.step.service}: there is no probe {one.kind!r}",
                        hint=f"use one of: {', '.join(sorted(self.probes)) or 'none'}",
                    )
                )
            deadline = self.begun + max(one.timeout - self.age, min(one.timeout, GRACE))
            looked_at = self.seen
            look = self._look(probe, one, deadline)
            self._inspect()
            dead = self._dead()
            if dead is not None:
                return dead
            same = self.seen.state == "running" and self.seen.started_at == looked_at.started_at
            if not same:
                # Another start of it: what was met before is to be met again.
                self.met, self.broken = 0, 0
            elif isinstance(look, IsReady):
                self.met, self.broken, self.pause = self.met + 1, 0, FIRST_PAUSE
                if self.met == len(self.ready):
                    return Done(data={"looks": self.looks})
                continue
            elif isinstance(look, Broken):
                # Once may be the engine's own trouble with a container that is just starting.
                self.broken += 1
                if self.broken > 1:
                    return self._failed(_broken(self.step.service, look.why))
            if self.clock.monotonic() >= deadline:
                return self._failed(self._too_late(one))
            end = self._rest(deadline)
            if end is not None:
                return end

    def _look(self, probe: Probe, one: Ready, deadline: float) -> Look:
        """One look. Meanwhile the container is watched: a probe may take long to find that nobody is there."""
        if self.seen.state != "running":
            code = f" after exit code {self.seen.exit_code}" if self.seen.state == "restarting" else ""
            return self._say(NotYet(why=f"the container is {self.seen.state}{code}"))
        self.looks += 1
        target = ProbeTarget(service=self.step.service, container=self.seen, engine=self.engine)
        timeout = max(0.2, min(self.timeout, deadline - self.clock.monotonic()))
        answers: list[Look | BaseException] = []
        done = threading.Event()

        def look() -> None:
            try:
                answers.append(probe.look(target, one, timeout=timeout))
            except BaseException as error:
                answers.append(error)
            done.set()

        begun = self.clock.monotonic()
        threading.Thread(target=look, name=f"look at {self.step.service}", daemon=True).start()
        while not done.wait(WATCH):
            now = self.engine.inspect(self.seen.id)
            if self.cancel.cancelled or (now.state, now.started_at) != ("running", self.seen.started_at):
                return NotYet(why=self.reason)
        answer = answers[0]
        if isinstance(answer, BaseException):
            if isinstance(answer, DevenvError) or not isinstance(answer, Exception):
                raise answer
            raise RuntimeError(f"the {one.kind} probe broke: {answer}") from answer
        if isinstance(answer, NotYet) and self.clock.monotonic() - begun > 0.8 * timeout:
            self.timeout = min(self.timeout * GROWTH, LONGEST_TIMEOUT)
        return self._say(answer)

    def _say(self, look: Look) -> Look:
        if not isinstance(look, IsReady):
            self.reason = look.why
            self.report.progress(text=look.why)
        return look

    def _rest(self, deadline: float) -> Failed | Cancelled | None:
        """The pause before the next look, the container watched in it."""
        left = min(self.pause, max(deadline - self.clock.monotonic(), 0.01))
        self.pause = min(self.pause * GROWTH, LONGEST_PAUSE)
        while left > 0:
            if self.cancel.wait(min(left, WATCH)):
                return Cancelled()
            left -= WATCH
            self._inspect()
            end = self._dead()
            if end is not None:
                return end
        return None

    def _steady(self) -> Done | Failed | Cancelled:
        """Without any condition it must run, and still run a moment later."""
        deadline = self.begun + GRACE
        while True:
            before, end = self.seen, self._dead()
            if end is not None:
                return end
            if self.cancel.wait(STEADY):
                return Cancelled()
            self._inspect()
            end = self._dead()
            if end is not None:
                return end
            if before.state == self.seen.state == "running" and before.started_at == self.seen.started_at:
                return Done()
            if self.clock.monotonic() >= deadline:
                return self._failed(
                    Failed(
                        message=f"{self.step.service} does not run: its container is {self.seen.state}",
                        hint=f"`devenv restart {self.step.service}`",
                        data={"state": self.seen.state},
                    )
                )

    def _inspect(self) -> None:
        self.seen = self.engine.inspect(self.seen.id)

    def _dead(self) -> Failed | None:
        found = verdict(self.step.service, self.seen, restarts=self.seen.restart_count - self.restarts_before)
        return None if found is None else self._failed(found)

    def _failed(self, failure: Failed) -> Failed:
        data: dict[str, Any] = {**({"reason": self.reason} if self.reason else {}), **failure.data}
        return failed(
            self.engine,
            self.step.service,
            self.seen,
            Failed(message=failure.message, hint=failure.hint, code=failure.code, data=data),
        )

    def _too_late(self, one: Ready) -> Failed:
        why, remedy = "", ""
        port = one.options.get("port")
        if port:
            why, remedy = why_not_reached(self.engine, self.seen.id, self.step.service, int(port))
        return Failed(
            message=f"{self.step.service} was not ready within {one.timeout:g} s: {why or self.reason or 'no answer'}",
            hint=remedy
            or f"`devenv logs {self.step.service}` shows what it does; where it only needs longer, raise the "
            f"`timeout` of its `ready` ({one.kind}), then `devenv up` again",
            data={
                "state": self.seen.state,
                "timeout": one.timeout,
                "kind": one.kind,
                **({"reason": why} if why else {}),  # what the last look saw is a symptom of it
            },
        )


def _broken(service: str, why: str) -> Failed:
    return Failed(
        message=f"{service} runs, but whether it is ready cannot be seen: {why}",
        hint="mend its `ready` (or `healthcheck`), then `devenv up` again; `ready: {http: /…}` and "
        "`ready: {tcp: PORT}` look from outside and need nothing in the image",
        data={"broken": True},
    )
