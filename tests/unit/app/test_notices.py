from __future__ import annotations

from ipaddress import IPv4Network

from devenv.app.notices import overlaid_networks
from devenv.model.observed import ObservedNetwork

ROUTES = (IPv4Network("0.0.0.0/1"), IPv4Network("172.20.0.0/16"), IPv4Network("10.8.0.0/16"))


def _network(name: str, *subnets: str, driver: str = "bridge") -> ObservedNetwork:
    return ObservedNetwork(id=name, name=name, driver=driver, labels={}, subnets=subnets)


def test_a_route_that_came_into_a_network_is_told() -> None:
    (line,) = overlaid_networks([_network("shop_default", "fd00::/64", "10.8.3.0/24")], ROUTES)
    assert line.startswith("network shop_default (10.8.3.0/24) and this host's route to 10.8.0.0/16 (a VPN?) overlap")


def test_a_network_s_own_route_and_one_that_is_part_of_the_host_s_are_no_news() -> None:
    networks = [_network("own", "172.20.0.0/16"), _network("lan", "10.8.3.0/24", driver="macvlan"), _network("none")]
    assert list(overlaid_networks(networks, ROUTES)) == []
