"""`devenv down`: take the stack's containers and networks away; its data only when asked for."""

from __future__ import annotations

from devenv.app.context import Context
from devenv.app.observing import sweep
from devenv.app.running import carry_out
from devenv.app.session import session
from devenv.core.teardown import down as plan_down
from devenv.model.errors import DevenvError, ExitCode


def down(ctx: Context, *, volumes: bool = False, remove_orphans: bool = False) -> int:
    """Remove containers and networks of the project, with `volumes` its data too, which is asked for.

    Raises DevenvError (INPUT) where it must ask and nobody answers yes: nothing is removed then.
    """
    with session(ctx, locked=True) as here:
        observed, _ = sweep(here.engine, here.stack, look=False, seeds=False)
        plan = plan_down(observed, stack=here.stack, volumes=volumes, remove_orphans=remove_orphans)
        lost = [node.step.object.removeprefix("volume ") for node in plan.destructive]
        if lost and not ctx.ask(f"remove the data in {', '.join(lost)}?"):
            raise DevenvError(
                f"Nothing was removed: the data in {', '.join(lost)} would be lost.",
                hint="Say --yes to remove it, or leave --volumes out to keep it.",
                code=ExitCode.INPUT,
            )
        return carry_out(here, plan, "down")[0]
