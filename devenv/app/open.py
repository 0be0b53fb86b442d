"""`devenv open [SERVICE]`: an address of the stack in the browser."""

from __future__ import annotations

import json
import os
import sys
import webbrowser

from devenv.app.context import Context
from devenv.app.session import session
from devenv.core.mask import mask_urls
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, ExitCode


def open_(ctx: Context, service: str | None = None) -> int:
    """Open the address of `service` (or one by its label); None: list them. Where nothing can open it, it is printed.

    Raises DevenvError (INPUT) for what has no address that a browser opens.
    """
    with session(ctx) as here:
        name, services = here.name, here.stack.services
        urls = {label: url for each in services.values() for label, url in each.urls.items()}
    if service is None:
        shown = {label: mask_urls(url) for label, url in urls.items()}
        width = max(map(len, shown), default=0)
        lines = [f"{label:<{width}}  {url}" for label, url in shown.items()]
        ctx.ui.print(json.dumps(shown) if ctx.output == "json" else "\n".join(lines))
        return ExitCode.DONE
    if service not in urls and service not in services:
        raise DevenvError(
            f"There is no service {service} in {name}.",
            hint=did_you_mean(service, (*services, *urls), what="Its services") or "`devenv open` lists the addresses.",
        )
    web = {label: url for label, url in urls.items() if url.startswith(("http://", "https://"))}
    if service not in web:
        raise DevenvError(
            f"`{service}` has no address that a browser opens.",
            hint=did_you_mean(service, web, what="There is") or "Publish a port of a service that speaks HTTP.",
        )
    ctx.ui.print(web[service])
    if _has_screen() and not webbrowser.open(web[service]):
        ctx.ui.notice("no browser could be started: open the address yourself")
    return ExitCode.DONE


def _has_screen() -> bool:
    """Whether a browser would be seen: on Linux one needs a display."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
