"""`devenv stop`, `start`, `restart`: containers that are there, stopped and started again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from devenv.app.context import Context
from devenv.app.observing import sweep
from devenv.app.project import read_project
from devenv.app.running import Ending, carry_out
from devenv.app.session import Session, session
from devenv.app.up import Wishes, bring_up
from devenv.core import teardown
from devenv.host.machine import ThisHost
from devenv.model.observed import Observed
from devenv.model.plan import Plan, Stop


def stop(ctx: Context, services: Sequence[str] = (), timeout: int | None = None) -> int:
    """Stop `services`, all where none is named. `timeout` in seconds, None for each container's own."""
    return _with_plan(
        ctx,
        services,
        "stop",
        lambda here, observed: _within(teardown.stop(observed, tuple(services), stack=here.stack), timeout),
    )


def start(ctx: Context, services: Sequence[str] = ()) -> int:
    """Start `services` and what they need, wait until they can be used: `up` of what is there already."""
    return bring_up(ctx, read_project(ctx), Wishes(services=tuple(services)), verb="start")


def restart(ctx: Context, services: Sequence[str] = (), timeout: int | None = None) -> int:
    """Stop `services` and bring them up again, whoever needs them after them."""
    code = stop(ctx, services, timeout)
    return code or bring_up(ctx, read_project(ctx), Wishes(services=tuple(services)), verb="restart")


def _within(plan: Plan, timeout: int | None) -> Plan:
    """`plan` with another time to stop in, where one is given."""
    if timeout is None:
        return plan
    nodes = [
        replace(node, step=replace(node.step, timeout=timeout)) if isinstance(node.step, Stop) else node
        for node in plan.nodes
    ]
    return replace(plan, nodes=tuple(nodes))


def _with_plan(ctx: Context, services: Sequence[str], verb: str, decide: Callable[[Session, Observed], Plan]) -> int:
    with session(ctx, locked=True) as here:
        observed, _ = sweep(here.engine, here.stack, (), look=False, seeds=False)
        plan = decide(here, observed)
        code, _ = carry_out(
            ctx,
            plan,
            engine=here.engine,
            host=ThisHost(install=False, ask=ctx.ask, say=ctx.ui.say),
            stack=here.stack,
            verb=verb,
            runs=here.project.runs,
            ending=lambda result: Ending(message="" if plan.nodes else "nothing to do"),
        )
        return code
