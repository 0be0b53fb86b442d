"""`devenv down`: take the stack's containers and networks away; its data only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from devenv.app.context import Context
from devenv.app.notices import IGNORE_ORPHANS, REMOVE_ORPHANS, tell_orphans
from devenv.app.observing import sweep
from devenv.app.providers import ended
from devenv.app.running import carry_out
from devenv.app.session import Session, labelled_session, session
from devenv.core.teardown import down as plan_down
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Stack


def down(ctx: Context, *, volumes: bool = False, remove_orphans: bool = False) -> int:
    """Remove containers and networks of the project, with `volumes` its data too, which is asked for.

    Raises DevenvError (INPUT) where it must ask and nobody answers yes: nothing is removed then.
    """
    with _session(ctx) as (here, stack):
        observed, _ = sweep(here.engine, here.stack, look=False, seeds=False)
        plan = plan_down(
            observed, stack=stack, volumes=volumes, remove_orphans=remove_orphans or here.wants(REMOVE_ORPHANS)
        )
        lost = [node.step.object.removeprefix("volume ") for node in plan.destructive]
        if lost and not ctx.ask(f"remove the data in {', '.join(lost)}?"):
            raise DevenvError(
                f"Nothing was removed: the data in {', '.join(lost)} would be lost.",
                hint="Say --yes to remove it, or leave --volumes out to keep it.",
                code=ExitCode.INPUT,
            )
        tell_orphans(ctx, plan, "down", ignore=here.wants(IGNORE_ORPHANS))
        for line in plan.notices:
            ctx.ui.notice(line)
        code = carry_out(here, plan, "down")[0]
        if stack is not None and not code:
            ended(here, stack, "down")
        return code


@contextmanager
def _session(ctx: Context) -> Iterator[tuple[Session, Stack | None]]:
    """The project, and its stack; None where its files cannot be read: then what carries the project's label counts."""
    with ExitStack() as opened:
        try:
            here = opened.enter_context(session(ctx, locked=True))
            stack: Stack | None = here.stack
        except DevenvError as error:
            if error.code != ExitCode.INPUT:
                raise
            here, stack = opened.enter_context(labelled_session(ctx, error)), None
        yield here, stack
