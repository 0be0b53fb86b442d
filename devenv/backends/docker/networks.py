"""Networks and volumes: a normalised Compose description in, the engine's call out."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from devenv.backends.docker import errors, observe
from devenv.backends.docker.client import Client, name
from devenv.core import allocate
from devenv.model import labels as label_names
from devenv.model.errors import Conflict, DevenvError, ExitCode
from devenv.model.observed import ObservedNetwork

_ENDPOINTS = 10.0
"""Seconds that the engine may take to notice that a network's last container is gone."""

_TRIES = 20
"""Subnets that are tried."""
_OVERLAPS = re.compile(r"overlaps|is already in use|conflict", re.I)


def create_network(
    client: Client,
    network: str,
    config: Mapping[str, Any],
    labels: Mapping[str, str],
    avoid: Sequence[IPv4Network] = (),
) -> str:
    """See `protocols.Engine.create_network`. Raises Conflict where another project holds the name.

    Where the file names no subnet the engine chooses one, as with Compose, so that an administrator's
    `default-address-pools` hold. Only where it finds none (its pools are used up, or routes lie over all of them), or
    takes one that a route of `avoid` overlaps (an engine in a machine of its own does not see them), one is chosen
    here. It is a matter of the creation: no file and no label has it, and a network that is there is kept.
    """
    what = f"create network {network}"
    same = client.call("GET", "/networks", params={"filters": {"name": [f"^{re.escape(network)}$"]}}, what=what)
    for found in same or ():
        if found["Name"] != network:
            continue
        holder = (found.get("Labels") or {}).get(label_names.PROJECT)
        if holder == labels.get(label_names.PROJECT):
            return str(found["Id"])
        raise Conflict(
            f"cannot {what}: a network of that name is there already"
            + (f", of project {holder}" if holder else ", made by hand"),
            hint=f"remove it (`docker network rm {network}`), say `external: true`, or give it another `name:`",
            code=ExitCode.FAILED,
        )
    ipam = config.get("ipam") or {}
    ranges = [
        {
            key: value
            for key, value in (
                ("Subnet", part.get("subnet")),
                ("IPRange", part.get("ip_range")),
                ("Gateway", part.get("gateway")),
                ("AuxiliaryAddresses", part.get("aux_addresses")),
            )
            if value
        }
        for part in ipam.get("config") or ()
    ]
    body = {
        "Name": network,
        "Driver": config.get("driver") or "bridge",
        "Options": _texts(config.get("driver_opts")),
        "IPAM": {"Driver": ipam.get("driver") or "default", "Config": ranges, "Options": _texts(ipam.get("options"))}
        if ipam
        else None,
        "Internal": bool(config.get("internal")),
        "Attachable": bool(config.get("attachable")),
        "EnableIPv6": config.get("enable_ipv6"),
        "EnableIPv4": config.get("enable_ipv4"),
        "Labels": {**_texts(config.get("labels")), **labels},
        "CheckDuplicate": True,
    }
    body = {key: value for key, value in body.items() if value is not None}
    if ipam or body["Driver"] != "bridge" or config.get("enable_ipv4") is False:
        return _create(client, body)
    try:
        made = _create(client, body)
    except DevenvError as error:
        if not errors.NO_SUBNET.search(error.message):
            raise
        return _create_in_clear(client, body, avoid)
    seen = observe.network(client.call("GET", f"/networks/{made}", what=f"inspect network {network}"))
    over = [route for route in avoid if allocate.counts(route) and any(map(route.overlaps, _subnets(seen)))]
    if not over:
        return made
    remove_network(client, made)
    return _create_in_clear(client, body, avoid)


def _create(client: Client, body: Mapping[str, Any]) -> str:
    made = client.call("POST", "/networks/create", body=body, what=f"create network {body['Name']}")
    return str(made["Id"])


def _create_in_clear(client: Client, body: Mapping[str, Any], avoid: Sequence[IPv4Network]) -> str:
    """In a subnet that neither a network of the engine nor a route of `avoid` overlaps."""
    tried: list[IPv4Network] = []
    while True:
        theirs = [subnet for network in observe.networks(client) for subnet in _subnets(network)]
        subnet = allocate.subnet([*theirs, *avoid, *tried])
        if subnet is None:
            routes = ", ".join(str(route) for route in avoid if allocate.counts(route))
            raise DevenvError(
                f"cannot create network {body['Name']}: no private subnet is clear of the engine's other networks and "
                f"of this host's routes ({routes or 'none'})",
                hint="end the VPN while the network is made, remove networks that nothing uses (`docker network "
                "prune`), or name a subnet (`networks: {default: {ipam: {config: [{subnet: …}]}}}`)",
                code=ExitCode.FAILED,
            )
        try:
            return _create(client, {**body, "IPAM": {"Driver": "default", "Config": [{"Subnet": str(subnet)}]}})
        except DevenvError as error:
            # Another run, or the engine's own machine, has it: there are more.
            if len(tried) >= _TRIES or not _OVERLAPS.search(error.message):
                raise
            tried.append(subnet)


def _subnets(network: ObservedNetwork) -> list[IPv4Network]:
    return [IPv4Network(text, strict=False) for text in network.subnets if ":" not in text]


def connect(client: Client, container: str, network: str, config: Mapping[str, Any]) -> None:
    """`config` is the endpoint's, as the engine takes it. Connected already is done."""
    try:
        client.call(
            "POST",
            f"/networks/{name(network)}/connect",
            body={"Container": container, "EndpointConfig": dict(config)},
            what=f"connect {container} to network {network}",
        )
    except DevenvError as error:
        if "already exists in network" not in error.message and "already attached to network" not in error.message:
            raise


def remove_network(client: Client, network: str) -> None:
    """See `protocols.Engine.remove_network`."""
    until = time.monotonic() + _ENDPOINTS
    while True:
        try:
            client.call("DELETE", f"/networks/{name(network)}", what=f"remove network {network}", accept=(404,))
            return
        except DevenvError as error:
            if "active endpoints" not in error.message:
                raise
            if time.monotonic() > until:
                raise Conflict(
                    error.message,
                    hint=f"containers of others are still in it: `docker network inspect {network}` names them",
                    code=ExitCode.FAILED,
                ) from None
        time.sleep(0.1)


def create_volume(client: Client, volume: str, config: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """One of that name is kept as it is."""
    client.call(
        "POST",
        "/volumes/create",
        body={
            "Name": volume,
            "Driver": config.get("driver") or "local",
            "DriverOpts": _texts(config.get("driver_opts")),
            "Labels": {**_texts(config.get("labels")), **labels},
        },
        what=f"create volume {volume}",
    )


def remove_volume(client: Client, volume: str) -> None:
    """Gone already is done. Raises Conflict where a container uses it."""
    client.call("DELETE", f"/volumes/{name(volume)}", what=f"remove volume {volume}", accept=(404,))


def _texts(found: Any) -> dict[str, str]:
    """Labels and options as the engine takes them: a mapping of texts, from a mapping or from `key=value` lines."""
    if isinstance(found, Mapping):
        return {str(key): "" if value is None else str(value) for key, value in found.items()}
    return dict(str(line).partition("=")[::2] for line in found or ())
