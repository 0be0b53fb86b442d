"""What the stack requires of this machine, before anything is started."""

from __future__ import annotations

import os

from devenv.app.session import Session, in_a_machine
from devenv.core.requires import Machine, short_of, unmet
from devenv.model.errors import Span, raise_all


def hold(here: Session, *, lenient: bool) -> None:
    """Raise DevenvErrors (UNFIT) where `requires` does not hold; `lenient`: say so and go on, a person must get into
    the editor. What a devcontainer.json wants is said, when its container is first made."""
    requires = here.stack.about.get("requires") or {}
    said = here.project.devcontainer
    wanted = said.config.get("hostRequirements") if said is not None and not here.own else None
    if not requires and not wanted:
        return
    import shutil

    # What is free later was free before this stack took it.
    machine = Machine(
        engine=here.engine.info,
        disk=None if here.own else _free(here),
        lacking=[tool for tool in requires.get("tools") or () if not shutil.which(str(tool))],
    )
    errors = unmet(requires, machine, lambda key: _place(here, key))
    if lenient:
        for error in errors:
            here.ctx.ui.notice(f"{error.message} {error.hint}".rstrip())
    else:
        raise_all(errors)
    if said is not None and isinstance(wanted, dict):
        service = here.stack.services.get(said.service)
        for line in short_of(wanted, machine, gpus=service is not None and _gpus(service.config)):
            here.ctx.ui.notice(line)


def _gpus(config: object) -> bool:
    """Whether a service's `config` asks for devices: `gpus`, or what Compose makes of it."""
    return isinstance(config, dict) and bool(
        config.get("gpus")
        or ((config.get("deploy") or {}).get("resources") or {}).get("reservations", {}).get("devices")
    )


def _free(here: Session) -> int | None:
    """Bytes that are free where the engine keeps its data; None where this host does not see that."""
    info = here.engine.info
    if not info.local or not info.data_root or in_a_machine(info):
        return None
    try:
        found = os.statvfs(info.data_root)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def _place(here: Session, key: str) -> Span | None:
    """Where `requires` says `key`: in the last file that does."""
    path = ("x-devenv", "requires", key)
    for document in reversed(here.project.documents):
        requires = ((document.value or {}).get("x-devenv") or {}).get("requires") or {}
        if key in requires:
            return document.where(path)
    return None
