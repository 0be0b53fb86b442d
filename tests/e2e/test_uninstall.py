"""A bare machine as it was, after a stack was up there and `uninstall` took everything away again. Never run against
the engine that the tests share: all that is devenv's goes."""

from __future__ import annotations

import json

import pytest

from tests.e2e.machine import SUITES, Machine

pytestmark = [pytest.mark.slow, pytest.mark.engine]

MANIFEST = """\
name: small
services:
  one:
    use: debian
    command: [sleep, infinity]
    init: true
    volumes: [data:/data]
volumes:
  data: {}
"""
PACKAGES = "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' | sort"
MANUAL = "apt-mark showmanual | sort"
FILES = (
    "find / -xdev -mindepth 1 "
    "\\( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /src -o -path /small -o -path /var/log "
    "-o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /run \\) -prune -o -print | sort"
)
ALLOWED = (
    "/etc/group", "/etc/gshadow", "/etc/ld.so.cache", "/etc/ssl", "/etc/ca-certificates", "/usr/share/ca-certificates",
    "/root/.cache", "/root/.local", "/var/lib/systemd", "/etc/systemd", "/var/lib/python", "/usr/local/lib/python",
    "/usr/share/python", "/etc/apparmor", "/var/lib/update-rc.d", "/etc/rc", "/usr/local/share/ca-certificates",
)  # fmt: skip
"""What packages of the distribution leave behind when they are purged, and folders that are empty."""


def _lines(machine: Machine, command: str) -> set[str]:
    code, output = machine.run(command, folder="/")
    assert code == 0, output
    return set(output.splitlines())


@pytest.mark.parametrize("suite", SUITES)
def test_a_machine_is_as_it_was(suite: str) -> None:
    with Machine(suite) as machine:
        before = _lines(machine, PACKAGES), _lines(machine, MANUAL), _lines(machine, FILES)
        machine.run(f"mkdir /small && cat >/small/devenv.yaml <<'END'\n{MANIFEST}END")
        code, told = machine.run("./dev -C /small up", timeout=900)
        assert code == 0, told
        code, listed = machine.run("./dev uninstall --dry-run --output json")
        assert code == 0, listed
        groups = {group["name"]: group for group in json.loads(listed)["groups"]}
        assert list(groups) == ["stacks", "data", "images", "engine", "packages", "state", "caches"]
        assert groups["data"]["things"] == ["small_data"]
        assert {"docker.io", "python3", "python3-venv", "mmdebstrap"} <= set(groups["packages"]["things"])

        # All but the data: what holds them stays.
        code, told = machine.run("./dev uninstall --yes", timeout=900)
        assert code == 0, told
        assert "the container engine stays: the data in small_data are on it" in told
        assert "left: data (say --volumes to remove the data, too)" in told
        assert _lines(machine, "ls -d /var/lib/docker/volumes/small*; command -v dockerd; ls /root/.cache") == {
            "/var/lib/docker/volumes/small_data", "/usr/sbin/dockerd",
        }  # fmt: skip

        code, told = machine.run("./dev uninstall --yes --volumes", timeout=900)
        assert code == 0, told
        assert _lines(machine, PACKAGES) == before[0], told
        assert _lines(machine, MANUAL) == before[1], told
        left = {path for path in _lines(machine, FILES) - before[2] if not path.startswith(ALLOWED)}
        assert left == set(), told
        assert _lines(machine, "find /root/.cache /root/.local -type f") == set()
        assert not {"dockerd", "containerd"} & _lines(machine, "cat /proc/[0-9]*/comm")


def test_what_was_there_before_stays() -> None:
    with Machine("trixie") as machine:
        code, told = machine.run(
            "apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 tree", 600
        )
        assert code == 0, told
        code, told = machine.run("./dev version", timeout=300)
        assert code == 0, told
        before = _lines(machine, PACKAGES)
        code, told = machine.run("./dev uninstall --yes", timeout=300)
        assert code == 0, told
        gone = {line.split()[0] for line in before - _lines(machine, PACKAGES)}
        assert "python3-venv" in gone
        assert not gone & {"python3", "tree"}
