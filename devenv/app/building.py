"""Images that are built before an `up` decides: what comes out of it says whether a container is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from devenv.app.images import gather
from devenv.app.running import Ending, carry_out
from devenv.app.session import Session
from devenv.model.plan import Plan
from devenv.model.protocols import Host
from devenv.model.stack import Service
from devenv.run.executor import Result


def built_first(services: Iterable[Service], *, everything: bool) -> tuple[str, ...]:
    """The names of those that are built anew: with `everything` all that have a `build`, else those whose `pull_policy`
    says so."""
    return tuple(
        service.name
        for service in services
        if service.build is not None and (everything or service.config.get("pull_policy") == "build")
    )


def build_first(session: Session, names: Sequence[str], *, host: Host, pull: str, verb: str) -> int:
    """Build the services `names` anew, whatever stands; the exit code. The end is told only where it failed."""
    services = session.stack.services
    makers = [service for name, service in services.items() if service.build is not None and name not in names]
    here = replace(session, stack=replace(session.stack, services={name: services[name] for name in names}))
    images = gather(here, host=host, makers=makers, build=True, pull=pull)

    def ending(result: Result) -> Ending | None:
        return Ending() if result.failed or result.cancelled else None

    return carry_out(here, Plan(nodes=images.nodes), verb, host=host, ending=ending)[0] if images.nodes else 0
