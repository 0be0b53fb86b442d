from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace

import pytest

from devenv.app.context import Context
from devenv.app.notices import left_as_composes, overlaid_networks, sources, tell_orphans
from devenv.app.project import Project
from devenv.app.values import Given
from devenv.core.rendered import Variable
from devenv.model import labels
from devenv.model.devcontainer import Devcontainer
from devenv.model.observed import EngineInfo, Observed, ObservedContainer, ObservedNetwork
from devenv.model.plan import CreateContainer, Node, Plan
from devenv.ui.make import make_ui

ROUTES = (IPv4Network("0.0.0.0/1"), IPv4Network("172.20.0.0/16"), IPv4Network("10.8.0.0/16"))
ENGINE = EngineInfo(id="1", version="26.1", api="1.45", os="linux", arch="x86_64", host="", local=True)


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


def test_what_a_workspace_that_compose_made_lacks_is_said() -> None:
    said = {"remoteUser": "anna"}
    workspace = Devcontainer(file="", folder="/shop", service="box", written=said, config=said, ids=(1000, 1000))
    project = Project(folder=Path("/shop"), working_dir=Path("/shop"), files=(), documents=(), devcontainer=workspace)

    def told(plan: Plan, **marks: str) -> list[str]:
        marks = {labels.SERVICE: "box", **marks}
        one = ObservedContainer(id="1", name="shop-box-1", image="i", image_id="i", state="running", labels=marks)
        return list(left_as_composes(project, plan, Observed(engine=ENGINE, containers=(one,))))

    assert told(Plan(nodes=())) == [
        "box stays as Docker Compose made it, without the number 1000 for anna: an editor's start adds that, and so "
        "does `devenv up --force-recreate box`"
    ]
    made = Node(id="create:box", step=CreateContainer(service="box", name="b", image="i", payload={}), cause="")
    assert told(Plan(nodes=(made,))) == []
    assert told(Plan(nodes=()), **{labels.CONFIG: "{}"}) == []
    assert told(Plan(nodes=()), **{labels.DEVCONTAINER_CONFIG: "/a"}) == []
    assert told(Plan(nodes=()), **{labels.SERVICE: "db"}) == []
