"""Features: their options as environment, and the order in which they are installed.

Rules: containers.dev/implementors/features (options, installsAfter, dependsOn, overrideFeatureInstallOrder).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.model.devcontainer import Feature
from devenv.model.errors import DevenvError, Span

_VERSION = re.compile(r"(?<=[^/])(?::[^/:@]+|@[^/@]+)$")
_UNSAFE = re.compile(r"[^\w]")
_LEADING = re.compile(r"^[\d_]+")


def bare(identity: str) -> str:
    """A feature's id without its version, in small letters where it is a registry's."""
    return identity if identity.startswith(".") else _VERSION.sub("", identity).lower()


def is_local(identity: str) -> bool:
    """Whether it names a folder beside devcontainer.json."""
    return identity.startswith(("./", "../"))


def is_tarball(identity: str) -> bool:
    return identity.startswith(("https://", "http://"))


def options(about: Mapping[str, Any], given: Any) -> dict[str, str]:
    """The environment that install.sh gets: the defaults of devcontainer-feature.json under what is `given` (a
    mapping, or a text that is the `version`)."""
    values = {
        name: item["default"]
        for name, item in (about.get("options") or {}).items()
        if isinstance(item, Mapping) and "default" in item
    }
    if isinstance(given, str):
        values["version"] = given
    elif isinstance(given, Mapping):
        values |= given
    return {variable(name): _text(value) for name, value in values.items()}


def variable(name: str) -> str:
    """An option's name as that of an environment variable."""
    return _LEADING.sub("_", _UNSAFE.sub("_", name)).upper()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(slots=True)
class _Waiting:
    feature: Feature
    needs: set[str]
    after: set[str]
    priority: int


def names(feature: Feature) -> set[str]:
    """What `installsAfter` and the like may call it: its id, and those that it had before."""
    identity = bare(feature.id)
    folder = identity.rpartition("/")[0]
    former = [str(name) for name in feature.about.get("legacyIds") or ()]
    return {identity, *(f"{folder}/{name}" for name in former)}


def ordered(
    features: Sequence[Feature], override: Sequence[str] = (), where: Span | None = None
) -> tuple[Feature, ...]:
    """`features` in the order of their installation: in rounds, each with what needs nothing that is not installed yet;
    of several those that `override` names first, then by name. Raises DevenvError (INPUT) where they wait for each
    other in a circle."""
    called = {name: feature.id for feature in features for name in names(feature)}
    priority = {bare(name): len(override) - index for index, name in enumerate(override)}
    waiting = [
        _Waiting(
            feature=feature,
            needs={called[bare(name)] for name in feature.about.get("dependsOn") or {} if bare(name) in called},
            after={called[bare(name)] for name in feature.about.get("installsAfter") or () if bare(name) in called},
            priority=max((priority.get(name, 0) for name in names(feature)), default=0),
        )
        for feature in features
    ]
    done: list[Feature] = []
    while waiting:
        there = {feature.id for feature in done}
        ready = [each for each in waiting if (each.needs | each.after) - {each.feature.id} <= there]
        if not ready:
            circle = " and ".join(f"`{each.feature.id}`" for each in waiting)
            raise DevenvError(
                f"The features {circle} wait for each other.",
                hint="Break the circle in their `dependsOn` and `installsAfter`.",
                where=where,
            )
        first = max(each.priority for each in ready)
        now = sorted((each for each in ready if each.priority == first), key=lambda each: bare(each.feature.id))
        done += [each.feature for each in now]
        waiting = [each for each in waiting if each not in now]
    return tuple(done)
