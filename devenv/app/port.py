"""`devenv port SERVICE [PORT]`: where a service's ports are on the host."""

from __future__ import annotations

import json
from collections.abc import Mapping

from devenv.app.context import Context
from devenv.app.exec import running_container
from devenv.app.session import session
from devenv.core.selection import check as check_services
from devenv.model.errors import DevenvError, ExitCode


def port(ctx: Context, service: str, private: str | None = None, *, index: int = 0) -> int:
    """Print the host's address of `private` (`5432`, `53/udp`), of every published port where it is None; of the
    container with the number `index`, where the service has several.

    Raises DevenvError: INPUT for a port that is not published, FAILED where the service does not run.
    """
    with session(ctx, named=[service]) as here:
        check_services(here.stack, [service])
        there = here.stack.services[service].on_host
        ports: Mapping[str, tuple[tuple[str, int], ...]] = (
            {f"{port}/tcp": (("127.0.0.1", behind),) for port, behind in there.ports.items()}
            if there
            else running_container(here, service, index).ports
        )
    wanted = None if private is None else private if "/" in private else f"{private}/tcp"
    found = {
        key: [f"{address or '0.0.0.0'}:{number}" for address, number in bound]
        for key, bound in sorted(ports.items())
        if bound and wanted in (None, key)
    }
    if wanted is not None and not found:
        known = ", ".join(key.removesuffix("/tcp") for key, bound in ports.items() if bound)
        raise DevenvError(
            f"`{service}` does not publish port {private}.",
            hint=f"It publishes {known}." if known else f"Publish it: `ports: [{private}]` in the manifest.",
        )
    if not found:
        ctx.ui.notice(f"{service} publishes no port")
    if ctx.output == "json":
        ctx.ui.print(json.dumps(found))
    else:
        for key, addresses in found.items():
            for address in addresses:
                ctx.ui.print(address if wanted else f"{key} -> {address}")
    return ExitCode.DONE
