"""`devenv env [SERVICE]`: the environment of a service, for a process that runs on the host in its place."""

from __future__ import annotations

import json

from devenv.app.context import Context
from devenv.app.engine import connect_engine
from devenv.app.observing import container_of
from devenv.app.project import read_project
from devenv.app.session import Session, on_engine
from devenv.core.host_env import Closed, HostEnv, Place, dotenv, export, host_env
from devenv.core.on_host import ports
from devenv.core.ports import LOOPBACK
from devenv.core.selection import check as check_services
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine
from devenv.model.stack import Service

_ANYWHERE = ("", "0.0.0.0", "::")


def env(ctx: Context, service: str | None = None, *, style: str = "") -> int:
    """Print the environment of `service`, by default of the one that was left to the host, with the host's addresses.
    `style` is "export" (for a shell), "dotenv" (for an editor), "json" or "" (plain lines). Secrets are in it.

    Ends 1, all else printed, where an address is of a port that the host cannot reach. Raises DevenvError (INPUT) where
    it is not clear which service is meant.
    """
    with on_engine(ctx, read_project(ctx), _engine(ctx), locked=False, kept=True) as here:
        name = _chosen(here, service)
        chosen = here.stack.services[name].own
        doors = ports(chosen)
        observed = here.engine.observe(here.name)
        places = {
            each.name: _on_host(each.own)
            if each.on_host or each.name == name
            else _place(each, container_of(observed, each.name))
            for each in here.stack.services.values()
        }
        written = chosen.config.get("environment") or {}
        found = host_env({key: value for key, value in written.items() if value is not None}, places, doors)
        if not found.values:
            ctx.ui.notice(f"{name} has no variables of its own: those of its image are not among these")
        _print(ctx, found, "json" if ctx.output == "json" else style)
        for variable in found.added:
            ctx.ui.notice(f"{variable} is new: {name} has no such variable, and the port on the host is another one")
        if not any(c.running for c in observed.containers):
            ctx.ui.notice(
                f"{here.name} is not up: these are the addresses that it will have (`devenv up --except {name}`)"
            )
        for closed in found.closed:
            ctx.ui.error(_sentence(here, closed))
    return ExitCode.FAILED if found.closed else ExitCode.DONE


def _engine(ctx: Context) -> Engine:
    """The engine where one runs, else an empty one: what was kept of the last `up` is enough."""
    try:
        return connect_engine(ctx, ensure=False)
    except DevenvError:
        from devenv.backends.fake import FakeEngine

        return FakeEngine()


def _chosen(here: Session, service: str | None) -> str:
    if service is not None:
        check_services(here.stack, [service])
        return service
    if len(here.excepted) == 1:
        return here.excepted[0]
    if here.excepted:
        raise DevenvError(
            f"Whose environment? These are on the host: {', '.join(here.excepted)}.",
            hint=f"Name one: devenv env {here.excepted[0]}",
        )
    raise DevenvError(
        f"Whose environment? No service of {here.name} ({here.project.folder}) runs on the host.",
        hint=f"Name one: devenv env {next(iter(here.stack.services), 'SERVICE')}; or leave one out of the stack first: "
        "devenv up --except SERVICE",
    )


def _on_host(service: Service) -> Place:
    """Where a person's own process listens."""
    doors = {port: (LOOPBACK, behind) for port, behind in ports(service).items()}
    return Place(names=_names(service), ports=doors, main=_main(service))


def _place(service: Service, container: ObservedContainer | None) -> Place:
    """Where `service` is on the host: as its container is published, where it runs; else as it would be."""
    if container is not None and container.running:
        open_ = {
            int(port): (_address(bound[0][0]), bound[0][1])
            for key, bound in container.ports.items()
            for port, _, protocol in (key.partition("/"),)
            if bound and protocol == "tcp"
        }
    else:
        open_ = {
            int(port["target"]): (_address(str(port.get("host_ip") or "")), int(port["published"]))
            for port in service.config.get("ports") or ()
            if str(port.get("published") or "").isdecimal() and port.get("protocol", "tcp") == "tcp"
        }
    closed = frozenset(ports(service)) - frozenset(open_)
    return Place(names=_names(service), ports=open_, closed=closed, main=_main(service))


def _main(service: Service) -> int | None:
    said = service.values.get("port", "")
    return int(said) if said.isdecimal() else next(iter(ports(service)), None)


def _names(service: Service) -> tuple[str, ...]:
    networks = service.config.get("networks") or {}
    aliases = [alias for options in networks.values() for alias in (options or {}).get("aliases") or ()]
    hostname = [str(service.config["hostname"])] if service.config.get("hostname") else []
    return tuple(dict.fromkeys((service.name, service.container_name, *hostname, *aliases)))


def _address(ip: str) -> str:
    if ip in _ANYWHERE:
        return LOOPBACK
    return f"[{ip}]" if ":" in ip else ip


def _print(ctx: Context, found: HostEnv, style: str) -> None:
    if not found.values and style != "json":
        return
    if style == "json":
        ctx.ui.print(json.dumps(found.values, indent=2, ensure_ascii=False))
    elif style == "dotenv":
        ctx.ui.print(dotenv(found.values))
    elif style == "export":
        lines, left = export(found.values)
        ctx.ui.print(lines)
        for name in left:
            ctx.ui.notice(f"{name} is left out: no shell takes it for the name of a variable")
    else:
        ctx.ui.print("\n".join(f"{name}={value}" for name, value in found.values.items()))


def _sentence(here: Session, closed: Closed) -> DevenvError:
    """Why a variable could not be replaced, and the remedy."""
    name, port = closed.service, closed.port
    if port is None:
        return DevenvError(
            f"{closed.variable} names {name}, and no port of {name} is known: it stays as it is.",
            hint=f"Say what {name} listens on in the manifest: `ports: [PORT]`.",
        )
    return DevenvError(
        f"{closed.variable} needs {name}:{port}, which is not published on the host: it stays as it is.",
        hint=f"Publish it: `ports: [{port}]` in {name}, then `devenv up`.",
    )
