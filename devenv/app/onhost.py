"""Services that a person runs on the host (`up --except`): what to tell of them, and whether they are there."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

from devenv.core.selection import service_of
from devenv.model import labels
from devenv.model.observed import ObservedContainer
from devenv.model.stack import Check, OnHost, Stack

PATIENCE = 0.2
"""Seconds in which a server on this very host takes a connection, if there is one."""
LOOPBACK = ("127.0.0.1", "::1")


def on_host(stack: Stack) -> Iterator[str]:
    """One line a service on the host: where to listen, and how to get its environment."""
    for name, service in stack.services.items():
        if service.on_host is None:
            continue
        where = " and ".join(addresses(service.on_host))
        start = f"start it so that it listens on {where}, with" if where else "start it with"
        given = f'`eval "$(devenv env {name} --export)"`'
        yield f"{name} is yours to run on this host: {start} its environment ({given}); `devenv up` takes it back"
        own = service.on_host.service
        datagrams = [str(p["target"]) for p in own.config.get("ports") or () if p.get("protocol") == "udp"]
        if datagrams:
            yield f"{name}: what comes to its UDP port {', '.join(datagrams)} is not brought to the host"
        if own.seeds:
            yield f"{name}: its seeds are not loaded, as devenv does not reach its data"


def addresses(there: OnHost) -> list[str]:
    """Where the person's process listens, by what connections come in on."""
    return [f"127.0.0.1:{port}" for port in dict.fromkeys(there.ports.values())]


def answers(there: OnHost) -> bool | None:
    """Whether somebody listens on any of its ports, as looked at now; None where it has none."""
    if not there.ports:
        return None
    return any(_listens(host, port) for port in there.ports.values() for host in LOOPBACK)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PATIENCE) as connection:
            # Where nobody listens the kernel may choose that very port for our end.
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False


def unreachable(stack: Stack, own: Iterable[ObservedContainer], *, unasked: bool = True) -> dict[str, str]:
    """The checks that cannot hold because a service that they need is on the host and not there, and why. Whether one
    that listens on no port is there cannot be seen: then none is walked `unasked`. `own` are the project's containers:
    who answers where one of them is still published is not the person's."""
    from devenv.core.checks import needed

    leaving = {service_of(c) for c in own if c.running and labels.ON_HOST not in c.labels}
    away = {
        name: service.on_host
        for name, service in stack.services.items()
        if service.on_host is not None and (name in leaving or not answers(service.on_host))
    }
    found: dict[str, str] = {}
    for name, check in stack.checks.items():
        asked = needed(stack, check)
        for service, there in away.items():
            if not there.ports and unasked:
                found[name] = f"whether {service} runs on the host cannot be seen (`devenv check` walks it)"
            elif there.ports and service in asked:
                found[name] = f"it needs {service}, and nobody answers at {addresses(there)[0]}"
        if asked_in := inside(stack, check):
            found[name] = f"it asks inside the container of {asked_in}, which runs on the host"
    return found


def inside(stack: Stack, check: Check) -> str:
    """The service on the host in whose container `check` would run something; "" for none."""
    named = [str(step.options.get("service")) for step in check.all_steps if step.kind != "http"]
    return next((name for name in named if name in stack.services and stack.services[name].on_host), "")
