"""Host ports that are taken literally and that somebody else has: found before anything is stopped for them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from devenv.core.selection import service_of
from devenv.core.sockets import Address, clash
from devenv.model import labels
from devenv.model.errors import Conflict, ExitCode, Span
from devenv.model.observed import ObservedContainer
from devenv.model.plan import Plan, Remove, Run, Start, Stop
from devenv.model.stack import Service, Stack

ANY = ("0.0.0.0", "::")
"""Where a port is published that names no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A port of the host that a service wants, at `addresses`. `target` is the container's; `variable` holds it, where
    one does."""

    service: str
    port: int
    target: int
    addresses: tuple[str, ...] = ANY
    protocol: str = "tcp"
    variable: str = ""
    where: Span | None = None


Key = tuple[str, int, str]
"""Service, container's port, protocol."""


def wanted(
    stack: Stack, plan: Plan, chosen: Collection[Key], variables: Mapping[Key, str] | None = None
) -> tuple[Published, ...]:
    """What the services that `plan` starts publish, but the ports that devenv has chosen itself (`chosen`): those move
    by themselves. `variables` are those by which a person says one."""
    names = variables or {}
    starts = [node.step.service for node in plan.nodes if isinstance(node.step, Start | Run)]
    return tuple(
        replace(port, variable=names.get((name, port.target, port.protocol), ""))
        for name in dict.fromkeys(starts)
        if name in stack.services
        for port in _published(stack.services[name])
        if (name, port.target, port.protocol) not in chosen
    )


def freed(plan: Plan) -> frozenset[str]:
    """The containers that `plan` stops or removes: what they hold is free for what is started after."""
    return frozenset(
        step.container if isinstance(step, Stop) else step.name
        for step in (node.step for node in plan.nodes)
        if isinstance(step, Stop) or (isinstance(step, Remove) and step.kind == "container")
    )


def twice(ports: Iterable[Published]) -> Iterator[Conflict]:
    """Ports that two services of the stack want."""
    seen: list[Published] = []
    for port in ports:
        for other in seen:
            same = (port.port, port.protocol) == (other.port, other.protocol)
            if same and port.service != other.service and _meet(port, other.addresses):
                yield _conflict(port, f"wanted by {other.service} of this stack, too")
                break
        seen.append(port)


def by_containers(
    ports: Iterable[Published],
    running: Iterable[ObservedContainer],
    gone: Collection[str],
    project: str,
    orphans: Collection[str] = (),
) -> tuple[tuple[Published, ...], tuple[Conflict, ...]]:
    """(those that no container has, an error for each of the others). `gone` are names of containers of `project` that
    the plan stops first; a port of theirs is as good as free, and on the kernel's list all the same. So is one that a
    container of the service itself has: a one-shot that an earlier run began is joined, and what the engine has started
    again meanwhile is started already. `orphans` are names of containers of `project` whose services are no more."""
    others = [(c, service_of(c) if c.labels.get(labels.PROJECT) == project else None) for c in running]
    left, errors = [], []
    for port in ports:
        held = [(c, of) for c, of in others if _meet(port, _bound(c, port))]
        stays = next((c for c, of in held if of is None or (of != port.service and c.name not in gone)), None)
        if stays is not None:
            errors.append(_conflict(port, f"held by {in_words(stays)}", _remedy(stays, project, orphans)))
        elif not held:
            left.append(port)
    return tuple(left), tuple(errors)


def by_processes(
    ports: Iterable[Published],
    listening: Mapping[tuple[int, str], Collection[Address]],
    can_bind: Callable[[str, int, str], bool | None],
    name: Callable[[int, str], str],
) -> Iterator[Conflict]:
    """An error for each port that a process of this host has. `listening` are the addresses at which somebody listens
    by port and protocol, `can_bind` tries one, `name` says who has a port."""
    for port in ports:
        held = listening.get((port.port, port.protocol), ())
        tried = [a for a in port.addresses if any(clash(_address(a), other) for other in held)]
        if any(can_bind(address, port.port, port.protocol) in (False, None) for address in tried):
            who = name(port.port, port.protocol)
            flag = "-lunp" if port.protocol == "udp" else "-ltnp"
            look = "" if who else f"`ss {flag} 'sport = :{port.port}'` (as root) shows who has it: "
            yield _conflict(port, f"held by {who or 'another process'}", f"{look}stop that")


def _published(service: Service) -> Iterator[Published]:
    for item in service.config.get("ports") or ():
        text = str(item.get("published") or "")
        if not text.isdecimal() or not int(text):
            continue  # none, or a range: the engine takes what is free
        ip = str(item.get("host_ip") or "")
        yield Published(
            service=service.name,
            port=int(text),
            target=int(item["target"]),
            addresses=(ip,) if ip and not _address(ip).is_unspecified else (ip,) if ip == "0.0.0.0" else ANY,
            protocol=str(item.get("protocol") or "tcp"),
            where=service.where,
        )


def _bound(container: ObservedContainer, port: Published) -> tuple[str, ...]:
    return tuple(
        ip or ANY[0]
        for key, bound in container.ports.items()
        if key.partition("/")[2] == port.protocol
        for ip, number in bound
        if number == port.port
    )


def _meet(port: Published, addresses: Iterable[str]) -> bool:
    return any(clash(_address(one), _address(other)) for one in port.addresses for other in addresses)


def _address(text: str) -> Address:
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ip_address(ANY[0])  # a name: wherever it leads


def in_words(container: ObservedContainer) -> str:
    """`container shop-web-1 of project shop`."""
    project = container.labels.get(labels.PROJECT)
    return f"container {container.name}" + (f" of project {project}" if project else "")


def _remedy(container: ObservedContainer, project: str, orphans: Collection[str]) -> str:
    if container.labels.get(labels.PROJECT) == project:
        return (
            "`devenv up --remove-orphans` removes what is of no service any more" if container.name in orphans else ""
        )
    folder = container.labels.get(labels.FOLDER)
    return f"`docker stop {container.name}`" + (f" (or `devenv down` in {folder})" if folder else "")


def _conflict(port: Published, held: str, remedy: str = "") -> Conflict:
    udp = "/udp" if port.protocol == "udp" else ""
    elsewhere = (
        f"set {port.variable} to another one"
        if port.variable
        else f"publish {port.service}'s port {port.target} on another one (`ports`)"
    )
    return Conflict(
        f"{port.service} cannot start: port {port.port}{udp} of this host is {held}. Nothing was changed.",
        hint=f"{remedy}, or {elsewhere}, then `devenv up` again" if remedy else f"{elsewhere}, then `devenv up` again",
        code=ExitCode.FAILED,
        where=port.where,
    )
