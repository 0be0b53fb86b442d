"""Networks beside a VPN: a bare machine whose routes and whose engine's pools leave little room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.machine import Machine
from tests.engines import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

MANIFEST = f"""\
name: vpn
services:
  app:
    image: {BASE}
    init: true
    command: ["sleep", "600"]
"""
POOL = '{"default-address-pools": [{"base": "172.30.0.0/24", "size": 24}], "storage-driver": "vfs"}'
"""One small pool, of which the engine's own bridge takes all."""
SUBNET = "docker network inspect vpn_default --format '{{(index .IPAM.Config 0).Subnet}}'"


@pytest.fixture(scope="module")
def machine(docker_base: str) -> Iterator[Machine]:
    with Machine("bookworm") as one:
        _must(one, "apt-get update -q && apt-get install -qy --no-install-recommends iproute2")
        one.write("/root/vpn/devenv.yaml", MANIFEST.encode())
        one.write("/etc/docker/daemon.json", POOL.encode())
        one.run("/src/dev -C /root/vpn up", timeout=900)  # installs and starts an engine; the image is not there yet
        saved = subprocess.run(["docker", "save", BASE], capture_output=True, check=True).stdout
        one.write("/root/vpn/base.tar", saved)
        _must(one, "docker load -i /root/vpn/base.tar")
        _must(one, "ip link add vpn0 type veth peer name vpn1 && ip link set vpn0 up && ip link set vpn1 up")
        yield one


def test_a_subnet_is_chosen_clear_of_the_routes_and_kept(machine: Machine) -> None:
    _must(machine, "ip route add 172.16.0.0/12 dev vpn0 && ip route add 192.168.0.0/17 dev vpn0")
    _must(machine, "/src/dev -C /root/vpn up")
    assert _must(machine, SUBNET).strip() == "192.168.128.0/24"
    assert "nothing to do" in _must(machine, "/src/dev -C /root/vpn up")

    # A VPN that comes up later is said, and what stands is kept until it is made anew.
    _must(machine, "ip route add 192.168.128.0/17 dev vpn0")
    told = _must(machine, "/src/dev -C /root/vpn up")
    assert "network vpn_default (192.168.128.0/24) and this host's route to 192.168.128.0/17 (a VPN?) overlap" in told
    assert "nothing to do" in told
    _must(machine, "/src/dev -C /root/vpn down && /src/dev -C /root/vpn up")
    assert _must(machine, SUBNET).strip() == "10.0.0.0/24"

    # One that takes everything is no reason to give up; one that has every private network is told.
    _must(machine, "/src/dev -C /root/vpn down && ip route add 0.0.0.0/1 dev vpn0 && ip route add 128.0.0.0/1 dev vpn0")
    _must(machine, "/src/dev -C /root/vpn up && /src/dev -C /root/vpn down && ip route add 10.0.0.0/8 dev vpn0")
    code, told = machine.run("/src/dev -C /root/vpn up")
    assert code == 1
    assert "no private subnet is clear of the engine's other networks and of this host's routes (10.0.0.0/8, " in told


def _must(machine: Machine, command: str) -> str:
    code, told = machine.run(command, folder="/")
    assert code == 0, told
    return told
