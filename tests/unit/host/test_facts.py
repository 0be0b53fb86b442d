from __future__ import annotations

import socket
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from devenv.host.facts import facts, in_container, listening, os_release, routes, taken


def _root(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_os_release_loses_its_quotes(tmp_path: Path) -> None:
    root = _root(tmp_path, {"etc/os-release": '# c\nID=ubuntu\nID_LIKE="debian x"\nVERSION_CODENAME=noble\n'})
    assert os_release(root) == {"ID": "ubuntu", "ID_LIKE": "debian x", "VERSION_CODENAME": "noble"}
    assert facts(root).os_like == ("debian", "x")


def test_listening_ports_of_both_families(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st\n"
    four = "   0: 0100007F:1538 00000000:0000 0A\n   1: 0100007F:1F90 0100007F:A000 01\n"
    six = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A\n"
    root = _root(tmp_path, {"proc/net/tcp": head + four, "proc/net/tcp6": head + six})
    assert listening(root) == {5432, 80}


def test_routes_without_the_default(tmp_path: Path) -> None:
    head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n"
    rows = "eth0\t00000000\t0100A8C0\t3\t0\t0\t0\t00000000\t0\ndocker0\t000011AC\t00000000\t1\t0\t0\t0\t0000FFFF\t0\n"
    assert routes(_root(tmp_path, {"proc/net/route": head + rows})) == (IPv4Network("172.17.0.0/16"),)


def test_a_container_is_known_by_its_marks(tmp_path: Path) -> None:
    assert not in_container(_root(tmp_path, {"proc/1/cgroup": "0::/init.scope\n"}))
    assert in_container(_root(tmp_path, {"proc/1/cgroup": "3:cpu:/docker/0123\n"}))


def test_a_port_that_is_listened_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert taken([port]) == {port}
    assert taken([port]) == frozenset()


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_who_would_be_in_the_way_at_127_0_0_1(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert taken([port]) == {port}


def test_a_port_at_another_address_of_the_machine_is_free_for_ours() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent: it only says from where it would be
        outward = probe.getsockname()[0]
    with socket.create_server((outward, 0)) as server:
        port = server.getsockname()[1]
        assert taken([port]) == frozenset()
