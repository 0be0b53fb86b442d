"""Walks a plan with threads. The main thread decides through `core.schedule` and takes outcomes from a queue; workers
only do. Every fact is an event on the bus.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devenv.core.schedule import Schedule
from devenv.model.errors import BuildFailed, DevenvError
from devenv.model.events import (
    Cancelled,
    Failed,
    Outcome,
    StepFinished,
    StepLog,
    StepProgress,
    StepStarted,
)
from devenv.model.plan import Node, Plan
from devenv.model.protocols import Cancel, Clock, Report
from devenv.run.bus import Bus

Perform = Callable[[Node, Report, Cancel], Outcome]
"""Does one node. Returns its outcome or raises DevenvError, which becomes Failed."""

GRACE = 2.5
"""Seconds that workers have to let go after a cancel; then they are left behind, as daemon threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How every node ended, by id."""

    outcomes: Mapping[str, Outcome]

    @property
    def failed(self) -> Mapping[str, Failed]:
        return {node: outcome for node, outcome in self.outcomes.items() if isinstance(outcome, Failed)}

    @property
    def cancelled(self) -> bool:
        return any(isinstance(outcome, Cancelled) for outcome in self.outcomes.values())


@dataclass(slots=True)
class NodeReport:
    """A step's own words, as events of its node."""

    bus: Bus
    node: Node
    _last: tuple[int, int, str, str] | None = field(default=None, init=False)

    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None:
        state = (current, total, unit, text)
        if state != self._last:  # a wait says the same reason at every look: one event is enough
            self._last = state
            self.bus.emit(StepProgress, **_who(self.node), current=current, total=total, unit=unit, text=text)

    def log(self, line: str, stream: str = "stdout") -> None:
        self.bus.emit(StepLog, **_who(self.node), line=line, stream=stream)


def execute(
    plan: Plan,
    perform: Perform,
    *,
    cancel: Cancel,
    bus: Bus,
    clock: Clock,
    parallel: int = 16,
    limits: Mapping[str, int] | None = None,
) -> Result:
    """Do every node of `plan` whose needs are done, as many at once as `parallel` and `limits` allow.

    A failure skips what hangs on it and nothing else. When `cancel` is told, nothing more starts; what runs has GRACE
    seconds to end and counts as Cancelled after that. Returns when every node has an outcome.
    """
    schedule = Schedule(plan=plan, parallel=parallel, limits=limits or {})
    ended: queue.SimpleQueue[tuple[Node, Outcome] | None] = queue.SimpleQueue()
    begun: dict[str, float] = {}
    take_back = cancel.on_cancel(lambda: ended.put(None))
    deadline: float | None = None

    def work(node: Node) -> None:
        ended.put((node, bus.masked(_outcome(perform, node, NodeReport(bus, node), cancel))))

    def finish(node: Node, outcome: Outcome) -> None:
        seconds = max(clock.monotonic() - begun[node.id], 0.0) if node.id in begun else 0.0
        bus.emit(StepFinished, **_who(node), outcome=outcome, seconds=seconds)

    try:
        while True:
            if cancel.cancelled and deadline is None:
                schedule.cancel()
                deadline = clock.monotonic() + GRACE
            step = schedule.next()
            for node, outcome in step.skip:
                finish(node, outcome)
            for node in step.start:
                begun[node.id] = clock.monotonic()
                bus.emit(StepStarted, **_who(node))
                threading.Thread(target=work, args=(node,), name=node.id, daemon=True).start()
            if schedule.finished:
                return Result(outcomes=dict(schedule.outcomes))
            try:
                message = ended.get(timeout=None if deadline is None else max(deadline - clock.monotonic(), 0.0))
            except queue.Empty:
                for node in tuple(schedule.running.values()):
                    schedule.end(node.id, Cancelled())
                    finish(node, Cancelled())
                continue
            if message and message[0].id in schedule.running:
                schedule.end(message[0].id, message[1])
                finish(*message)
    finally:
        take_back()


def _outcome(perform: Perform, node: Node, report: Report, cancel: Cancel) -> Outcome:
    try:
        return perform(node, report, cancel)
    except DevenvError as error:
        if cancel.cancelled:  # what broke because the socket was shut down is not a failure of the stack
            return Cancelled()
        log = error.log if isinstance(error, BuildFailed) else ()
        return Failed(message=str(error), hint=error.hint, log=log, code=int(error.code))
    except Exception as error:
        return Failed(
            message=f"{node.step.verb} {node.step.object} broke inside devenv: {type(error).__name__}: {error}",
            hint="This is a bug in devenv; please report it with the run's file in .devenv/runs.",
        )


def _who(node: Node) -> dict[str, str]:
    return {"node": node.id, "service": node.step.service, "step": node.step.verb}
