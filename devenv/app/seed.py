"""`devenv seed [SERVICE] [--again]`: load what is not loaded yet, or all of it once more."""

from __future__ import annotations

from devenv.app.context import Context
from devenv.app.project import Project, read_project
from devenv.app.session import default_name, find_values
from devenv.app.stack import load_stack
from devenv.app.up import Wishes, bring_up
from devenv.app.values import given
from devenv.model.errors import DevenvError


def seed(ctx: Context, service: str | None, *, again: bool) -> int:
    """Seed `service`, every service with seeds where none is named; what it needs is brought up first.

    `again`: also what the ledger says is done. Raises DevenvError (INPUT) for a service that has no seeds.
    """
    project = read_project(ctx)
    seeded = _seeded_by_theirs(ctx, project) if project.theirs else _seeded(project)
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


def _seeded_by_theirs(ctx: Context, project: Project) -> list[str]:
    """As `_seeded`, of a team's own Compose files with what they include and extend."""
    known = given(project)
    name = ctx.project or default_name(project, known)
    stack = load_stack(project, find_values(project, known, name, (), local=False), name, lenient=True)
    return [each for each, service in stack.services.items() if service.seeds]


def _seeded(project: Project) -> list[str]:
    """The services that have seeds, as the files say; what is no mapping there is told of when the stack is loaded."""
    found: dict[str, None] = {}
    for document in project.documents:
        services = document.value.get("services") if isinstance(document.value, dict) else None
        for name, config in services.items() if isinstance(services, dict) else ():
            ours = config.get("x-devenv") if isinstance(config, dict) else None
            if isinstance(ours, dict) and ours.get("seed"):
                found[str(name)] = None
    return list(found)
