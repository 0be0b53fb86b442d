from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from devenv.app import logreading
from devenv.app.logreading import Reading, _in_order
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import LogLine
from devenv.run.cancel import CancelToken


def _container(service: str, identity: str = "", state: str = "running") -> ObservedContainer:
    return ObservedContainer(
        id=identity or service, name=service, image="x", image_id="x", state=state, labels={labels.SERVICE: service}
    )


def _line(second: int, said: str) -> LogLine:
    return LogLine(container="c", line=said, at=f"2026-01-01T00:00:{second:02}.000000000Z")


@dataclass
class Engine:
    """`history` and then `live` are what containers say, by id; an entry that is an error is raised. A container that
    was followed to its end is as `then` says from then on."""

    history: Mapping[str, Sequence[LogLine | DevenvError]] = field(default_factory=dict)
    live: dict[str, list[Sequence[LogLine]]] = field(default_factory=dict)
    there: list[ObservedContainer] = field(default_factory=list)
    then: dict[str, list[ObservedContainer]] = field(default_factory=dict)

    def projects(self) -> Mapping[str, tuple[ObservedContainer, ...]]:
        return {"shop": tuple(self.there)}

    def logs(self, container: str, *, follow: bool = False, **more: Any) -> Iterator[LogLine]:
        said = self.live[container].pop(0) if follow and self.live.get(container) else ()
        for item in said if follow else self.history.get(container, ()):
            if isinstance(item, DevenvError):
                raise item
            yield item
        if follow:
            self.there = self.then.get(container, [c for c in self.there if c.id != container])


def _read(engine: Engine, *services: str, follow: bool = True) -> tuple[list[str], list[str]]:
    """What is shown, as `service said`, and what is told of."""
    told: list[str] = []
    reading = Reading(
        engine=engine,  # type: ignore[arg-type]
        project="shop",
        services=services,
        cancel=CancelToken(),
        notice=told.append,
    )
    containers = {c.labels[labels.SERVICE]: c for c in engine.there}
    lines = reading.followed(containers) if follow else reading.merged(containers)
    return [f"{service} {line.line}" for service, line in lines], told


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logreading, "REST", 0.02)
    monkeypatch.setattr(logreading, "GRACE", 0.3)
    monkeypatch.setattr(logreading, "WINDOW", 0.1)


def test_lines_of_all_come_in_the_order_of_their_times() -> None:
    engine = Engine(
        history={"a": [_line(1, "one"), _line(4, "four")], "b": [_line(2, "two"), _line(3, "three")]},
        there=[_container("a"), _container("b")],
    )
    assert _read(engine, "a", "b", follow=False) == (["a one", "b two", "b three", "a four"], [])


def test_a_log_that_cannot_be_read_keeps_no_other_from_being_shown() -> None:
    error = DevenvError("configured logging driver does not support reading", hint="h")
    engine = Engine(history={"a": [error], "b": [_line(2, "two")]}, there=[_container("a"), _container("b")])
    assert _read(engine, "a", "b", follow=False) == (["b two"], [f"the log of a cannot be read: {error.message}"])


def test_following_goes_on_where_the_history_ended_and_ends_with_what_runs() -> None:
    engine = Engine(
        history={"a": [_line(1, "one")], "b": [_line(2, "two")]},
        live={"a": [[_line(1, "one"), _line(3, "three")]], "b": [[_line(2, "two"), _line(4, "four")]]},
        there=[_container("a"), _container("b")],
    )
    assert _read(engine, "a", "b") == (["a one", "b two", "a three", "b four"], [])


def test_a_container_that_is_started_again_or_made_anew_is_followed_on() -> None:
    again, anew = _container("a"), _container("a", "a2")
    engine = Engine(
        history={"a": [_line(1, "one")]},
        live={"a": [[_line(2, "two")], [_line(2, "two"), _line(3, "three")]], "a2": [[_line(4, "four")]]},
        there=[again],
    )
    rest = [[again], [anew]]
    end = engine.logs

    def logs(container: str, *, follow: bool = False, **more: Any) -> Iterator[LogLine]:
        yield from end(container, follow=follow)
        if follow and rest and container == "a":
            engine.there = rest.pop(0)

    engine.logs = logs  # type: ignore[method-assign]
    assert _read(engine, "a") == (["a one", "a two", "a three", "a four"], [])


def test_a_slow_restart_does_not_end_the_following(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logreading, "GRACE", 0.0)
    stopped, again = _container("a", state="exited"), _container("a")
    engine = Engine(
        live={"a": [[_line(1, "one")], [_line(2, "two")]]},
        there=[again],
        then={"a": [stopped]},
    )
    looks = iter([True] * 4)

    def busy() -> bool:
        held = next(looks, False)
        if not held and engine.live["a"]:
            engine.there = [again]
            return True
        return held

    reading = Reading(
        engine=engine,  # type: ignore[arg-type]
        project="shop",
        services=("a",),
        cancel=CancelToken(),
        notice=lambda line: None,
        busy=busy,
    )
    assert [line.line for _, line in reading.followed({"a": again})] == ["one", "two"]


def test_what_comes_late_goes_before_what_is_younger() -> None:
    said: queue.SimpleQueue[tuple[str, LogLine] | None] = queue.SimpleQueue()
    for item in (("a", _line(3, "three")), ("b", _line(1, "one")), ("c", _line(2, "two"))):
        said.put(item)
    shown = _in_order(said)
    assert [next(shown)[1].line for _ in range(3)] == ["one", "two", "three"], "without waiting for an end"
    said.put(("a", _line(4, "four")))
    said.put(None)
    assert [line.line for _, line in shown] == ["four"]


def test_a_cancel_ends_the_following() -> None:
    cancel, engine = CancelToken(), Engine(there=[_container("a")])
    engine.logs = lambda *words, **more: iter(lambda: cancel.wait(30), True)  # type: ignore[method-assign, assignment, return-value]
    reading = Reading(
        engine=engine,  # type: ignore[arg-type]
        project="shop",
        services=("a",),
        cancel=cancel,
        notice=lambda line: None,
    )
    threading.Timer(0.1, cancel.cancel).start()
    assert list(reading.followed({})) == []
