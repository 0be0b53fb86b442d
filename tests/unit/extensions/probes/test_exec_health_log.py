from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from devenv.extensions.probes import PROBES
from devenv.extensions.probes.exec import ExecProbe
from devenv.extensions.probes.health import HealthProbe
from devenv.extensions.probes.log import LogProbe
from devenv.model.errors import Conflict, DevenvError, TimedOut
from devenv.model.protocols import Broken, ExecResult, IsReady, LogLine, Look, NotYet
from devenv.model.stack import Ready
from tests.unit.extensions.probes.places import Inside, at

PG = Ready(kind="exec", options={"command": ["/usr/bin/pg_isready", "-q"]})


def answers(code: int, output: bytes = b"", errors: bytes = b"") -> Inside:
    return Inside(lambda command: ExecResult(exit_code=code, output=output, errors=errors))


def raises(error: Exception) -> Inside:
    def refuse(command: Sequence[str]) -> ExecResult:
        raise error

    return Inside(refuse)


def test_every_kind_has_its_probe() -> None:
    assert {kind: probe.kind for kind, probe in PROBES.items()} == {
        kind: kind for kind in ("http", "tcp", "exec", "log", "health")
    }


def test_exec_is_ready_at_zero_and_else_says_what_was_said() -> None:
    def look(engine: Inside) -> Look:
        return ExecProbe().look(at(engine), PG, timeout=2)

    assert look(answers(0)) == IsReady()
    assert look(answers(2)) == NotYet(why="pg_isready ended with 2")
    assert look(answers(1, b"out\n", b"first\nno server\n\n")) == NotYet(why="pg_isready says: no server")
    assert look(answers(1, b"pg_isready: no\n")) == NotYet(why="pg_isready: no")
    assert look(answers(127, b"not found")) == Broken(why="pg_isready cannot run: not found")
    for said in (
        b'OCI runtime exec failed: exec: "pg_isready": executable file not found in $PATH: unknown',
        b"/bin/sh: 1: pg_isready: not found",
        b"sh: line 1: pg_isready: command not found\n",
    ):
        for code in (127, 1):  # as after `|| exit 1`
            assert look(answers(code, said)) == Broken(why="pg_isready is not in the image")
    assert look(answers(126)) == Broken(why="pg_isready cannot run (exit code 126)")
    assert look(raises(TimedOut("x", hint=""))) == NotYet(why="pg_isready gave no answer in 2 s")
    assert look(raises(Conflict("x", hint=""))) == NotYet(why="the container is not running")
    assert look(raises(DevenvError("no way", hint=""))) == NotYet(why="no way")


def test_a_text_goes_through_the_shell_and_none_is_broken() -> None:
    engine = answers(0)
    ExecProbe().look(at(engine), Ready(kind="exec", options={"command": "test -f /ready"}), timeout=1)
    assert engine.ran == [("sh", "-c", "test -f /ready")]
    assert isinstance(ExecProbe().look(at(engine), Ready(kind="exec", options={}), timeout=1), Broken)


def test_at_most_four_run_at_a_time() -> None:
    now, most, lock, four = [0], [0], threading.Lock(), threading.Barrier(4, timeout=30)

    def slow(command: Sequence[str]) -> ExecResult:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        four.wait()
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        return ExecResult(exit_code=0)

    looks: list[Look] = []
    engine = Inside(slow)

    def look() -> None:
        looks.append(ExecProbe().look(at(engine), PG, timeout=30))

    threads = [threading.Thread(target=look, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most[0], looks) == (4, [IsReady()] * 8)


def test_who_does_not_get_a_turn_says_so() -> None:
    release = threading.Event()
    engine = Inside(lambda command: ExecResult(exit_code=0 if release.wait(30) else 1))
    threads = [
        threading.Thread(target=lambda: ExecProbe().look(at(engine), PG, timeout=30), daemon=True) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    try:
        while len(engine.ran) < 4:
            time.sleep(0.005)
        look = ExecProbe().look(at(engine), PG, timeout=0.05)
        assert isinstance(look, NotYet)
        assert "its turn" in look.why
    finally:
        release.set()
        for thread in threads:
            thread.join(30)


def test_health_runs_the_containers_own_test() -> None:
    def look(engine: Inside, test: list[str], **fields: object) -> Look:
        config = {"Healthcheck": {"Test": test, "Timeout": 10**9}, "Shell": fields.pop("shell", None)}
        return HealthProbe().look(at(engine, config=config, **fields), Ready(kind="health", options={}), timeout=5)

    engine = answers(1, errors=b"no")
    assert look(engine, ["CMD", "pg_isready"], health="healthy") == IsReady()
    assert engine.ran == []
    assert look(engine, ["CMD", "pg_isready", "-q"], health="starting") == NotYet(why="pg_isready says: no")
    assert look(engine, ["CMD-SHELL", "curl x"]) == NotYet(why="curl says: no")
    look(engine, ["CMD-SHELL", "curl x"], shell=["/bin/bash", "-c"])
    assert engine.ran == [
        ("pg_isready", "-q"),
        ("/bin/sh", "-c", "curl x"),
        ("/bin/bash", "-c", "curl x"),
    ]
    sick = look(engine, ["CMD", "x"], health="unhealthy", health_log="disk is full\n")
    assert sick == NotYet(why="x says: no (engine: unhealthy, disk is full)")
    assert look(answers(0), ["CMD", "x"], health="unhealthy") == IsReady()
    assert look(answers(127), ["CMD", "x"]) == Broken(why="the healthcheck's x cannot run (exit code 127)")
    for none in ([], ["NONE"]):
        assert look(engine, none) == Broken(why="the container has no healthcheck")


def line(second: int, text: str) -> LogLine:
    return LogLine(container="c", line=text, at=f"2026-01-01T00:00:{second:02}.500000000Z")


def log(pattern: str) -> Ready:
    return Ready(kind="log", options={"pattern": pattern})


def test_log_waits_for_a_line_and_remembers_how_far_it_read() -> None:
    probe, engine = LogProbe(), Inside(said=[line(1, "starting")])
    assert probe.look(at(engine), log("listening on \\d+"), timeout=1) == NotYet(
        why="no log line matches 'listening on \\\\d+' yet, last line: starting"
    )
    engine.said.append(line(3, "listening on 80"))
    assert probe.look(at(engine), log("listening on \\d+"), timeout=1) == IsReady()
    assert probe.look(at(engine), log("listening on \\d+"), timeout=1) == IsReady()
    assert engine.since == [0.0, 1767225601.0]  # found once is found: the third look did not read


def test_log_of_an_earlier_start_does_not_count() -> None:
    engine = Inside(said=[line(1, "ready"), line(2, "bye")])
    again = {"finished_at": "2026-01-01T00:00:02.6Z", "started_at": "2026-01-01T00:00:02.900Z"}
    assert LogProbe().look(at(engine, **again), log("ready"), timeout=1) == NotYet(
        why="no log line matches 'ready' yet, it has said nothing"
    )
    engine.said.append(line(3, "ready"))
    assert LogProbe().look(at(engine, **again), log("ready"), timeout=1) == IsReady()


def test_log_that_cannot_be_read() -> None:
    assert isinstance(LogProbe().look(at(Inside()), log("("), timeout=1), Broken)
    silent = {"config": {"HostConfig": {"LogConfig": {"Type": "none"}}}}
    assert isinstance(LogProbe().look(at(Inside(), **silent), log("x"), timeout=1), Broken)


def test_log_of_a_container_that_is_gone() -> None:
    class Gone(Inside):
        def logs(self, container, *, timestamps=False, since=None):  # type: ignore[no-untyped-def]
            raise DevenvError("it is gone", hint="")

    assert LogProbe().look(at(Gone()), log("x"), timeout=1) == NotYet(why="it is gone")
