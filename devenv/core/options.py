"""Whether networks and volumes are still what the stack says, by a label with a hash for each of their keys.

One that has no such label (Compose made it, or an older devenv) is not judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core import keyhashes
from devenv.core.selection import service_of
from devenv.model.observed import Observed
from devenv.model.stack import Service, Stack

_SPREAD = ("driver_opts", "labels")
_UNSAID: Mapping[str, tuple[Any, ...]] = {"driver": ("bridge", "local")}
"""What is the same as not to say it."""


def label(config: Mapping[str, Any]) -> str:
    """The value of the label `dev.devenv.config` of a network or a volume with the normalised `config`."""
    return keyhashes.label(_keys(config))


def changes(config: Mapping[str, Any], marks: Mapping[str, str]) -> tuple[str, ...]:
    """The keys in which `config` differs from that of the thing that carries the labels `marks`; () where none does, or
    where that is not known."""
    known = keyhashes.read(marks)
    return () if known is None else keyhashes.differing(known, _keys(config))


def changed_networks(stack: Stack, services: Mapping[str, Service], observed: Observed) -> dict[str, str]:
    """The networks of `services` that must be made anew, by key, and why. One in which a container runs that is none of
    theirs is left: see `notices`."""
    return {key: why for key, why, strangers in _networks(stack, services, observed) if not strangers}


def notices(stack: Stack, services: Mapping[str, Service], observed: Observed) -> Iterator[str]:
    """What changed and is left as it is."""
    for key, why, strangers in _networks(stack, services, observed):
        if strangers:
            name = stack.networks[key].name
            yield f"network {name} is left as it is, though its {why}: {', '.join(strangers)} is in it"
    there = {volume.name: volume for volume in observed.volumes}
    for name, service in services.items():
        for key in service.volumes:
            volume = stack.volumes.get(key)
            if volume is None or volume.external or volume.name not in there:
                continue
            keys = changes(volume.config, there[volume.name].labels)
            if keys:
                yield (
                    f"volume {volume.name} is left as it is, though its {', '.join(keys)} changed: "
                    f"`devenv reset {name}` makes it anew, without its data"
                )


def _networks(
    stack: Stack, services: Mapping[str, Service], observed: Observed
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(key, what changed, running containers in it that are none of `services`)."""
    there = {network.name: network for network in observed.networks}
    for key in dict.fromkeys(key for service in services.values() for key in service.config.get("networks") or ()):
        network = stack.networks[key]
        found = None if network.external else there.get(network.name)
        keys = changes(network.config, found.labels) if found else ()
        if keys:
            strangers = tuple(
                container.name
                for container in observed.containers
                if container.running and network.name in container.networks and service_of(container) not in services
            )
            yield key, f"{', '.join(keys)} changed", strangers


def _keys(config: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in config.items():
        if value in (None, "", (), [], {}, False) or value in _UNSAID.get(key, ()) or key in ("name", "external"):
            continue
        parts = {f"{key}.{name}": item for name, item in value.items()} if _spread(key, value) else {key: value}
        for name, item in parts.items():
            text = json.dumps(item, sort_keys=True, default=str)
            found[name] = hashlib.sha256(text.encode()).hexdigest()[: keyhashes.DIGITS]
    return found


def _spread(key: str, value: Any) -> bool:
    return key in _SPREAD and isinstance(value, Mapping)
