"""What a manifest requires of the machine (`requires`), and what a devcontainer.json does (`hostRequirements`), held
against what is known of it. Pure: what is not known is not missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.model.errors import DevenvError, ExitCode, Span
from devenv.model.observed import EngineInfo

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)i?b?", re.IGNORECASE)
_UNITS = {unit: 1024**power for power, unit in enumerate(("", "k", "m", "g", "t", "p"))}
_BOUND = re.compile(r"\s*(>=|<=|==|>|<|=|)\s*v?(\d+(?:\.\d+)*)\s*")
_ROUND = 0.9
"""A machine of 4 GiB says a little less: firmware and kernel have the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is: the engine as it tells of itself, `disk` the bytes that are free where it keeps its data (None:
    not known), `lacking` those of the asked tools that this host has not."""

    engine: EngineInfo
    disk: int | None = None
    lacking: Collection[str] = ()


def unmet(
    requires: Mapping[str, Any], machine: Machine, where: Callable[[str], Span | None] = lambda key: None
) -> list[DevenvError]:
    """An error (UNFIT) for each key of `requires` that does not hold; INPUT for one that cannot be read. `where` says
    where a key stands."""
    found: list[DevenvError] = []
    wanted = str(requires.get("engine") or "")
    holds = _version_holds(wanted, machine.engine.version)
    if holds is None:
        hint = 'Say it as ">=20.10", or ">=20.10, <29".'
        found.append(DevenvError(f"`{wanted}` is no version of an engine.", hint=hint, where=where("engine")))
    elif not holds:
        found.append(
            DevenvError(
                f"Docker Engine {wanted} is required; the one at {machine.engine.host} is {machine.engine.version}.",
                hint="Use another engine (DOCKER_HOST, `docker context use`), or install that version.",
                where=where("engine"),
                code=ExitCode.UNFIT,
            )
        )
    for key, what, one, wish, there in _short(requires, machine, disk="disk"):
        found.append(
            DevenvError(
                f"{wish} {what} {one} required; there {one} {there}."
                if key == "cpus"
                else f"{what} of {wish} {one} required; there {one} {there}.",
                hint=_HINTS[key],
                where=where(key),
                code=ExitCode.UNFIT,
            )
        )
    lacking = sorted(machine.lacking)
    if lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        hint = f"Install {'it' if len(lacking) == 1 else 'them'}, so that your PATH finds {names}."
        words = "is required on this host and is" if len(lacking) == 1 else "are required on this host and are"
        found.append(
            DevenvError(f"{names} {words} not there.", hint=hint, where=where("tools"), code=ExitCode.UNFIT)
        )  # fmt: skip
    return found


def short_of(requirements: Mapping[str, Any], machine: Machine, *, gpus: bool) -> tuple[str, ...]:
    """A line for each of `hostRequirements` that does not hold: it is for those who choose a machine, and an editor
    opens the container all the same. `gpus`: the container is given some."""
    lines = [
        f"devcontainer.json wants {wish} {what if key == 'cpus' else f'of {what.lower()}'}; there {one} {there}"
        for key, what, one, wish, there in _short(requirements, machine, disk="storage")
    ]
    if requirements.get("gpu") and requirements["gpu"] != "optional" and not gpus:
        lines.append(
            "devcontainer.json wants a GPU, and its container is given none: say `gpus: all` in the service, or "
            '`"runArgs": ["--gpus", "all"]`'
        )
    return tuple(lines)


_HINTS = {
    "memory": "Use an engine with more, or give its machine more (Docker Desktop: Settings, Resources).",
    "disk": "Free some: `docker system df` shows what takes it.",
    "cpus": "Use an engine with more, or give its machine more (Docker Desktop: Settings, Resources).",
}


def _short(wishes: Mapping[str, Any], machine: Machine, *, disk: str) -> Iterator[tuple[str, str, str, str, str]]:
    """(key, its words, their verb, the wish, what is there) where there is less. `disk` is what that is called."""
    memory = _bytes(wishes.get("memory"))
    if memory and machine.engine.memory and machine.engine.memory < memory * _ROUND:
        yield "memory", "Memory", "is", str(wishes["memory"]), _told(machine.engine.memory)
    space = _bytes(wishes.get(disk))
    if space and machine.disk is not None and machine.disk < space:
        yield "disk", "Free disk", "is", str(wishes[disk]), _told(machine.disk)
    try:
        cpus = float(wishes.get("cpus") or 0)
    except (TypeError, ValueError):
        return
    if machine.engine.cpus and machine.engine.cpus < cpus:
        yield "cpus", "CPUs", "are", f"{cpus:g}", str(machine.engine.cpus)


def _bytes(text: Any) -> float:
    """0 for what is no size: the schema tells of it."""
    found = _SIZE.fullmatch(str(text).strip())
    return float(found[1]) * _UNITS[found[2].lower()] if found else 0


def _told(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"


def _version_holds(wanted: str, version: str) -> bool | None:
    """Whether `version` is as `wanted` says; a version alone is the least. None where that cannot be read."""
    there = _parts(version.partition("-")[0].partition("+")[0])
    for bound in wanted.split(",") if wanted.strip() else ():
        found = _BOUND.fullmatch(bound)
        if found is None:
            return None
        least = _parts(found[2])
        if not there:
            continue
        short = there[: len(least)]
        held = {
            ">=": there >= least, "": there >= least, ">": short > least, "<": there < least, "<=": short <= least,
            "==": short == least, "=": short == least,
        }  # fmt: skip
        if not held[found[1]]:
            return False
    return True


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
