"""`devenv status`: what runs, whether it can be used, what is seeded, and where to reach it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.app.context import Context
from devenv.app.digests import Digests
from devenv.app.observing import container_of, containers_of, keyed, sweep
from devenv.app.onhost import answers
from devenv.app.session import Session, session
from devenv.core.mask import mask_urls
from devenv.core.selection import check as check_services
from devenv.model.errors import ExitCode
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.stack import OnHost, Service


def status(ctx: Context, services: Sequence[str] = (), *, check: bool = False) -> int:
    """Print the state of every service (or of `services`). Ends 0 also when something is sick; `check`: then 1."""
    with session(ctx, named=services) as here:
        check_services(here.stack, services)
        observed, digests = sweep(here.engine, here.stack, lenient=True)
        rows = [
            _row(here, observed, digests, service)
            for name, service in here.stack.services.items()
            if not services or name in services
        ]
    data = {"project": here.name, "services": rows}
    if ctx.output == "json":
        ctx.ui.print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        from devenv.ui.tables import status_table

        ctx.ui.print(status_table(data))
        ctx.ui.print(f"{here.name}, of {here.project.folder}")
        if here.excepted:
            several = len(here.excepted) > 1
            ctx.ui.print(
                f"on the host: {', '.join(here.excepted)} (`devenv up` takes {'them' if several else 'it'} back)"
            )
    sick = [row for row in rows if not row["ready"] or row["seeded"] in ("pending", "failed")]
    return ExitCode.FAILED if check and sick else ExitCode.DONE


def _row(here: Session, observed: Observed, digests: Digests, service: Service) -> dict[str, Any]:
    there = keyed(here.stack, containers_of(observed.containers, service.name))
    if service.scale != 1 or len(there) > 1:
        return _several(observed, digests, service, there)
    container = container_of(observed, service.name)
    if service.on_host is not None and container is not None:
        return _on_host(service, service.on_host, container)
    return {
        "name": service.name,
        "container": container.name if container else service.container_name,
        "image": container.image if container else service.image,
        "state": container.state if container else "missing",
        "ready": _ready(observed, service.name, service, container),
        "seeded": _seeded(observed, digests, service, container),
        "ports": _ports(container),
        "urls": {label: mask_urls(url) for label, url in service.urls.items()} if container else {},
    }


def _several(
    observed: Observed, digests: Digests, service: Service, there: Mapping[str, ObservedContainer]
) -> dict[str, Any]:
    """The row of a service that has or shall have another number of containers than one: `containers` are they. It is
    ready where there are enough, and each is."""
    each: list[dict[str, Any]] = [
        {
            "container": container.name,
            "image": container.image,
            "state": container.state,
            "ready": _ready(observed, key, service, container),
            "ports": _ports(container),
        }
        for key, container in there.items()
    ]
    first = next((c for c in there.values() if c.running), next(iter(there.values()), None))
    return {
        "name": service.name,
        "container": first.name if first else service.container_name,
        "image": first.image if first else service.image,
        "state": "provided"
        if service.config.get("provider")
        else _together([str(one["state"]) for one in each], service.scale),
        "ready": len(each) >= service.scale and all(one["ready"] for one in each),
        "seeded": _seeded(observed, digests, service, first) if service.scale else None,
        "ports": [port for one in each for port in one["ports"]],
        "urls": {label: mask_urls(url) for label, url in service.urls.items()} if first else {},
        "scale": service.scale,
        "containers": each,
    }


def _together(states: Sequence[str], scale: int) -> str:
    """One word for several containers; how many of them run, where they are not all alike."""
    if len(states) < scale or len(set(states)) > 1:
        return f"{states.count('running')} of {scale} running" if states else "missing"
    return states[0] if states else "none wanted"


def _on_host(service: Service, there: OnHost, container: ObservedContainer) -> dict[str, Any]:
    """Ready where somebody answers on the host, or nothing is to be asked. A forwarder that does not run is told of by
    its own state: nothing gets through then."""
    return {
        "name": service.name,
        "container": container.name,
        "image": container.image,
        "state": "on the host" if container.running else container.state,
        "ready": container.running and answers(there) is not False,
        "seeded": None,
        "ports": [
            {"target": port, "protocol": "tcp", "host_ip": "127.0.0.1", "published": behind}
            for port, behind in sorted(there.ports.items())
        ],
        "urls": {label: mask_urls(url) for label, url in service.urls.items()},
    }


def _ready(observed: Observed, key: str, service: Service, container: ObservedContainer | None) -> bool:
    if container is None:
        return False
    if service.one_shot and container.state == "exited":
        return container.exit_code == 0
    return observed.ready.get(key, False)


def _seeded(observed: Observed, digests: Digests, service: Service, container: ObservedContainer | None) -> str | None:
    """`done`, `pending`, `failed` or None (nothing to seed). What does not run cannot be asked: pending."""
    if not service.seeds:
        return None
    ledger = observed.ledgers.get(service.name)
    if container is None or ledger is None:
        return "pending"
    states = []
    for seed in service.seeds:
        entry = ledger.get(seed.name)
        if entry is not None and entry.state == "started":
            return "failed"
        states.append(entry is not None and entry.digest == digests.get(service.name, {}).get(seed.name))
    return "done" if all(states) else "pending"


def _ports(container: ObservedContainer | None) -> list[dict[str, Any]]:
    if container is None:
        return []
    return [
        {"target": int(port), "protocol": protocol, "host_ip": address, "published": published}
        for key, bound in sorted(container.ports.items())
        for port, _, protocol in (key.partition("/"),)
        for address, published in bound
    ]
