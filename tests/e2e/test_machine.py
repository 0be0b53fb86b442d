"""Bare machines: what `./dev` and the engine need is installed there from nothing."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.machine import SUITES, Machine

pytestmark = [pytest.mark.slow, pytest.mark.engine]

_ENSURE = """
import sys
sys.path.insert(0, "/src")
from devenv.host import engine
address = engine.ensure(install=True, ask=lambda question: False, say=print)
print("ENGINE", address.url, address.started)
"""
_STOP = """
import sys
sys.path.insert(0, "/src")
from devenv.host import engine_start
print("STOPPED", engine_start.stop_started())
"""
_PROCESSES = "cat /proc/[0-9]*/comm"


@pytest.fixture(scope="module", params=SUITES)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine(request.param) as made:
        yield made


def _python(machine: Machine, code: str) -> str:
    machine.run("cat > /tmp/step.py <<'END'\n" + code + "\nEND")
    status, output = machine.run("$(ls -d ~/.cache/devenv/env-*/bin/python | head -n 1) /tmp/step.py")
    assert status == 0, output
    return output


def test_it_is_bare(machine: Machine) -> None:
    status, output = machine.run("command -v python3 || command -v dockerd || command -v curl")
    assert (status, output) == (127, "") or status == 1, output


def test_the_wrapper_starts_from_nothing_and_then_at_once(machine: Machine) -> None:
    status, output = machine.run("./dev version")
    assert status == 0, output
    assert "installing python3" in output
    status, output = machine.run("cd / && /src/dev version")
    assert status == 0, output
    assert "installing" not in output
    assert "setting up" not in output


def test_an_engine_is_installed_started_found_and_stopped(machine: Machine) -> None:
    assert "ENGINE unix:///var/run/docker.sock True" in _python(machine, _ENSURE)
    assert "ENGINE unix:///var/run/docker.sock False" in _python(machine, _ENSURE)
    assert "STOPPED True" in _python(machine, _STOP)
    _, processes = machine.run("cat /proc/[0-9]*/comm")
    assert "dockerd" not in processes
    assert "containerd" not in processes


def test_what_was_killed_is_started_again(machine: Machine) -> None:
    assert "True" in _python(machine, _ENSURE)
    machine.run("kill -9 $(cat /var/run/docker.pid)")
    assert "starting the container engine" in _python(machine, _ENSURE)
    assert "STOPPED True" in _python(machine, _STOP)


def test_a_loopback_port_is_forwarded(machine: Machine) -> None:
    machine.start("cd /src && exec python3 -m http.server --bind 127.0.0.1 8123 >/dev/null 2>&1")
    waiting = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8123))'"
    machine.run(f"for i in $(seq 100); do {waiting} 2>/dev/null && break; sleep 0.1; done")
    with urllib.request.urlopen(f"http://{machine.forward(8123)}/pyproject.toml", timeout=10) as answer:
        assert b"devenv" in answer.read()


def test_one_that_dies_is_told_with_its_last_words(machine: Machine) -> None:
    machine.run("mkdir -p /etc/docker && echo '{\"no-such-key\": 1}' >/etc/docker/daemon.json")
    refused = """
import sys
sys.path.insert(0, "/src")
from devenv.host import engine
from devenv.model.errors import DevenvError
try:
    engine.ensure(install=True, ask=lambda question: False, say=print)
except DevenvError as error:
    print("REFUSED", int(error.code), error.message, error.hint)
"""
    told = _python(machine, refused)
    machine.run("rm /etc/docker/daemon.json")
    assert "REFUSED 3 The container engine did not start: it ended with 1" in told
    assert "no-such-key" in told


def test_the_repository_s_own_tests_leave_nothing(machine: Machine) -> None:
    _, before = machine.run(_PROCESSES)
    status, output = machine.run("./dev test -q -p no:cacheprovider", timeout=2400)
    assert status == 0, output
    assert "starting the container engine" in output
    assert "stopped the container engine" in output
    assert sorted(machine.run(_PROCESSES)[1].split()) == sorted(before.split())
    _, folders = machine.run(
        "ls -d /tmp/devenv-test-* /tmp/tmp* 2>/dev/null; grep -cE '^[^ ]+ /(var/lib|run)/docker/' /proc/mounts"
    )
    assert folders.split() == ["0"], folders


def test_without_a_volume_it_runs_all_the_same() -> None:
    with Machine("trixie", volumes=False) as machine:
        machine.run("./dev version")
        assert "ENGINE unix:///var/run/docker.sock True" in _python(machine, _ENSURE)
        told = _python(machine, "import docker; print('DRIVER', docker.from_env().info()['Driver'])")
        assert "DRIVER vfs" in told or "DRIVER fuse-overlayfs" in told


def test_two_who_come_first_at_once_install_and_start_one_engine() -> None:
    with Machine("trixie") as machine:
        machine.run("./dev version")
        machine.run("cat > /tmp/step.py <<'END'\n" + _ENSURE + "\nEND")
        python = "$(ls -d ~/.cache/devenv/env-*/bin/python | head -n 1) /tmp/step.py"
        code, told = machine.run(f"{python} >/tmp/one 2>&1 & {python} >/tmp/two 2>&1; wait $!; cat /tmp/one /tmp/two")
        assert code == 0, told
        assert told.count("ENGINE unix:///var/run/docker.sock") == 2, told
        assert told.count("installing docker.io") == 1, told
        assert told.count("starting the container engine") == 1, told
        assert "waiting for another devenv that sees to the container engine (process " in told
        assert machine.run("cat /proc/[0-9]*/comm")[1].split().count("dockerd") == 1
        assert "STOPPED True" in _python(machine, _STOP)
