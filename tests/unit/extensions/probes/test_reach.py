from __future__ import annotations

import os
import socket

from devenv.extensions.probes.reach import default_port, doors, why
from tests.unit.extensions.probes.places import Inside, at, free_port

NETWORKS = {"shop_default": ("n1", "172.18.0.5")}
PORTS = {"8000/tcp": (("0.0.0.0", 18000),)}


def named(target: object) -> list[str]:
    return [f"{door}{' direct' if door.direct else ''}" for door in doors(target, 8000)]  # type: ignore[arg-type]


def test_a_rootful_local_engine_is_reached_at_the_container_then_at_the_published_port() -> None:
    target = at(Inside(), networks=NETWORKS, ports=PORTS)
    assert named(target) == ["172.18.0.5:8000 direct", "127.0.0.1:18000"]


def test_a_rootless_or_far_engine_is_reached_at_published_ports_only() -> None:
    assert named(at(Inside(rootless=True), networks=NETWORKS, ports=PORTS)) == ["127.0.0.1:18000"]
    far = Inside(local=False, host="tcp://[fd00::7]:2376")
    assert named(at(far, networks=NETWORKS, ports=PORTS)) == ["[fd00::7]:18000"]
    assert named(at(Inside(local=False, host="box"), networks=NETWORKS, ports=PORTS)) == ["box:18000"]
    assert named(at(Inside(rootless=True), networks=NETWORKS)) == []


def test_the_host_network_is_the_host() -> None:
    assert named(at(Inside(), networks={"host": ("n0", "")})) == ["127.0.0.1:8000 direct"]


def test_the_port_that_is_meant_is_the_lowest_published_one() -> None:
    ports = {"53/udp": (("", 53),), "443/tcp": (), "9000/tcp": (("", 1),), "8000/tcp": (("", 2),)}
    assert default_port(at(Inside(), ports=ports).container) == 8000
    assert default_port(at(Inside(), config={"ExposedPorts": {"6379/tcp": {}, "16379/tcp": {}}}).container) == 6379
    assert default_port(at(Inside()).container) is None


def test_every_refusal_is_a_short_sentence() -> None:
    target = at(Inside(), networks=NETWORKS)
    (door,) = doors(target, 8000)
    said = [
        why(error, door, target.container, 8000)
        for error in (
            ConnectionRefusedError(),
            TimeoutError(),
            ConnectionResetError(),
            OSError(113, "No route to host"),
        )
    ]
    assert said == [
        "connection refused on 172.18.0.5:8000",
        "no answer from 172.18.0.5:8000",
        "connection closed by 172.18.0.5:8000",
        "172.18.0.5:8000: no route to host",
    ]


def test_what_listens_on_loopback_only_is_said_where_the_process_is_known() -> None:
    with open("/proc/self/cgroup", encoding="ascii") as file:
        marks = [part for line in file for part in line.strip().split("/") if part]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # The test's own process stands in for the container's; any part of its cgroup for the container's id.
        target = at(Inside(), id=marks[-1], pid=os.getpid(), networks=NETWORKS)
        (door,) = doors(target, port)
        assert "only inside the container" in why(ConnectionRefusedError(), door, target.container, port)
        stranger = at(Inside(), id="somebody-else", pid=os.getpid(), networks=NETWORKS)
        assert "refused" in why(ConnectionRefusedError(), door, stranger.container, port)
    gone = at(Inside(), id=marks[-1], pid=2**22 + 1, networks=NETWORKS)
    assert "refused" in why(ConnectionRefusedError(), door, gone.container, free_port())
