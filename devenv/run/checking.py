"""A check walked: its steps one after the other, each tried again while it has time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.checks import Unlike, asked, fill, judge, says
from devenv.model.errors import DevenvError
from devenv.model.events import Cancelled, Done, Failed, Outcome
from devenv.model.plan import RunCheck
from devenv.model.protocols import Cancel, CheckKind, CheckTarget, Clock, Report

_FIRST, _GROWTH, _LONGEST = 0.05, 1.5, 1.0
"""Seconds between two attempts: the first pause, how it grows, and up to what."""


def walk(
    step: RunCheck,
    *,
    target: CheckTarget,
    kinds: Mapping[str, CheckKind],
    clock: Clock,
    report: Report,
    cancel: Cancel,
) -> Outcome:
    """All steps of the check. The first that does not hold within its time ends it: which it was, what came back."""
    taken: dict[str, Any] = {}
    steps = step.check.steps
    for number, one in enumerate(steps, 1):
        options = asked(one, taken)
        words = says(one, options, taken)
        until, pause = clock.monotonic() + one.within, _FIRST
        while True:
            hint = "`devenv logs` shows what the services said."
            try:
                taken |= judge(one, kinds[one.kind].ask(target, options, timeout=one.timeout), taken)
                break
            except Unlike as problem:
                why = str(problem)
            except DevenvError as error:
                why, hint = error.message, error.hint
            if cancel.cancelled:
                return Cancelled()
            report.progress(number - 1, len(steps), "steps", f"{words}: {why}")
            if clock.monotonic() >= until:
                tried = f" (tried for {one.within:g} s)" if one.within else ""
                return Failed(
                    message=f"step {number} of {len(steps)}, {words}: {why}{tried}",
                    hint=str(fill(one.hint, taken)) or hint,
                    data={"check": step.check.name, "step": number},
                )
            if cancel.wait(pause):
                return Cancelled()
            pause = min(pause * _GROWTH, _LONGEST)
        report.progress(number, len(steps), "steps", words)
    count = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    return Done(detail=count, data={"check": step.check.name})
