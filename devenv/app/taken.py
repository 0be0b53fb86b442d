"""Host ports that a person, or a Compose file, has said and that somebody else has: refused before anything is done."""

from __future__ import annotations

import ipaddress
from functools import partial

from devenv.app.session import Session
from devenv.core import clashes
from devenv.core.sockets import Address
from devenv.host import facts, holder
from devenv.model.errors import raise_all
from devenv.model.plan import Plan
from devenv.model.protocols import Engine


def refuse_taken(session: Session, plan: Plan) -> None:
    """Raise DevenvErrors (FAILED), each naming the holder, for ports that `plan` would find taken only once it had
    stopped what stood there. Ports that devenv chose are not looked at: they move."""
    variables = session.project.variables
    if session.project.own and variables is None:
        return  # which ports devenv chose is not known
    names = {(v.service, v.container_port, v.protocol): v.name for v in variables or () if v.kind == "port"}
    chosen = {key for key, name in names.items() if session.known.said(name) is None}
    ports = clashes.wanted(session.stack, plan, chosen, names)
    if ports:
        _refuse(session, plan, ports)


def _refuse(session: Session, plan: Plan, ports: tuple[clashes.Published, ...]) -> None:
    raise_all(clashes.twice(ports))
    engine = session.engine
    left, errors = clashes.by_containers(ports, engine.running(), clashes.freed(plan), session.name, plan.orphans)
    raise_all(errors)
    listening: dict[tuple[int, str], list[Address]] = {}
    for listener in facts.listeners() if left else ():
        listening.setdefault((listener.port, listener.protocol), []).append(listener.address)
    found = tuple(clashes.by_processes(left, listening, facts.can_bind, holder.process))
    if found and _sees_ports_of(engine):
        raise_all(found)


def _sees_ports_of(engine: Engine) -> bool:
    """Whether `engine` publishes ports where this process listens: not where its socket was lent to a container."""
    if not engine.info.local:
        return False
    if engine.info.rootless or not facts.in_container():
        return True
    subnets = [ipaddress.ip_network(text) for network in engine.networks() for text in network.subnets]
    gateways = (str(next(subnet.hosts())) for subnet in subnets if subnet.version == 4)
    return any(map(partial(facts.can_bind, port=0, protocol="udp"), gateways))
