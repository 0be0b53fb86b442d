"""`devenv seed [SERVICE] [--again]`: load what is not loaded yet, or all of it once more."""

from __future__ import annotations

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.up import Wishes, bring_up
from devenv.model.errors import DevenvError


def seed(ctx: Context, service: str | None, *, again: bool) -> int:
    """Seed `service`, every service with seeds where none is named; what it needs is brought up first.

    `again`: also what the ledger says is done. Raises DevenvError (INPUT) for a service that has no seeds.
    """
    project = read_project(ctx)
    seeded = [
        name
        for name, config in project.documents[0].value.get("services", {}).items()
        if ((config or {}).get("x-devenv") or {}).get("seed")
    ]
    if service is not None and service not in seeded:
        raise DevenvError(
            f"`{service}` has no seeds.",
            hint=f"Services with seeds: {', '.join(seeded)}." if seeded else "Give it `seed:` in the manifest.",
        )
    if not seeded:
        ctx.ui.notice("no service has seeds")
        return 0
    chosen = (service,) if service else tuple(seeded)
    return bring_up(ctx, project, Wishes(services=chosen, again=frozenset(chosen if again else ())), verb="seed")
