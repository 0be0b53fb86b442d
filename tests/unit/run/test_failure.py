from __future__ import annotations

import time
from dataclasses import replace

import pytest

from devenv.backends.fake import Behaviour, FakeEngine
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.labels import PROJECT
from devenv.model.observed import ObservedContainer
from devenv.run.clock import SystemClock
from devenv.run.failure import failed, last_lines, seconds, signal_name, verdict
from devenv.run.holder import holder, protocols, taken_port
from tests.unit.run.test_perform import FakeHost
from tests.unit.run.virtual import IMAGE, VirtualClock, container

ENDED = ObservedContainer(
    id="c1",
    name="shop-app-1",
    image="app",
    image_id="sha256:1",
    state="exited",
    labels={},
    exit_code=139,
    started_at="2026-01-01T00:00:01.250000001Z",
    finished_at="2026-01-01T01:00:03.75+01:00",
)


def test_a_signal_is_named() -> None:
    found = verdict("app", ENDED)
    assert found is not None
    assert found.message == "app ended with exit code 139 (SIGSEGV) after 2.5 s"
    assert (found.data["signal"], found.data["seconds"]) == ("SIGSEGV", 2.5)
    assert (signal_name(137), signal_name(1), signal_name(255)) == ("SIGKILL", "", "")


def test_what_the_engine_could_not_start_is_in_its_words() -> None:
    found = verdict("app", replace(ENDED, error="exec: no such file", exit_code=127))
    assert found is not None
    assert found.message == "app did not start: exec: no such file"


def test_what_runs_has_no_verdict() -> None:
    for state in ("running", "restarting", "paused"):
        assert verdict("app", replace(ENDED, state=state)) is None
    assert verdict("app", replace(ENDED, state="running", oom_killed=True)) is None
    assert verdict("app", replace(ENDED, state="dead")) is not None


def test_times_of_the_engine() -> None:
    assert seconds("2026-01-01T00:00:00.5Z") == seconds("2026-01-01T01:00:00.5+01:00")
    assert seconds("0001-01-01T00:00:00Z") is None
    assert seconds("") is None


def test_lines_that_cannot_be_read_are_none() -> None:
    assert last_lines(FakeEngine(), "nobody") == ()


def test_a_program_of_another_architecture_has_a_remedy_of_its_own() -> None:
    behaviour = Behaviour(exit_code=1, log=(("stderr", "exec /run: exec format error"),))
    engine = FakeEngine(images=[IMAGE], behaviours={IMAGE: behaviour})
    name = container(engine)
    found = verdict("app", engine.inspect(name))
    assert found is not None
    told = failed(engine, "app", engine.inspect(name), found)
    assert told.log == ("exec /run: exec format error",)
    assert "architecture" in told.message


def test_only_what_it_said_since_its_start_is_told() -> None:
    clock = VirtualClock()
    engine = FakeEngine(images=[IMAGE], clock=clock)
    name = container(engine, "sh", "-c", "echo one; exit 1")
    clock.pass_(60)
    engine.start(name)
    seen = engine.inspect(name)
    found = verdict("app", seen)
    assert found is not None
    assert last_lines(engine, name) == ("one", "one")
    assert failed(engine, "app", seen, found).log == ("one",)


@pytest.mark.parametrize(
    ("memory", "code", "oom", "message"),
    [
        (64 * 2**20, 137, True, "app was killed because it took more memory than its limit of 64 MiB"),
        (
            64 * 2**20, 1, True,
            "app ended with exit code 1 after one of its processes was killed: it took more memory than its limit of "
            "64 MiB",
        ),
        (
            2**30, 137, False,
            "app was killed (exit code 137, SIGKILL) after 2.5 s: most likely it took more memory than its limit of "
            "1 GiB",
        ),
        (0, 137, False, "app was killed (exit code 137, SIGKILL) after 2.5 s: something else ended it"),
        (0, 137, True, "app was killed because the machine ran out of memory"),
    ],
)  # fmt: skip
def test_a_kill_is_told_with_the_limit_of_memory(memory: int, code: int, oom: bool, message: str) -> None:
    config = {"HostConfig": {"Memory": memory}}
    found = verdict("app", replace(ENDED, exit_code=code, oom_killed=oom, config=config))
    assert found is not None
    assert found.message == message
    assert "mem" in found.hint


def test_the_clock_is_this_machines() -> None:
    assert abs(SystemClock().now() - time.time()) < 60
    assert SystemClock().monotonic() <= SystemClock().monotonic()


@pytest.mark.parametrize(
    ("message", "port"),
    [
        ("driver failed: Bind for 127.0.0.1:8000 failed: port is already allocated", 8000),
        ("Bind for :::8000 failed: port is already allocated", 8000),
        ("listen tcp4 0.0.0.0:80: bind: address already in use", 80),
        ("failed to bind host port for 0.0.0.0:5432:172.18.0.2:5432/tcp: address already in use", 5432),
        ("failed to bind host port 0.0.0.0:5432/tcp: address already in use", 5432),
        ("Ports are not available: exposing port TCP 0.0.0.0:3000 -> 0.0.0.0:0: listen tcp 0.0.0.0:3000: bind", 3000),
        ("cannot start a paused container", None),
        ("the name is already in use by container 1:2", None),
    ],
)
def test_the_port_that_an_engine_says_is_taken(message: str, port: int | None) -> None:
    assert taken_port(message) == port


def test_the_protocol_of_the_port_that_is_taken() -> None:
    assert protocols("cannot start listen-1: listen udp4 0.0.0.0:53: bind: address already in use") == ("udp",)
    assert protocols("failed to bind host port 0.0.0.0:53/udp: address already in use") == ("udp",)
    assert protocols("cannot start udp-1: Bind for 0.0.0.0:53 failed: port is already allocated") == ("tcp", "udp")


def test_a_holder_is_a_container_of_a_project_or_of_none_else_a_process() -> None:
    engine = FakeEngine(images=[IMAGE])
    engine._info = replace(engine.info, local=True)
    host = FakeHost()
    published = {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}}
    container(engine, name="alone", **published)
    assert holder(engine, host, 8080) == "container alone"
    engine.stop("alone")
    container(engine, name="shop-web-1", Labels={PROJECT: "shop"}, **published)
    assert holder(engine, host, 8080) == "container shop-web-1 of project shop"
    assert holder(engine, host, 8080, "udp") == "nginx (process 8080)"
    assert holder(engine, host, 81) == "nginx (process 81)"


def test_nobody_is_named_where_the_engine_is_elsewhere_or_silent() -> None:
    engine = FakeEngine(images=[IMAGE])
    engine._info = replace(engine.info, local=False)
    assert holder(engine, FakeHost(), 80) == ""

    class Silent(FakeEngine):
        def running(self):  # type: ignore[no-untyped-def]
            raise DevenvError("no answer", hint="", code=ExitCode.UNFIT)

    assert holder(Silent(), FakeHost(), 80) == ""
