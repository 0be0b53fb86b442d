"""A check walked: its steps one after the other, each tried again while it has time; at the end those of `finally`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.core.checks import Unlike, asked, fill, judge, says, walked_finally
from devenv.model.errors import DevenvError
from devenv.model.events import Cancelled, Done, Failed, Outcome
from devenv.model.plan import RunCheck
from devenv.model.protocols import Cancel, CheckKind, CheckTarget, Clock, Report
from devenv.model.stack import Check, CheckStep

_FIRST, _GROWTH, _LONGEST = 0.05, 1.5, 1.0
"""Seconds between two attempts: the first pause, how it grows, and up to what."""
_PARTING = 2.0
"""Seconds for a step of `finally` once the person wants to stop."""


def walk(
    step: RunCheck,
    *,
    target: CheckTarget,
    kinds: Mapping[str, CheckKind],
    clock: Clock,
    report: Report,
    cancel: Cancel,
) -> Outcome:
    """All steps of the check. The first that does not hold within its time ends it: which it was, what came back. The
    steps of `finally` are walked whatever the others gave, all of them; one that does not hold fails the check, too."""
    return _Walk(check=step.check, target=target, kinds=kinds, clock=clock, report=report, cancel=cancel).walk()


@dataclass(slots=True, kw_only=True)
class _Walk:
    check: Check
    target: CheckTarget
    kinds: Mapping[str, CheckKind]
    clock: Clock
    report: Report
    cancel: Cancel
    taken: dict[str, Any] = field(default_factory=dict)

    def walk(self) -> Outcome:
        bad: Failed | Cancelled | None = None
        for number, one in enumerate(self.check.steps, 1):
            bad = self._step(number, one)
            if bad is not None:
                break
        last = walked_finally(self.check, self.taken)
        for number, one in enumerate(last, len(self.check.steps) + 1):
            problem = self._step(number, one)
            if bad is None:
                bad = problem
            elif isinstance(bad, Failed) and isinstance(problem, Failed):
                bad = replace(bad, message=f"{bad.message}; then {problem.message}")
        if bad is not None:
            return bad
        count = len(self.check.steps) + len(last)
        return Done(detail=f"{count} step{'' if count == 1 else 's'}", data={"check": self.check.name})

    def _step(self, number: int, one: CheckStep) -> Failed | Cancelled | None:
        """Walk one step; why it does not hold, or None."""
        total = len(self.check.all_steps)
        options = asked(one, self.taken)
        words = says(one, options, self.taken)
        until, pause = self.clock.monotonic() + one.within, _FIRST
        while True:
            hint = "`devenv logs` shows what the services said."
            timeout = min(one.timeout, _PARTING) if self.cancel.cancelled else one.timeout
            try:
                self.taken |= judge(one, self.kinds[one.kind].ask(self.target, options, timeout=timeout), self.taken)
                break
            except Unlike as problem:
                why = str(problem)
            except DevenvError as error:
                why, hint = error.message, error.hint
            if self.cancel.cancelled:
                return Cancelled()
            self.report.progress(number - 1, total, "steps", f"{words}: {why}")
            if self.clock.monotonic() >= until:
                tried = f" (tried for {one.within:g} s)" if one.within else ""
                return Failed(
                    message=f"step {number} of {total}, {words}: {why}{tried}",
                    hint=str(fill(one.hint, self.taken)) or hint,
                    data={"check": self.check.name, "step": number},
                )
            if self.cancel.wait(pause):
                return Cancelled()
            pause = min(pause * _GROWTH, _LONGEST)
        self.report.progress(number, total, "steps", words)
        return None
