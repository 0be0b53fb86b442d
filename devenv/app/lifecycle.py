"""`devenv stop`, `start`, `restart`: containers that are there, stopped and started again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.app.context import Context
from devenv.app.observing import sweep
from devenv.app.project import committed_project, read_project
from devenv.app.providers import ended
from devenv.app.running import Ending, carry_out
from devenv.app.session import open_session, session
from devenv.app.up import Wishes, bring_up
from devenv.core import teardown
from devenv.model.plan import Plan, Stop
from devenv.run.executor import Result


def stop(ctx: Context, services: Sequence[str] = (), timeout: int | None = None) -> int:
    """Stop `services`, all where none is named. `timeout` in seconds, None for each container's own."""
    return _stop(ctx, services, timeout, last=True)[0]


def start(ctx: Context, services: Sequence[str] = ()) -> int:
    """Start `services` and what they need, wait until they can be used: `up` of what is there already."""
    return bring_up(ctx, read_project(ctx), Wishes(services=tuple(services)), verb="start")


def restart(ctx: Context, services: Sequence[str] = (), timeout: int | None = None) -> int:
    """Stop `services` and bring them up again, whoever needs them after them; with them those that depend on one of
    them with `restart: true` and run."""
    code, names = _stop(ctx, services, timeout, last=False)
    return code or bring_up(ctx, read_project(ctx), Wishes(services=names), verb="restart")


def _within(plan: Plan, timeout: int | None) -> Plan:
    """`plan` with another time to stop in, where one is given."""
    if timeout is None:
        return plan
    nodes = [
        replace(node, step=replace(node.step, timeout=timeout)) if isinstance(node.step, Stop) else node
        for node in plan.nodes
    ]
    return replace(plan, nodes=tuple(nodes))


def _stop(ctx: Context, services: Sequence[str], timeout: int | None, *, last: bool) -> tuple[int, tuple[str, ...]]:
    """The exit code, and the services that it was about. `last`: nothing follows, so an end is told; else the engine is
    needed anyway, and started where it is not, and who is restarted with `services` is stopped with them."""
    found = session(ctx, locked=True) if last else open_session(ctx, committed_project(ctx), ensure=True, locked=True)
    with found as opened:
        here = opened.naming(services)
        observed, _ = sweep(here.engine, here.stack, look=False, seeds=False)
        names = tuple(services) if last else teardown.restarted(here.stack, observed, services)
        plan = _within(teardown.stop(observed, names, stack=here.stack), timeout)

        for line in plan.notices if last else ():
            ctx.ui.notice(line)

        def ending(result: Result) -> Ending | None:
            over = last or result.failed or ctx.cancel.cancelled
            return Ending(message="" if plan.nodes else "nothing to do") if over else None

        code = carry_out(here, plan, "stop", ending=ending, named=services)[0]
        if not code:
            ended(here, here.stack, "stop", names)
        return code, names
