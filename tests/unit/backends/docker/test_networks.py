"""Which subnet a network gets, held against an engine that says what a real one says; a real one with pools and routes
of its own is `tests/e2e/test_subnets.py`."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, cast

import pytest

from devenv.backends.docker.client import Client
from devenv.backends.docker.networks import create_network
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode

MINE = {labels.PROJECT: "shop"}
USED_UP = "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"


class Networks:
    """An engine's networks by name. `pool` are the subnets it chooses from; `secret` are such as it refuses."""

    def __init__(self, *pool: str, theirs: Mapping[str, str] | None = None, secret: tuple[str, ...] = ()) -> None:
        self.pool, self.secret = list(pool), secret
        self.found = dict(theirs or {})
        self.removed: list[str] = []

    def call(self, method: str, template: str, *, body: Any = None, what: str, **more: Any) -> Any:
        if method == "POST":
            ranges = (body.get("IPAM") or {}).get("Config")
            subnet = ranges[0]["Subnet"] if ranges else next(iter(self.pool), "")
            if not subnet:
                raise DevenvError(f"cannot {what}: {USED_UP}", hint="x", code=ExitCode.FAILED)
            if subnet in self.secret:
                text = "Pool overlaps with other one on this address space"
                raise DevenvError(f"cannot {what}: {text}", hint="x", code=ExitCode.FAILED)
            self.pool = [one for one in self.pool if one != subnet]
            self.found[body["Name"]] = subnet
            return {"Id": body["Name"]}
        if method == "DELETE":
            self.removed.append(template.rpartition("/")[2])
            del self.found[self.removed[-1]]
            return None
        if template == "/networks" and more.get("params"):
            return []
        if template == "/networks":
            return [self._seen(name) for name in self.found]
        return self._seen(template.rpartition("/")[2])

    def _seen(self, name: str) -> dict[str, Any]:
        return {"Id": name, "Name": name, "IPAM": {"Config": [{"Subnet": self.found[name]}, {"Subnet": "fd00::/64"}]}}


def made(engine: Networks, config: Mapping[str, Any] | None = None, *, avoid: tuple[str, ...] = ()) -> str:
    routes = [IPv4Network(route) for route in avoid]
    assert create_network(cast(Client, engine), "shop_default", config or {}, MINE, routes) == "shop_default"
    return engine.found["shop_default"]


def test_the_engines_own_choice_is_kept_where_it_is_clear() -> None:
    engine = Networks("172.18.0.0/16")
    assert made(engine, avoid=("172.17.0.0/16", "0.0.0.0/1")) == "172.18.0.0/16"
    assert engine.removed == []


def test_a_choice_that_a_route_overlaps_is_made_again() -> None:
    engine = Networks("172.18.0.0/16", theirs={"bridge": "192.168.0.0/24"})
    assert made(engine, avoid=("172.16.0.0/12",)) == "192.168.1.0/24"
    assert engine.removed == ["shop_default"]


def test_pools_that_are_used_up_do_not_end_it() -> None:
    engine = Networks(theirs={"bridge": "172.16.0.0/14"}, secret=("172.20.0.0/24", "172.20.1.0/24"))
    assert made(engine) == "172.20.2.0/24"


def test_a_subnet_that_the_file_names_is_taken_as_it_is() -> None:
    config = {"ipam": {"config": [{"subnet": "10.1.0.0/16"}]}}
    assert made(Networks(), config, avoid=("10.0.0.0/8",)) == "10.1.0.0/16"
    with pytest.raises(DevenvError, match="non-overlapping"):
        made(Networks(), {"driver": "macvlan"})
    with pytest.raises(DevenvError, match="overlaps with other one"):
        made(Networks(secret=("10.1.0.0/16",)), config)


def test_where_nothing_is_clear_the_routes_are_named() -> None:
    with pytest.raises(DevenvError) as error:
        made(Networks(), avoid=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/1"))
    assert error.value.message == (
        "cannot create network shop_default: no private subnet is clear of the engine's other networks and of this "
        "host's routes (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)"
    )
    assert "end the VPN" in error.value.hint
