"""The verbs beside `up`, as plans: down, stop, reset. Pure.

What stops and removes is decided from the labels of what exists alone, so that it works where the manifest is broken
or gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from devenv.core.hooks import before_stops
from devenv.core.nodes import Nodes
from devenv.core.plan_up import ANONYMOUS
from devenv.core.selection import check, is_oneoff, needs, one_shots, orphans, select, service_of
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode, raise_all
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.plan import Plan, Remove, Run, Start, Stop, WaitReady
from devenv.model.stack import Stack


def down(
    observed: Observed, *, stack: Stack | None = None, volumes: bool = False, remove_orphans: bool = False
) -> Plan:
    """Remove the project's containers and networks, with `volumes` its volumes too (destructive).

    `stack` says which containers are orphans, that stay unless `remove_orphans`, with the networks and volumes that
    they use; without it (the manifest cannot be read) everything that carries the project's label goes. What Compose
    made goes as well; what is external carries no label of the project, so it stays. The
    volume of a forwarder holds no data, and goes with it.
    """
    strays = orphans(stack, observed) if stack is not None and not remove_orphans else ()
    idle = inactive(stack, observed)
    kept = (*strays, *idle)
    nodes = Nodes()
    gone = [c for c in observed.containers if c not in kept]
    ended = _stops(nodes, gone, "the project goes down")
    removed: dict[str, str] = {}
    for container in gone:
        identity = _identity("remove", container, gone)
        lost = volumes and any(ANONYMOUS.fullmatch(source) for source in container.mounts.values())
        step = Remove(
            service=service_of(container), kind="container", name=container.name, destructive=lost, volumes=volumes
        )
        removed[container.id] = nodes.add(identity, step, "the project goes down", ended.get(container.id, ()))
    for network in observed.networks:
        if not any(network.name in c.networks for c in kept) and not _of_others(stack, network.name, "networks"):
            before = [removed[c.id] for c in gone if network.name in c.networks]
            step = Remove(kind="network", name=network.name)
            nodes.add(f"remove:network:{network.name}", step, "the project goes down", before)
    for volume in observed.volumes:
        shared = labels.ON_HOST in volume.labels  # holds no data, only a forwarder's sockets
        if not volumes and not shared:
            continue
        if not any(volume.name in c.mounts.values() for c in kept) and not _of_others(stack, volume.name, "volumes"):
            before = [removed[c.id] for c in gone if volume.name in c.mounts.values()]
            step = Remove(kind="volume", name=volume.name, destructive=not shared)
            cause = "it was the forwarder's" if shared else "asked for with --volumes"
            nodes.add(f"remove:volume:{volume.name}", step, cause, before)
    before_stops(nodes, stack.services if stack else {}, observed)
    return Plan(nodes=nodes.ordered(), orphans=tuple(c.name for c in strays), notices=_left(idle, "down"))


def inactive(stack: Stack | None, observed: Observed) -> tuple[ObservedContainer, ...]:
    """Containers of services whose profile is not active: what is said without that profile is not about them, as with
    Compose."""
    left = stack.left_out if stack is not None else ()
    return tuple(c for c in observed.containers if service_of(c) in left and not is_oneoff(c))


def _of_others(stack: Stack | None, name: str, kind: Literal["networks", "volumes"]) -> bool:
    """Whether the network or volume `name` may be one of services whose profile is not active: it is none of the
    stack's, and that has such services."""
    if stack is None or not stack.left_out:
        return False
    known = stack.networks if kind == "networks" else stack.volumes
    return name not in {item.name for item in known.values()}


def _left(idle: Collection[ObservedContainer], verb: str) -> tuple[str, ...]:
    running = sorted({service_of(c) for c in idle if c.running or verb == "down"})
    if not running:
        return ()
    several = len(running) > 1
    return (
        f"left as {'they are' if several else 'it is'}, of profiles that are not active: {', '.join(running)} "
        f"(`devenv --profile '*' {verb}` is about {'them' if several else 'it'}, too)",
    )


def stop(observed: Observed, services: Sequence[str] = (), *, stack: Stack | None = None) -> Plan:
    """Stop the running containers of `services`, all for none; they stay and keep what is in them."""
    known = {service_of(c) for c in observed.containers} | set(stack.services if stack else ())
    unknown = [name for name in services if name not in known]
    if stack is not None:
        check(stack, unknown)
    raise_all(
        DevenvError(
            f"There is no container of a service {name}.",
            hint="`devenv status` lists those that there are.",
            code=ExitCode.INPUT,
        )
        for name in unknown
    )
    nodes = Nodes()
    idle = inactive(stack, observed) if not services else ()
    _stops(nodes, [c for c in observed.containers if _is_one_of(c, services) and c not in idle], "asked for")
    before_stops(nodes, stack.services if stack else {}, observed)
    return Plan(nodes=nodes.ordered(), orphans=_orphan_names(stack, observed), notices=_left(idle, "stop"))


def restarted(stack: Stack, observed: Observed, services: Sequence[str]) -> tuple[str, ...]:
    """`services`, and those that say `restart: true` about one of them and have a container that runs: what a restart
    of the former is about. All for none."""
    check(stack, services)
    running = {service_of(c) for c in observed.containers if c.running and not is_oneoff(c)}
    chosen = dict.fromkeys(services)
    for name, service in select(stack).items() if services else ():
        if name in running and any(need.restart and need.target in chosen for need in needs(service)):
            chosen.setdefault(name)
    return tuple(chosen)


def off_and_on(stack: Stack, observed: Observed, services: Sequence[str]) -> Plan:
    """Stop and start the containers of `services` as they are, and of those that are restarted with them: nothing is
    made anew, so that what was put into them stays."""
    names = restarted(stack, observed, services)
    mine = [c for c in observed.containers if service_of(c) in names and not is_oneoff(c)]
    ends = one_shots(stack.services)
    nodes = Nodes()
    ended = _stops(nodes, mine, "asked for")
    ready: dict[str, list[str]] = {}
    for name, service in select(stack, names).items():
        for container in (c for c in mine if service_of(c) == name):
            met = [node for need in needs(service) for node in ready.get(need.target, ())]
            before = [*ended.get(container.id, ()), *met]
            if name in ends:
                run = Run(service=name, container=container.name, again=True)
                found = nodes.add(_identity("run", container, mine), run, "asked for", before)
            else:
                start = Start(service=name, container=container.name)
                begun = nodes.add(_identity("start", container, mine), start, "asked for", before)
                wait = WaitReady(service=name, container=container.name, ready=service.ready)
                found = nodes.add(_identity("ready", container, mine), wait, "started", [begun])
            ready.setdefault(name, []).append(found)
    return Plan(nodes=nodes.ordered(), orphans=_orphan_names(stack, observed))


def reset(stack: Stack, observed: Observed, service: str) -> Plan:
    """Remove the container of `service` and its volumes (destructive; external ones stay); a normal `up` then makes and
    seeds them anew. Containers of others that mount the same volumes are removed with it, and come back with that `up`.
    """
    check(stack, [service])
    chosen = stack.services[service]
    mine = [c for c in observed.containers if service_of(c) == service and not is_oneoff(c)]
    own = {stack.volumes[k].name for k in chosen.volumes if k in stack.volumes and not stack.volumes[k].external}
    volumes = [volume.name for volume in observed.volumes if volume.name in own]
    sharing = [c for c in observed.containers if c not in mine and own.intersection(c.mounts.values())]
    causes = {service_of(c): f"it mounts a volume of {service}" for c in sharing}
    nodes = Nodes()
    gone = [*mine, *sharing]
    ended = _stops(nodes, gone, "asked for", causes=causes)
    removed = []
    for container in gone:
        alone = container in mine
        step = Remove(
            service=service_of(container),
            kind="container",
            name=container.name,
            destructive=alone and not volumes,
            volumes=alone,
        )
        cause = causes.get(service_of(container), "asked for") if not alone else "asked for"
        removed.append(nodes.add(_identity("remove", container, gone), step, cause, ended.get(container.id, ())))
    for name in volumes:
        step = Remove(service=service, kind="volume", name=name, destructive=True)
        nodes.add(f"remove:volume:{name}", step, "asked for", removed)
    before_stops(nodes, stack.services, observed)
    return Plan(nodes=nodes.ordered())


def _stops(
    nodes: Nodes, containers: Iterable[ObservedContainer], cause: str, *, causes: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """A Stop for each that runs. All at once, but a server at the bottom that holds data (it needs nothing that runs)
    ends after those that need it, so that they can finish what they are writing. There is no longer chain: containers
    that do not heed the signal take their ten seconds together, however many need each other. Returns container id →
    [node]."""
    running = [c for c in containers if c.running]
    identities = {c.id: _identity("stop", c, running) for c in running}
    services = {service_of(c) for c in running}
    users: dict[str, list[str]] = {}
    for container in running:
        for target in _depends_on(container):
            users.setdefault(target, []).append(identities[container.id])
    for container in running:
        service = service_of(container)
        bottom = _holds_data(container) and not services.intersection(_depends_on(container))
        step = Stop(service=service, container=container.name)
        after = users.get(service, ()) if bottom else ()
        nodes.add(identities[container.id], step, (causes or {}).get(service, cause), (), after)
    return {c.id: [identities[c.id]] for c in running}


def _identity(verb: str, container: ObservedContainer, among: Collection[ObservedContainer]) -> str:
    """`stop:db` where it is the only container of its service, else by its name."""
    service = service_of(container)
    alone = service and not is_oneoff(container) and sum(service_of(c) == service for c in among) == 1
    return f"{verb}:{service}" if alone else f"{verb}:container:{container.name}"


def _is_one_of(container: ObservedContainer, services: Collection[str]) -> bool:
    return not is_oneoff(container) and (not services or service_of(container) in services)


def _depends_on(container: ObservedContainer) -> list[str]:
    said = container.labels.get(labels.DEPENDS_ON, "")
    return [part.partition(":")[0] for part in said.split(",") if part]


def _holds_data(container: ObservedContainer) -> bool:
    return any(source and not source.startswith("/") for source in container.mounts.values())


def _orphan_names(stack: Stack | None, observed: Observed) -> tuple[str, ...]:
    return tuple(c.name for c in orphans(stack, observed)) if stack else ()
