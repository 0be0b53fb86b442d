"""The language models that services use: provided before the plan is made, found by variables in containers."""

from __future__ import annotations

from dataclasses import replace

from devenv.app.session import Session


def with_models(session: Session, *, look_only: bool = False) -> Session:
    """The session whose services know where their models answer. `look_only`: nothing is pulled or configured. Raises
    DevenvError (UNFIT) where the stack uses models and no runner of models is there."""
    if not session.stack.models:
        return session
    from devenv.core.compose.models import with_models as told
    from devenv.host.models import provide

    endpoint = provide(session.stack.models, say=session.ctx.ui.say, look_only=look_only)
    return replace(session, stack=told(session.stack, endpoint))
