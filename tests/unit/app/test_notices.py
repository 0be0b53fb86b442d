from __future__ import annotations

from ipaddress import IPv4Network
from types import SimpleNamespace

import pytest

from devenv.app.context import Context
from devenv.app.notices import overlaid_networks, sources, tell_orphans
from devenv.app.values import Given
from devenv.core.rendered import Variable
from devenv.model.observed import ObservedNetwork
from devenv.model.plan import Plan
from devenv.ui.make import make_ui

ROUTES = (IPv4Network("0.0.0.0/1"), IPv4Network("172.20.0.0/16"), IPv4Network("10.8.0.0/16"))


def _network(name: str, *subnets: str, driver: str = "bridge") -> ObservedNetwork:
    return ObservedNetwork(id=name, name=name, driver=driver, labels={}, subnets=subnets)


def test_a_route_that_came_into_a_network_is_told() -> None:
    (line,) = overlaid_networks([_network("shop_default", "fd00::/64", "10.8.3.0/24")], ROUTES)
    assert line.startswith("network shop_default (10.8.3.0/24) and this host's route to 10.8.0.0/16 (a VPN?) overlap")


def test_a_network_s_own_route_and_one_that_is_part_of_the_host_s_are_no_news() -> None:
    networks = [_network("own", "172.20.0.0/16"), _network("lan", "10.8.3.0/24", driver="macvlan"), _network("none")]
    assert list(overlaid_networks(networks, ROUTES)) == []


@pytest.mark.parametrize("verb", ["up", "down"])
def test_what_stays_of_services_that_are_gone_is_named_with_what_removes_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_orphans(Context(ui=make_ui("text")), Plan(nodes=(), orphans=("shop-old-1",)), verb)
    assert f"shop-old-1 (`devenv {verb} --remove-orphans` removes them)" in capsys.readouterr().err


def test_where_values_come_from_is_said_in_a_sentence() -> None:
    variables = tuple(Variable(name=name, kind="user") for name in ("A", "B", "C"))
    project = SimpleNamespace(variables=variables)
    known = Given(shell={"C": "3"}, repository={"A": "1", "B": "2"})
    assert list(sources(project, known)) == ["A, B come from .env; C comes from the shell"]  # type: ignore[arg-type]
    options = {"C": "--scale"}
    told = list(sources(project, known, options))  # type: ignore[arg-type]
    assert told == ["A, B come from .env; C comes from --scale"]
