"""`devenv check`: the manifest's checks walked, once or for as long as one watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devenv.app.context import Context
from devenv.app.onhost import inside, unreachable
from devenv.app.running import carry_out
from devenv.app.session import session
from devenv.core.checks import plan_checks
from devenv.core.selection import held_on_host
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.events import Failed
from devenv.run.executor import Result

REST = 5.0
"""Seconds between two walks of `--watch`."""


def check(ctx: Context, names: Sequence[str] = (), *, watch: bool = False) -> int:
    """Walk the checks `names`, all where none is named; 1 where one does not hold. `watch`: again and again, told only
    when it changes, until the user stops it. Raises DevenvError: INPUT for one that the manifest does not have or that
    asks inside a service on the host, FAILED where all are left out."""
    with session(ctx) as here:
        known = here.stack.checks
        wrong = [name for name in names if name not in known]
        if wrong:
            hint = did_you_mean(wrong[0], known, what="Checks") or "Checks stand under `checks:` in the manifest."
            raise DevenvError(f"There is no check `{wrong[0]}` in {here.name}.", hint=hint)
        if not known:
            ctx.ui.notice("this stack has no checks; they stand under `checks:` in the manifest")
            return ExitCode.DONE
        for name in names:
            held_on_host(here.stack, inside(here.stack, known[name]))
        left_out = unreachable(here.stack, here.own, unasked=False) if here.excepted and not names else {}
        if len(left_out) == len(known):
            raise _none_walked(here.excepted, left_out)
        plan = plan_checks(here.stack, tuple(names), left_out=left_out)
        for line in plan.notices:
            ctx.ui.notice(line)
        code, result = carry_out(here, plan, "check")
        last = _said(result)
        while watch and not ctx.cancel.wait(REST):
            code, result = carry_out(here, plan, "check", quiet=True)
            now = _said(result)
            for check in (name for name in now if now[name] != last.get(name) and not ctx.cancel.cancelled):
                ctx.ui.say(f"{check.replace(':', ' ')}: {now[check] or 'holds again'}")
            last = now
        return code


def _none_walked(on_host: Sequence[str], left_out: Mapping[str, str]) -> DevenvError:
    """No check failed, but none held either."""
    checks: dict[str, list[str]] = {}
    for name, why in left_out.items():
        checks.setdefault(why, []).append(name)
    reasons = "; ".join(f"{', '.join(names)}: {why}" for why, names in checks.items())
    return DevenvError(
        f"No check was walked ({reasons}).",
        hint=f"Start {' and '.join(on_host)} on this host, or bring the stack's own back: devenv up",
        code=ExitCode.FAILED,
    )


def _said(result: Result) -> dict[str, str]:
    """Why each check does not hold, by node; "" where it does."""
    return {name: end.message if isinstance(end, Failed) else "" for name, end in result.outcomes.items()}
