"""`devenv reset SERVICE`: its volumes made and seeded anew."""

from __future__ import annotations

from devenv.app.context import Context
from devenv.app.observing import sweep
from devenv.app.project import read_project
from devenv.app.running import Ending, carry_out
from devenv.app.session import open_session
from devenv.app.up import Wishes, bring_up
from devenv.core.selection import held_on_host
from devenv.core.teardown import reset as plan_reset
from devenv.model.errors import DevenvError, ExitCode


def reset(ctx: Context, service: str) -> int:
    """Remove the container and the volumes of `service`, which is asked for, and bring the stack up again.

    Raises DevenvError (INPUT) where nobody says yes: nothing is removed then.
    """
    project = read_project(ctx)
    with open_session(ctx, project, ensure=True, locked=True) as here:
        held_on_host(here.stack, service)
        observed, _ = sweep(here.engine, here.stack, look=False, seeds=False)
        plan = plan_reset(here.stack, observed, service)
        lost = [node.step.object.removeprefix("volume ") for node in plan.destructive]
        if lost and not ctx.ask(f"remove the data in {', '.join(lost)} and seed it anew?"):
            raise DevenvError(
                f"Nothing was removed: the data in {', '.join(lost)} would be lost.",
                hint=f"Say --yes: `devenv reset {service} --yes`.",
                code=ExitCode.INPUT,
            )
        code, _ = carry_out(
            here,
            plan,
            "reset",
            ending=lambda result: Ending() if result.failed or ctx.cancel.cancelled else None,  # `up` follows
        )
    return code or bring_up(ctx, project, Wishes())
