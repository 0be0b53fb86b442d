"""The containers of a service that may have several (`scale`, `deploy.replicas`), each as a service of its own.

As in Compose (docker/compose `pkg/compose/reconcile.go`) numbers say nothing: what is there is kept, whatever its
number, the highest ones go where there are too many. What is missing takes the lowest numbers that are free.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from devenv.core.selection import TEMPORARY, Found, check, is_beside, number_of, of_service
from devenv.model.errors import DevenvError, raise_all
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.stack import Service, Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One container that a service shall have, by its `number` and `container_name` in `service`, and what there is of
    it. All that is more than the service asks for stands with the first."""

    service: Service
    found: Found


def replica(service: Service, number: int) -> Service:
    """`service` as its container with `number` alone."""
    if service.scale == 1:
        return service
    return replace(service, number=number, container_name=f"{service.container_name.removesuffix('-1')}-{number}")


def replicas(service: Service, observed: Observed) -> tuple[Replica, ...]:
    """Every container that `service` shall have, in order of their numbers; () where its scale is 0."""
    mine = of_service(service, observed)
    if service.scale == 1:
        mine.sort(key=lambda c: (c.name != service.container_name, is_beside(c), number_of(c), c.name))
        temporary = next((c for c in mine if c.name == service.container_name + TEMPORARY), None)
        rest = [c for c in mine if c is not temporary]
        found = Found(current=rest[0] if rest else None, temporary=temporary, others=tuple(rest[1:]))
        return (Replica(service=service, found=found),)
    halves = {c.name: c for c in mine if c.name.endswith(TEMPORARY)}
    rest = [c for c in mine if c.name not in halves]
    rest.sort(key=lambda c: (is_beside(c), number_of(c), c.name))
    kept = [c for c in rest[: service.scale] if not is_beside(c)]
    slots = _numbered(service, kept, halves.values())
    names = {one.container_name + TEMPORARY for one, _ in slots}
    more = (*(c for c in rest if c not in kept), *(c for name, c in halves.items() if name not in names))
    return tuple(
        Replica(
            service=one,
            found=Found(
                current=current,
                temporary=halves.get(one.container_name + TEMPORARY),
                others=() if index else more,
            ),
        )
        for index, (one, current) in enumerate(slots)
    )


def surplus(service: Service, observed: Observed) -> tuple[ObservedContainer, ...]:
    """What there is of a service that shall have no container at all."""
    return () if service.scale else tuple(sorted(of_service(service, observed), key=lambda c: c.name))


def running(service: Service, observed: Observed) -> dict[str, ObservedContainer]:
    """The containers of `service` that run now, by `Service.key`."""
    there = ((each.service.key, each.found.current) for each in replicas(service, observed))
    return {key: container for key, container in there if container is not None and container.state == "running"}


def _numbered(
    service: Service, kept: Iterable[ObservedContainer], halves: Iterable[ObservedContainer]
) -> list[tuple[Service, ObservedContainer | None]]:
    """Each container with a number of its own: its label's, where no other has that; else a free one."""
    taken: dict[int, ObservedContainer | None] = {}
    odd = []
    for container in kept:
        number = number_of(container)
        if number and number not in taken:
            taken[number] = container
        else:
            odd.append(container)
    # What a killed run had under way goes on under its own number.
    begun = sorted(number for number in map(number_of, halves) if number)
    free = (number for number in itertools.chain(begun, itertools.count(1)) if number not in taken)
    for container in odd:
        taken[next(free)] = container
    while len(taken) < service.scale:
        taken[next(free)] = None
    return [(replica(service, number), taken[number]) for number in sorted(taken)]


def scaled(stack: Stack, scale: Mapping[str, int]) -> Stack:
    """`stack` with as many containers of each service that `scale` names as it says. Raises DevenvErrors (INPUT) for
    services that it does not have, and where several containers would have one name."""
    if not scale:
        return stack
    check(stack, sorted(scale))
    raise_all(
        DevenvError(
            f"{number} containers of {name} cannot all be called `{stack.services[name].config['container_name']}`.",
            hint=f"Take `container_name` out of {name}: they are numbered then.",
            where=stack.services[name].where,
        )
        for name, number in sorted(scale.items())
        if number > 1 and stack.services[name].config.get("container_name")
    )
    services = {name: replace(each, scale=scale.get(name, each.scale)) for name, each in stack.services.items()}
    return replace(stack, services=services)
