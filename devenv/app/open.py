"""`devenv open [SERVICE|EDITOR]`: an address of the stack in the browser, or the workspace in an editor."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from pathlib import Path

from devenv.app.context import Context
from devenv.app.exec import running_container
from devenv.app.project import shown
from devenv.app.session import Session, session
from devenv.core.mask import mask_urls
from devenv.core.rendered import DEVCONTAINER_FILE
from devenv.core.suggest import did_you_mean
from devenv.host.editors import EDITORS, container_address, program, start
from devenv.model.errors import DevenvError, ExitCode


def open_(ctx: Context, service: str | None = None) -> int:
    """Open the address of `service` (or one by its label); None: list them. Where nothing can open it, it is printed.
    Where it is the name of an editor (`EDITORS`), and of no service, the workspace is opened in that.

    Raises DevenvErrors: INPUT for what has no address that a browser opens, and where the stack has no workspace;
    FAILED where that does not run; UNFIT where the editor is not there.
    """
    with session(ctx) as here:
        name, services = here.name, here.stack.services
        urls = {label: url for each in services.values() for label, url in each.urls.items()}
        if service is not None and service in EDITORS and service not in urls and service not in services:
            return _edit(here, service)
    if service is None:
        shown = {label: mask_urls(url) for label, url in urls.items()}
        width = max(map(len, shown), default=0)
        lines = [f"{label:<{width}}  {url}" for label, url in shown.items()]
        ctx.ui.print(json.dumps(shown) if ctx.output == "json" else "\n".join(lines))
        return ExitCode.DONE
    if service not in urls and service not in services:
        raise DevenvError(
            f"There is no service {service} in {name}.",
            hint=did_you_mean(service, (*services, *urls, *EDITORS), what="Its services")
            or "`devenv open` lists the addresses.",
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


def _edit(here: Session, name: str) -> int:
    """The workspace in the editor `name`: that lands in the container that runs."""
    workspace = here.stack.workspace.get("service")
    if not workspace:
        raise DevenvError(
            f"{here.name} has no workspace to open.",
            hint="Say which service it is: `workspace: {service: …}` (in a Compose file under `x-devenv`).",
        )
    container = running_container(here, str(workspace))
    folder, editor = here.project.folder, EDITORS[name]
    file = _file(here)
    found = program(name)
    if editor.remote:
        inside = str(here.stack.workspace.get("folder") or "/")
        address = container_address(folder, file, container.name, inside)
        words = [found, "--folder-uri", address]
    else:
        words = [found, str(folder)]
    here.ctx.ui.print(" ".join(words))
    start(words)
    if not editor.remote:
        which = (
            f"the dev container of {shown(file)}" if file else "a devcontainer.json (`devenv render --devcontainer`)"
        )
        here.ctx.ui.notice(f"{editor.title} opens the folder; start {which} in it: it joins the container that runs")
    return ExitCode.DONE


def _file(here: Session) -> Path | None:
    """The devcontainer.json that editors find for the workspace."""
    said = here.project.devcontainer
    found = [Path(said.file)] if said is not None else []
    return next(
        (
            file
            for file in (*found, here.project.folder / DEVCONTAINER_FILE)
            if file.suffix == ".json" and file.is_file()
        ),
        None,
    )


def _has_screen() -> bool:
    """Whether a browser would be seen: on Linux one needs a display."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
