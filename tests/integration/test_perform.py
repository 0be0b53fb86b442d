"""Steps and waits against the real engine: what only a real container can show."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from devenv.extensions.probes import PROBES
from devenv.host.machine import ThisHost
from devenv.model import labels
from devenv.model.events import Done, Failed, Outcome
from devenv.model.plan import ConnectNetwork, CreateContainer, CreateNetwork, Node, Run, Start, Step, WaitReady
from devenv.model.protocols import Engine
from devenv.model.stack import Ready
from devenv.run.cancel import CancelToken
from devenv.run.clock import SystemClock
from devenv.run.looks import look_all
from devenv.run.perform import Performer
from tests.engines import Told

pytestmark = pytest.mark.engine

NEVER = Ready(kind="tcp", options={"port": 9}, timeout=60)


class Bench:
    """A Performer on the real engine, and containers to perform on."""

    def __init__(self, engine: Engine, base: str, project: str) -> None:
        self.engine, self.base, self.project = engine, base, project
        self.name = f"{project}-app-1"
        self.told = Told()
        self.cancel = CancelToken()
        self._perform = Performer(
            engine=engine,
            probes=PROBES,
            seeders={},
            host=ThisHost(install=False, ask=lambda question: False, say=lambda line: None),
            clock=SystemClock(),
            consent=lambda question: False,
        )

    def __call__(self, step: Step) -> Outcome:
        return self._perform(Node(id="n", step=step, cause="test"), self.told, self.cancel)

    def create(self, *command: str, name: str = "", **payload: Any) -> Outcome:
        name = name or self.name
        body = {"Image": self.base, "Cmd": list(command), "Labels": {labels.PROJECT: self.project}, **payload}
        return self(CreateContainer(service="app", name=name, image=self.base, payload=body))

    def start(self) -> None:
        assert self(Start(service="app", container=self.name)) == Done()

    def wait(self, *ready: Ready) -> Outcome:
        return self(WaitReady(service="app", container=self.name, ready=ready))

    def ended_ago(self) -> float:
        """Seconds since the container ended, by the engine's own time."""
        from devenv.run.failure import seconds

        ended = seconds(self.engine.inspect(self.name).finished_at)
        assert ended is not None
        return time.time() - ended


@pytest.fixture
def do(engine: Engine, base: str, project: str) -> Bench:
    return Bench(engine, base, project)


def failure(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    assert outcome.hint
    return outcome


def test_an_end_after_two_seconds_is_known_at_once_with_its_last_words(do: Bench) -> None:
    do.create("sh", "-c", "for i in $(seq 30); do echo line $i; done; sleep 2; echo cannot go on >&2; exit 1")
    do.start()
    found = failure(do.wait(NEVER))
    assert do.ended_ago() < 0.5
    assert found.message.startswith("app ended with exit code 1 after 2.")
    assert len(found.log) == 20
    assert found.log[-1] == "cannot go on"
    assert found.data["reason"].startswith("connection refused on")


def test_an_end_is_known_while_a_look_hangs_inside(do: Bench) -> None:
    do.create("sh", "-c", "sleep 1; exit 5")
    do.start()
    found = failure(do.wait(Ready(kind="exec", options={"command": "sleep 600"}, timeout=60)))
    assert do.ended_ago() < 0.5
    assert found.data["exit_code"] == 5


def test_one_that_dies_at_its_start(do: Bench) -> None:
    do.create("sh", "-c", "echo no configuration; exit 78")
    do.start()
    found = failure(do.wait())
    assert found.data["exit_code"] == 78
    assert found.log == ("no configuration",)


def test_a_loop_of_restarts(do: Bench) -> None:
    do.create("sh", "-c", "echo again; exit 3", HostConfig={"RestartPolicy": {"Name": "always"}})
    do.start()
    begun = time.monotonic()
    found = failure(do.wait(NEVER))
    assert time.monotonic() - begun < 10
    assert "again and again" in found.message
    assert found.data["restarts"] >= 3
    assert "again" in found.log


def test_killed_for_memory(do: Bench) -> None:
    limit = 24 * 2**20
    eat = "my @a; push @a, 'x' x 1_000_000 while 1"
    do.create("perl", "-e", eat, HostConfig={"Memory": limit, "MemorySwap": limit})
    do.start()
    found = failure(do.wait(NEVER))
    assert found.message == "app was killed because it took more memory than its limit of 24 MiB"
    assert found.data["oom"] is True


def test_ready_by_log_exec_and_the_images_own_healthcheck(do: Bench, engine: Engine) -> None:
    check = {"Test": ["CMD-SHELL", "test -f /ready"], "Interval": 60 * 10**9, "Timeout": 5 * 10**9}
    do.create("sh", "-c", "sleep 0.4; echo up; touch /ready; exec sleep 600", Healthcheck=check)
    do.start()
    begun = time.monotonic()
    both = (Ready(kind="log", options={"pattern": "^up$"}), Ready(kind="exec", options={"command": "test -f /ready"}))
    assert isinstance(do.wait(*both), Done)
    assert isinstance(do.wait(), Done)
    assert time.monotonic() - begun < 10  # not the engine's interval
    seen = engine.inspect(do.name)
    assert look_all(engine, {"app": (seen, (), False)}, PROBES, timeout=10) == {"app": True}


def test_a_probe_that_cannot_run_ends_the_wait(do: Bench) -> None:
    do.create("sleep", "600", HostConfig={"Init": True})
    do.start()
    found = failure(do.wait(Ready(kind="exec", options={"command": ["pg_isready"]}, timeout=60)))
    assert "cannot be seen: pg_isready is not in the image" in found.message
    assert found.data["broken"] is True


def test_a_cancel_ends_a_wait(do: Bench) -> None:
    import threading

    do.create("sleep", "600", HostConfig={"Init": True})
    do.start()
    threading.Timer(0.3, do.cancel.cancel).start()
    begun = time.monotonic()
    do.wait(Ready(kind="exec", options={"command": "sleep 600"}, timeout=60))
    assert time.monotonic() - begun < 3


def test_a_port_that_is_taken_names_its_holder(do: Bench, engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ports = {
            "ExposedPorts": {"80/tcp": {}},
            "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}},
        }
        do.create("sleep", "600", **ports)
        found = failure(do(Start(service="app", container=do.name)))
        assert found.data["port_taken"] == port
        assert "(process " in found.message
    do.start()
    do.create("sleep", "600", name=f"{do.project}-two-1", **ports)
    found = failure(do(Start(service="two", container=f"{do.project}-two-1")))
    assert found.message == (
        f"two cannot start: port {port} of this host is held by container {do.name} of project {do.project}"
    )


def test_a_one_shot(do: Bench) -> None:
    do.create("sh", "-c", "echo one; sleep 0.2; echo two; exit $(cat /code 2>/dev/null || echo 0)")
    step = Run(service="app", container=do.name)
    assert do(step) == Done(data={"exit_code": 0})
    assert do(step) == Done(data={"exit_code": 0})  # it has ended already
    assert do.told.lines == ["one", "two"]
    step = Run(service="app", container=do.name, again=True)
    assert do(step) == Done(data={"exit_code": 0})
    assert do.told.lines == ["one", "two"] * 2
    do.engine.copy_in(do.name, {"/code": (b"6\n", 0o644)})
    found = failure(do(step))
    assert found.message.startswith("app ended with exit code 6")
    assert found.log[-2:] == ("one", "two")


def test_a_one_shot_that_its_policy_tries_again(do: Bench) -> None:
    do.create("sh", "-c", "echo no; exit 6", HostConfig={"RestartPolicy": {"Name": "on-failure"}})
    found = failure(do(Run(service="app", container=do.name)))
    assert "again and again" in found.message


def test_what_a_killed_run_left_is_found(do: Bench, engine: Engine) -> None:
    network = CreateNetwork(name=f"{do.project}_back", labels={labels.PROJECT: do.project})
    connect = ConnectNetwork(container=do.name, network=network.name)
    image = engine.image(do.base)
    assert image is not None
    for _ in range(2):
        assert isinstance(do.create("sleep", "600"), Done)
        assert isinstance(do(network), Done)
        assert isinstance(do(connect), Done)
    seen = engine.inspect(do.name)
    assert seen.labels[labels.IMAGE] == image.id
    assert network.name in seen.networks


def test_links_are_followed_and_folders_told(engine: Engine, do: Bench) -> None:
    do.create("true")
    shell = engine.read_file(do.name, "/bin/sh")  # a link in a folder that is one
    assert shell is not None
    assert shell.head.startswith(b"\x7fELF")
    assert shell.mode & 0o111
    folder = engine.read_file(do.name, "/etc")
    assert folder is not None
    assert (folder.folder, folder.head) == (True, b"")
    assert engine.read_file(do.name, "/etc/passwd/x") is None
