"""A `ready` as the healthcheck that Docker Compose understands, where a command inside the image can say the same."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import partial
from typing import Any

from devenv.core.addresses import Facts, asked, conditions, filled
from devenv.core.readiness import Command, Kinds
from devenv.model.manifest import CatalogueService

DEFAULT_TIMEOUT = "120s"
_INTERVAL, _ATTEMPT, _RETRIES = "5s", "5s", 3


def command_kind(service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> CatalogueService | None:
    """The catalogue service whose commands are in the image: the one that is used, else the one of the same image."""
    if "use" in service:
        return catalogue.get(str(service["use"]).partition("@")[0])
    repository = re.sub(r"[:@][^/]*$", "", str(service.get("image", "")))
    return next((kind for kind in catalogue.values() if kind.image == repository), None)


def is_own(service: Mapping[str, Any], kinds: Kinds) -> bool:
    """Whether the image's own healthcheck is what `ready` asks for."""
    return any(look.own for look, _ in asked(service, kinds))


def healthcheck(
    service: Mapping[str, Any], kind: CatalogueService | None, fact: Facts, kinds: Kinds
) -> dict[str, Any] | None:
    """The healthcheck that says what `ready` says; None where a part of it cannot be said by a command."""
    commands: list[Command] = []
    for look, option in asked(service, kinds):
        command = look.command(option, partial(_named, look.kind, kind, fact))
        if command is None:
            return None
        if command not in commands:
            commands.append(command)
    if not commands:
        return None
    if len(commands) > 1:
        parts = [command if isinstance(command, str) else shlex.join(command) for command in commands]
        test = ["CMD-SHELL", " && ".join(parts)]
    else:
        test = ["CMD-SHELL", commands[0]] if isinstance(commands[0], str) else ["CMD", *commands[0]]
    return {
        "test": test,
        "interval": _INTERVAL,
        "timeout": _ATTEMPT,
        "retries": _RETRIES,
        # Failures do not count until devenv itself would give up.
        "start_period": _longest(service),
    }


def _longest(service: Mapping[str, Any]) -> str:
    times = [str(condition["timeout"]) for condition in conditions(service) if "timeout" in condition]
    return times[0] if len(times) == 1 else DEFAULT_TIMEOUT if not times else max(times, key=_seconds)


def _seconds(duration: str) -> float:
    units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(
        float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h|d|w)", duration)
    )


def _named(
    probe: str, kind: CatalogueService | None, fact: Facts, *, port: object = None, **more: str
) -> list[str] | None:
    """The catalogue's command for `probe`, its port and path filled in; None where it names none."""
    command = kind.commands.get(probe) if kind else None
    number = str(port or fact.values.get("port", ""))
    if command is None or not number:
        return None
    return [str(part) for part in filled(command, fact, **{**more, "port": number})]
