"""Decide: what shall exist and what exists in, the plan that makes the one of the other out. Pure; same input, same
plan. DESIGN, rules 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from devenv.core import hooks
from devenv.core.inputs import ComposeCreator, Creator, ImageChoices, Options
from devenv.core.judge import Judge, Verdict, Verdicts, refusals
from devenv.core.options import changed_networks, notices
from devenv.core.plan_up import UpPlanner
from devenv.core.replicas import replicas, surplus
from devenv.core.selection import check, one_shots, orphans, select
from devenv.model import labels
from devenv.model.errors import raise_all
from devenv.model.observed import Observed
from devenv.model.plan import Plan
from devenv.model.stack import Service, Stack

__all__ = ["ComposeCreator", "Creator", "ImageChoices", "Options", "reconcile"]

_EMPTY: Mapping[str, Mapping[str, str]] = {}


def reconcile(
    stack: Stack,
    observed: Observed,
    images: ImageChoices,
    options: Options | None = None,
    *,
    digests: Mapping[str, Mapping[str, str]] = _EMPTY,
    causes: Mapping[str, Mapping[str, str]] = _EMPTY,
    creator: Creator | None = None,
) -> Plan:
    """The plan by which `observed` becomes `stack`; empty where it is so already.

    `digests` are those of the seeds as they are now, by service and name (`Seeder.digest`), `causes` why
    they are others than in the data, where more is known than that they are. `observed.ready` and
    `observed.ledgers` say what is known of running services; what was not looked at is looked at by the plan.
    Every node says which key, image or fact brought it there.

    Raises DevenvError for an unknown service; FAILED where another container holds a name that is needed, or a volume
    holds another server's data: nothing may be lost.
    """
    wish = options or Options()
    services = select(stack, wish.services)
    check(stack, sorted(wish.again))
    ends = one_shots(stack.services)
    maker = creator or ComposeCreator(stack=stack)
    renewed = changed_networks(stack, services, observed)
    judge = Judge(stack=stack, observed=observed, images=images, options=wish, creator=maker, renewed=renewed)
    verdicts: dict[str, tuple[Verdict, ...]] = {}
    for name, service in services.items():
        verdicts[name] = tuple(
            judge.verdict(each.service, each.found, one_shot=name in ends, before=verdicts)
            for each in replicas(service, observed)
        )
    raise_all(refusals(stack, services, observed, verdicts, wish))
    left = orphans(stack, observed)
    planner = UpPlanner(
        stack=stack,
        services=services,
        observed=observed,
        images=images,
        options=wish,
        creator=maker,
        verdicts=verdicts,
        one_shots=ends,
        digests=digests,
        causes=causes,
        renewed=renewed,
    )
    planner.leftovers(
        left if wish.remove_orphans else (),
        unwanted=tuple(container for service in services.values() for container in surplus(service, observed)),
    )
    planner.images_networks_volumes()
    planner.containers()
    planner.starts()
    hooks.before_starts(planner.nodes, verdicts, observed, images, maker)
    hooks.after_starts(planner.nodes, verdicts)
    hooks.before_stops(planner.nodes, services, observed)
    if any(service.on_host for service in services.values()) or any(
        labels.ON_HOST in v.labels for v in observed.volumes
    ):
        from devenv.core.on_host import plan_beside

        plan_beside(planner.nodes, services, observed, images, maker, no_start=wish.no_start)
    return Plan(
        nodes=planner.nodes.ordered(),
        orphans=() if wish.remove_orphans else tuple(c.name for c in left),
        notices=(*notices(stack, services, observed), *_without(services, verdicts, stack)),
        done=tuple(name for name, each in verdicts.items() if name in ends and {v.action for v in each} == {"keep"}),
    )


def _without(services: Mapping[str, Service], verdicts: Verdicts, stack: Stack) -> Iterator[str]:
    """A line for each need that is left out, of services that are started now."""
    for name, service in services.items():
        if any(verdict.action != "keep" for verdict in verdicts[name]):
            for target in service.config.get("depends_on") or ():
                if target in stack.left_out:
                    yield f"{name} is started without {target}, which it does not require: its profile is not active"
