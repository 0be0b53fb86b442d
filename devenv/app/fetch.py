"""`devenv pull`, `devenv build`: images got or made, and nothing started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.app.context import Context
from devenv.app.images import gather
from devenv.app.notices import tell_rendered
from devenv.app.project import read_project
from devenv.app.running import carry_out
from devenv.app.session import PROFILES, open_session
from devenv.core.selection import check as check_services
from devenv.host.machine import ThisHost
from devenv.model.errors import DevenvError
from devenv.model.plan import Plan


def pull(ctx: Context, services: Sequence[str] = ()) -> int:
    """Get what registries have newer of the images of `services` (all where none is named) that are not built here;
    what no registry delivers is made by its recipe where it is not there."""
    return _fetch(ctx, services, built=False)


def build(ctx: Context, services: Sequence[str] = ()) -> int:
    """Build the images of `services`, all that have a `build` where none is named. Raises DevenvError (INPUT) for one
    that has none."""
    return _fetch(ctx, services, built=True)


def _fetch(ctx: Context, services: Sequence[str], *, built: bool) -> int:
    project = read_project(ctx)
    tell_rendered(ctx, project)
    host = ThisHost(install=not ctx.no_install, ask=ctx.ask, say=ctx.ui.say)
    with open_session(ctx, project, ensure=True, locked=True) as here:
        here = here.excepting(())  # the image of one that is on the host is wanted as well
        if set(here.stack.left_out) & set(services):  # one that is named is meant, whatever its profile
            here = here.with_values({PROFILES: "*"})
        check_services(here.stack, services)
        known = {name for name, service in here.stack.services.items() if (service.build is not None) is built}
        wrong = [name for name in services if name not in known]
        if wrong:
            raise DevenvError(
                f"`{wrong[0]}` has no `build`." if built else f"`{wrong[0]}` is built here, not pulled.",
                hint=f"Use `devenv {'pull' if built else 'build'} {wrong[0]}`.",
            )
        makers = [s for n, s in here.stack.services.items() if s.build is not None and n not in (services or known)]
        stack = replace(here.stack, services={name: here.stack.services[name] for name in services or sorted(known)})
        chosen = replace(here, stack=stack)
        images = gather(chosen, host=host, makers=makers, pull="" if built else "always", build=built)
        return carry_out(chosen, Plan(nodes=images.nodes), "build" if built else "pull", host=host, named=services)[0]
