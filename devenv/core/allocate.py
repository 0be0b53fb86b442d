"""Which project name and which host ports this clone takes. Pure: who holds what is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network

from devenv.model.errors import DevenvError, ExitCode

LAST_PORT = 65535
POOLS = (IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"), IPv4Network("10.0.0.0/8"))
"""Private networks (RFC 1918); companies and their VPNs like the last best."""
SUBNET = 24
WIDEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PortWish:
    """A host port that devenv chooses: the variable that will hold it, the one it would like, whose it is."""

    variable: str
    preferred: int
    service: str


def held_name(default: str, folder: str, holders: Mapping[str, Collection[str]]) -> str | None:
    """The project name that `folder` holds already, None where it holds none. `holders` as for `project_name`."""
    return next((name for name in (default, _suffixed(default, folder)) if folder in holders.get(name, ())), None)


def project_name(
    default: str,
    folder: str,
    holders: Mapping[str, Collection[str]],
    existing: Collection[str],
    data: Mapping[str, Collection[str]],
) -> str:
    """The project name for the repository in `folder` (absolute).

    `holders` maps each project on the engine to the folders that its containers name, `data` to those that its volumes
    name; `existing` are those of these folders that are still there. What this folder already holds is kept, containers
    before data. A name that another folder holds which still exists is left to it, also while it is down: this one
    takes `<default>-<4 hex of its path>`. A name whose folder is gone is taken over.
    """
    held = held_name(default, folder, holders)
    if held is not None:
        return held
    left = {name: {*some} & {*existing} for name, some in holders.items()}
    back = held_name(default, folder, {name: some for name, some in data.items() if not left.get(name)})
    if back is not None:
        return back
    others = left.get(default) or {*data.get(default, ())} & {*existing}
    return _suffixed(default, folder) if others else default


def _suffixed(default: str, folder: str) -> str:
    return f"{default}-{sha256(folder.encode()).hexdigest()[:4]}"


def ports(wishes: Sequence[PortWish], kept: Mapping[str, int], taken: Collection[int]) -> dict[str, int]:
    """A host port for each wish, by variable, no two alike.

    `kept` are those that an earlier `up` chose, `taken` those that something else listens on or publishes (never our
    own). A kept port stays unless it is taken; then, as at first, the preferred one, else the next free above it, so
    that one can guess it. Raises DevenvError (UNFIT) where none is left.
    """
    used = set(taken)
    chosen: dict[str, int] = {}
    for wish in wishes:  # those that stay come first: a newcomer must not push them away
        port = kept.get(wish.variable)
        if port is not None and port not in used:
            chosen[wish.variable] = port
            used.add(port)
    for wish in wishes:
        if wish.variable not in chosen:
            port = _free(wish, used)
            chosen[wish.variable] = port
            used.add(port)
    return {wish.variable: chosen[wish.variable] for wish in wishes}


def moved(wishes: Iterable[PortWish], chosen: Mapping[str, int]) -> tuple[tuple[PortWish, int], ...]:
    """The wishes that did not get what they preferred, with what they got: worth a line to the user."""
    return tuple((wish, chosen[wish.variable]) for wish in wishes if chosen[wish.variable] != wish.preferred)


def subnet(taken: Iterable[IPv4Network]) -> IPv4Network | None:
    """A private network that overlaps none of `taken`, the first in an order that a person can guess; None: there is
    none. Networks that hold half the world (`counts`) leave nothing clear, and are not heeded."""
    used = [network for network in taken if counts(network)]
    for pool in POOLS:
        if not any(pool.subnet_of(network) for network in used):
            for found in pool.subnets(new_prefix=SUBNET):
                if not any(found.overlaps(network) for network in used):
                    return found
    return None


def counts(route: IPv4Network) -> bool:
    """Whether a route tells where something is: one wider than any private network (`0.0.0.0/1`, by which a VPN takes
    all traffic) is a default route in disguise."""
    return route.prefixlen >= WIDEST


def overlaid(subnet: IPv4Network, routes: Iterable[IPv4Network]) -> IPv4Network | None:
    """The first of `routes` that leads elsewhere and has addresses of `subnet`; the network's own route is the same."""
    return next((route for route in routes if counts(route) and route != subnet and route.overlaps(subnet)), None)


def _free(wish: PortWish, used: Collection[int]) -> int:
    for port in range(wish.preferred, LAST_PORT + 1):
        if port not in used:
            return port
    raise DevenvError(
        f"No port from {wish.preferred} up is free for {wish.service}.",
        hint=f"Free one, or set {wish.variable} to a lower one that is.",
        code=ExitCode.UNFIT,
    )
