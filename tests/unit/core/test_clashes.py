from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from devenv.core.clashes import Published, by_containers, by_processes, freed, twice, wanted
from devenv.model import labels
from devenv.model.observed import ObservedContainer
from devenv.model.plan import Node, Plan, Remove, Run, Start, Stop
from tests.unit.core.planning import stack


def _ports(*items: dict[str, Any]) -> dict[str, Any]:
    return {"ports": [{"mode": "ingress", "protocol": "tcp", **item} for item in items]}


def _plan(*steps: Any) -> Plan:
    return Plan(nodes=tuple(Node(id=str(n), step=step, cause="test") for n, step in enumerate(steps)))


def _container(name: str, ip: str = "0.0.0.0", port: int = 8080, **marks: str) -> ObservedContainer:
    return ObservedContainer(
        id=name, name=name, image="i", image_id="i", state="running", labels=marks, ports={"80/tcp": ((ip, port),)}
    )


WEB = Published(service="web", port=8080, target=80)
LOCAL = Published(service="web", port=8080, target=80, addresses=("127.0.0.1",))


def test_what_is_started_wants_its_ports_but_those_that_devenv_chose() -> None:
    project = stack(
        {
            "web": _ports(
                {"target": 80, "published": "8080"},
                {"target": 81, "published": "8081", "host_ip": "127.0.0.1"},
                {"target": 53, "published": "5353", "protocol": "udp", "host_ip": "0.0.0.0"},
                {"target": 82, "published": "9000-9010"},
                {"target": 83},
                {"target": 84, "published": "8084", "host_ip": "::"},
            ),
            "job": _ports({"target": 1, "published": "81"}),
            "kept": _ports({"target": 1, "published": "80"}),
        }
    )
    plan = _plan(
        Start(service="web", container="w"), Run(service="job", container="j"), Start(service="gone", container="g")
    )
    found = wanted(project, plan, {("web", 81, "tcp")}, {("job", 1, "tcp"): "JOB_PORT"})
    assert [p.variable for p in found] == ["", "", "", "JOB_PORT"]
    (error,) = by_containers(found[3:], [_container("a", port=81)], set(), "shop")[1]
    assert error.hint == "`docker stop a`, or set JOB_PORT to another one, then `devenv up` again"
    assert [(p.service, p.port, p.target, p.addresses, p.protocol) for p in found] == [
        ("web", 8080, 80, ("0.0.0.0", "::"), "tcp"),
        ("web", 5353, 53, ("0.0.0.0",), "udp"),
        ("web", 8084, 84, ("0.0.0.0", "::"), "tcp"),
        ("job", 81, 1, ("0.0.0.0", "::"), "tcp"),
    ]


def test_what_is_stopped_or_removed_frees_its_ports() -> None:
    plan = _plan(
        Stop(service="web", container="shop-web-1"),
        Remove(service="db", kind="container", name="shop-db-1"),
        Remove(kind="volume", name="shop_data"),
    )
    assert freed(plan) == {"shop-web-1", "shop-db-1"}


def test_two_services_of_a_stack_cannot_have_one_port() -> None:
    other = Published(service="api", port=8080, target=1)
    (error,) = twice([LOCAL, other])
    assert error.message == (
        "api cannot start: port 8080 of this host is wanted by web of this stack, too. Nothing was changed."
    )
    assert error.hint == "publish api's port 1 on another one (`ports`), then `devenv up` again"
    apart = Published(service="api", port=8080, target=1, addresses=("127.0.0.2",))
    udp = Published(service="api", port=8080, target=1, protocol="udp")
    assert list(twice([LOCAL, apart, udp, Published(service="api", port=8081, target=1)])) == []


def test_a_container_that_stays_has_its_port_and_is_named() -> None:
    other = _container("other-web-1", **{labels.PROJECT: "other", labels.FOLDER: "/home/me/other"})
    left, (error,) = by_containers([WEB], [other], set(), "shop")
    assert left == ()
    assert error.message == (
        "web cannot start: port 8080 of this host is held by container other-web-1 of project other. "
        "Nothing was changed."
    )
    assert error.hint == (
        "`docker stop other-web-1` (or `devenv down` in /home/me/other), or publish web's port 80 on another one "
        "(`ports`), then `devenv up` again"
    )
    _, (error,) = by_containers([WEB], [_container("alone", ip="")], set(), "shop")
    assert "held by container alone. Nothing" in error.message
    assert error.hint.startswith("`docker stop alone`, or ")


def test_a_container_elsewhere_or_one_that_goes_is_not_in_the_way() -> None:
    assert by_containers([LOCAL], [_container("a", ip="192.168.0.5"), _container("b", port=1)], set(), "shop") == (
        (LOCAL,), (),
    )  # fmt: skip
    mine = _container("shop-web-1", **{labels.PROJECT: "shop"})
    # The engine's proxy still listens for it: its port is not looked at any further.
    assert by_containers([WEB], [mine], {"shop-web-1"}, "shop") == ((), ())
    assert len(by_containers([WEB], [mine], set(), "shop")[1]) == 1
    assert len(by_containers([WEB], [_container("shop-web-1")], {"shop-web-1"}, "shop")[1]) == 1


def test_a_container_of_the_service_itself_is_not_in_its_way() -> None:
    mine = _container("shop-web-1", **{labels.PROJECT: "shop", labels.SERVICE: "web"})
    assert by_containers([WEB], [mine], set(), "shop") == ((), ())
    for marks in ({labels.PROJECT: "shop", labels.SERVICE: "api"}, {labels.PROJECT: "other", labels.SERVICE: "web"}):
        _, (error,) = by_containers([WEB], [_container("a", **marks)], set(), "shop")
        assert "held by container a of project" in error.message


def test_what_the_stack_itself_has_is_not_mended_by_taking_it_down() -> None:
    old = _container("shop-page-1", **{labels.PROJECT: "shop", labels.SERVICE: "page", labels.FOLDER: "/home/me/shop"})
    _, (error,) = by_containers([WEB], [old], set(), "shop", ("shop-page-1",))
    assert error.hint == (
        "`devenv up --remove-orphans` removes what is of no service any more, or publish web's port 80 on another one "
        "(`ports`), then `devenv up` again"
    )
    _, (error,) = by_containers([WEB], [old], set(), "shop")
    assert error.hint == "publish web's port 80 on another one (`ports`), then `devenv up` again"


def test_a_process_is_named_where_the_port_cannot_be_had() -> None:
    tried: list[str] = []

    def can_bind(address: str, port: int, protocol: str) -> bool | None:
        tried.append(address)
        return None if port < 1024 else address == "127.0.0.1"

    def name(port: int, protocol: str) -> str:
        return "nginx (process 812)" if port == 8080 else ""

    listening = {(port, "tcp"): [ip_address("::1")] for port in (8080, 80)}
    low = Published(service="api", port=80, target=80)
    (one, two) = by_processes([WEB, LOCAL, low], listening, can_bind, name)
    assert one.message.endswith("port 8080 of this host is held by nginx (process 812). Nothing was changed.")
    assert one.hint.startswith("stop that, or publish web's port 80 on another one")
    assert "held by another process" in two.message
    assert two.hint.startswith("`ss -ltnp 'sport = :80'` (as root) shows who has it: stop that, or")
    assert tried == ["::", "::"]
    udp = Published(service="dns", port=53, target=53, protocol="udp")
    (error,) = by_processes([udp], {(53, "udp"): [ip_address("0.0.0.0")]}, can_bind, name)
    assert "port 53/udp of" in error.message
    assert "`ss -lunp" in error.hint
    # It stopped meanwhile.
    assert list(by_processes([LOCAL], {(8080, "tcp"): [ip_address("127.0.0.1")]}, can_bind, name)) == []


def test_an_address_that_is_a_name_is_taken_for_all() -> None:
    odd = Published(service="web", port=8080, target=80, addresses=("box.local",))
    assert len(by_containers([odd], [_container("a", ip="10.0.0.1")], set(), "shop")[1]) == 1
