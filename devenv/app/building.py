"""Images that are built before an `up` decides: what comes out of it says whether a container is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from devenv.app.images import gather
from devenv.app.running import Ending, carry_out
from devenv.app.session import Session
from devenv.core import graph
from devenv.core.imagefacts import Images
from devenv.model import labels
from devenv.model.plan import Build, CreateContainer, Derive, Node, Plan
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


def built_before(plan: Plan, images: Images) -> tuple[str, ...]:
    """The services whose containers `plan` replaces for nothing but that their image is built again. It may come out
    as it was: a comment was added, or what changed is copied nowhere."""
    again = {node.id for node in images.nodes if _own(node)}
    made = (node for node in plan.nodes if isinstance(node.step, CreateContainer))
    return tuple(
        dict.fromkeys(
            node.step.service
            for node in made
            if node.cause == images.causes.get(node.step.service)
            and again.intersection(images.after.get(node.step.service, ()))
        )
    )


def _own(node: Node) -> bool:
    """Whether it builds anew what a service has built before."""
    step = node.step
    made = isinstance(step, Derive) or (isinstance(step, Build) and labels.SOURCE in step.labels)
    return made and node.cause != "no image"


def changed_first(session: Session, plan: Plan, images: Images, *, host: Host, verb: str) -> int:
    """Do what `plan` builds for `built_before`, and what this needs. The exit code, 0 where one goes on to decide anew:
    also after a build that failed, where `plan` has more to do than what hangs on these builds."""
    wanted = {node for name in built_before(plan, images) for node in images.after[name]}
    edges = {node.id: (*node.needs, *node.after) for node in images.nodes}
    nodes = tuple(node for node in images.nodes if node.id in graph.reachable(edges, wanted))
    behind = {node.id for node in nodes}
    for node in plan.nodes:  # each stands after what it needs
        if not behind.isdisjoint((*node.needs, *node.after)):
            behind.add(node.id)
    alone = all(node.id in behind for node in plan.nodes)

    def ends(result: Result) -> bool:
        return result.cancelled or session.ctx.cancel.cancelled or (bool(result.failed) and alone)

    def ending(result: Result) -> Ending | None:
        return Ending() if ends(result) else None

    code, result = carry_out(session, Plan(nodes=nodes), verb, host=host, ending=ending)
    return code if ends(result) else 0
