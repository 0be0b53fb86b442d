"""The engine that a verb works on: connected to, and started or installed first where the verb may (rule 10)."""

from __future__ import annotations

from devenv.app.context import Context
from devenv.model.errors import DevenvError
from devenv.model.protocols import Engine


def connect_engine(ctx: Context, *, ensure: bool) -> Engine:
    """The engine in force. `ensure`: one that is stopped or missing is started or installed, as far as the user allows.
    Raises DevenvError (UNFIT) with the sentence that fits."""
    from devenv.backends.docker import connect
    from devenv.host import engine as host

    command = f"devenv {ctx.verb}".strip()
    if ensure:
        address = host.ensure(install=not ctx.no_install, ask=ctx.ask, say=ctx.ui.say, command=command)
    else:
        address = host.reach(command=command)
    return connect(address.url, tls=address.tls)


def engine_or_empty(ctx: Context) -> Engine:
    """The engine where one runs, else an empty one in memory, so that a plan can be made all the same."""
    try:
        return connect_engine(ctx, ensure=False)
    except DevenvError as error:
        from devenv.backends.fake import FakeEngine

        ctx.ui.notice(f"planned against an empty engine: {error.message}")
        return FakeEngine()
