"""Which services a verb is about, in the order of their needs, and which containers are theirs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from devenv.core import graph
from devenv.core.suggest import did_you_mean
from devenv.model import labels
from devenv.model.errors import DevenvError, raise_all
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.stack import SERVICE_COMPLETED, Need, Service, Stack

TEMPORARY = "_devenv_new"
"""A container that is to replace another has this behind its name until the other is gone: always the same name, so
that the next run finds what a killed one left."""

BESIDE = "-host"
"""Behind the name of the second container of a forwarder, which is in the host's network."""

_SHARED = ("network_mode", "ipc", "pid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A service's containers. `current` is the one that stands for it; `temporary` was to replace it when an earlier
    run was killed; `others` are more than the one that a stack asks for."""

    current: ObservedContainer | None = None
    temporary: ObservedContainer | None = None
    others: tuple[ObservedContainer, ...] = ()


def shares(service: Service) -> tuple[str, ...]:
    """The services in whose namespaces (network, IPC, PID) it lives and whose volumes it takes over (`volumes_from`):
    it cannot outlive their containers."""
    values = [str(service.config.get(key) or "") for key in _SHARED]
    found = [v.removeprefix("service:") for v in values if v.startswith("service:")]
    volumes = [v for v in service.config.get("volumes_from") or () if not v.startswith("container:")]
    return tuple(dict.fromkeys([*found, *(v.partition(":")[0] for v in volumes)]))


def needs(service: Service) -> tuple[Need, ...]:
    """Its needs, those of shared namespaces with them."""
    said = {need.target for need in service.needs}
    return (*service.needs, *(Need(target=name) for name in shares(service) if name not in said))


def select(stack: Stack, names: Collection[str] = ()) -> dict[str, Service]:
    """The services `names` (all for none) and those they need, each after those it needs.

    Raises DevenvError for an unknown name, a need that is not there and must be, and for a circle of needs.
    """
    check(stack, names)
    edges = {name: [n.target for n in needs(s) if n.target in stack.services] for name, s in stack.services.items()}
    circle = graph.find_cycle(edges)
    if circle:
        raise DevenvError(
            f"The services wait for each other: {' needs '.join(circle)}.",
            hint="Take one of these out of its depends_on.",
            where=stack.services[circle[0]].where,
        )
    wanted = graph.reachable(edges, names or stack.services)
    chosen = {name: stack.services[name] for name in graph.toposort(edges) if name in wanted}
    raise_all(
        DevenvError(
            f"{name} needs the service {need.target}, which this stack does not have.",
            hint="Correct the name, turn on its profile, or say `required: false`.",
            where=service.where,
        )
        for name, service in chosen.items()
        for need in needs(service)
        if need.required and need.target not in stack.services
    )
    return chosen


def reached(stack: Stack, names: Collection[str]) -> set[str]:
    """`names` and all that they need, directly or not; also what the stack does not have."""
    return graph.reachable({name: [n.target for n in needs(s)] for name, s in stack.services.items()}, names)


def check(stack: Stack, names: Collection[str]) -> None:
    """Raise for each of `names` that is no service of the stack."""
    raise_all(
        DevenvError(
            f"There is no service {name} in {stack.project} as long as its profile is not active.",
            hint="Turn that on: `devenv --profile NAME …`, or COMPOSE_PROFILES.",
        )
        if name in stack.left_out
        else DevenvError(
            f"There is no service {name} in {stack.project}.",
            hint=did_you_mean(name, stack.services, what="Its services") or "`devenv status` lists its services.",
        )
        for name in names
        if name not in stack.services
    )


def held_on_host(stack: Stack, name: str) -> None:
    """Raise DevenvError where the service `name` is on the host, so that nothing can be done in its container."""
    service = stack.services.get(name)
    if service is not None and service.on_host is not None:
        raise DevenvError(
            f"`{name}` runs on the host, not in a container.",
            hint=f'Do it there, with its environment (`eval "$(devenv env {name} --export)"`); '
            "`devenv up` brings its container back.",
        )


def one_shots(services: Mapping[str, Service]) -> frozenset[str]:
    """Those that are meant to end: they say so, or another waits for their end."""
    awaited = {n.target for s in services.values() for n in s.needs if n.condition == SERVICE_COMPLETED}
    return frozenset(name for name, service in services.items() if service.one_shot or name in awaited)


def is_oneoff(container: ObservedContainer) -> bool:
    """Made by `docker compose run`: a person's own, never a service's. So is what runs a `pre_start` hook."""
    return container.labels.get(labels.ONEOFF, "").lower() == "true" or labels.HOOK in container.labels


def is_beside(container: ObservedContainer) -> bool:
    """A forwarder's second container (`core.on_host`): nothing that stands for the service."""
    return labels.ON_HOST in container.labels and container.name.endswith(BESIDE)


def standing(containers: Collection[ObservedContainer]) -> tuple[str, ...]:
    """The services that forwarders among `containers` stand in for."""
    return tuple(sorted({service_of(c) for c in containers if labels.ON_HOST in c.labels and not is_beside(c)}))


def promised(holders: Mapping[str, Collection[ObservedContainer]], project: str) -> frozenset[int]:
    """The host's ports that forwarders of other projects than `project` lead to. `holders` are all projects'
    containers."""
    found: set[int] = set()
    for name, some in holders.items():
        for said in (c.labels.get(labels.ON_HOST) for c in some if name != project):
            found |= set(read_doors(said).values()) if said else set()
    return frozenset(found)


def read_doors(text: str) -> dict[int, int]:
    """What the label of a forwarder says: its ports → the host's; nothing where it cannot be read."""
    try:
        return {int(port): int(behind) for port, behind in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        return {}


def service_of(container: ObservedContainer) -> str:
    """The service it says it is of; "" for none."""
    return container.labels.get(labels.SERVICE, "")


def of_service(service: Service, observed: Observed) -> list[ObservedContainer]:
    """Its containers, in no order. For a service on the host its second one is left out, which stands for nothing."""
    mine = [c for c in observed.containers if service_of(c) == service.name and not is_oneoff(c)]
    return mine if service.on_host is None else [c for c in mine if not is_beside(c)]


def orphans(stack: Stack, observed: Observed) -> tuple[ObservedContainer, ...]:
    """Containers of the project whose service the stack does not have, not even left out by a profile."""
    known = {"", *stack.services, *stack.left_out}
    return tuple(c for c in observed.containers if not is_oneoff(c) and service_of(c) not in known)


def number_of(container: ObservedContainer) -> int:
    """Its number among the containers of its service, as Compose counts them; 0 where it says none."""
    text = container.labels.get(labels.NUMBER, "")
    return int(text) if text.isdecimal() else 0
