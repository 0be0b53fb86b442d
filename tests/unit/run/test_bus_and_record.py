from __future__ import annotations

import errno
import io

import pytest

from devenv.model.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    Outcome,
    RunFinished,
    RunStarted,
    Skipped,
    StepFinished,
    StepLog,
    StepProgress,
    StepStarted,
)
from devenv.run.bus import Bus
from devenv.run.record import Recorder, from_json, read_events, to_json


class FrozenClock:
    def now(self) -> float:
        return 1700000000.25

    def monotonic(self) -> float:
        return 1.0


def test_events_are_numbered_dated_and_given_to_all_in_order() -> None:
    bus, first, second = Bus(FrozenClock()), [], []
    bus.subscribe(first.append)
    bus.emit(RunStarted, project="shop", verb="up")
    bus.subscribe(second.append)
    bus.emit(StepStarted, node="start:db", service="db", step="Start")
    assert [(e.seq, e.at, e.kind) for e in first] == [
        (1, 1700000000.25, "run_started"),
        (2, 1700000000.25, "step_started"),
    ]
    assert second == first[1:]


def test_a_broken_subscriber_is_let_go_and_the_others_go_on() -> None:
    bus, heard = Bus(FrozenClock()), []

    def full(event: Event) -> None:
        raise OSError("no space left on device")

    bus.subscribe(full)
    bus.subscribe(heard.append)
    bus.emit(StepLog, line="a")
    bus.emit(StepLog, line="b")
    assert [e.line for e in heard] == ["a", "b"]
    assert [str(e) for e in bus.broken] == ["no space left on device"]


class FullDisk(io.StringIO):
    """Takes `room` characters."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, text: str) -> int:
        if self.tell() + len(text) > self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_record_on_a_full_disk_ends_and_says_so_and_the_run_goes_on() -> None:
    stream, bus = FullDisk(120), Bus(FrozenClock())
    recorder = Recorder(stream)
    bus.subscribe(recorder)
    for line in ("a", "b" * 200, "c"):
        bus.emit(StepLog, line=line)
    assert [event.line for event in read_events(stream.getvalue().splitlines())] == ["a"]
    lost = recorder.close()
    assert lost is not None
    assert lost.strerror == "No space left on device"
    assert bus.broken == []
    assert Recorder(io.StringIO()).close() is None


def test_a_record_whose_end_does_not_fit_is_closed_all_the_same() -> None:
    class Late(io.StringIO):
        def close(self) -> None:
            super().close()
            raise OSError(errno.ENOSPC, "No space left on device")

    recorder = Recorder(Late())
    lost = recorder.close()
    assert lost is not None
    assert lost.errno == errno.ENOSPC


OUTCOMES: tuple[Outcome, ...] = (
    Done(detail="5000 rows", data={"rows": 5000}),
    Failed(message="it ended with 1", hint="look", log=("a", "b"), code=3),
    Skipped(because="wait:db"),
    Cancelled(),
)


@pytest.mark.parametrize(
    "event",
    [
        RunStarted(seq=1, at=1.5, project="p", verb="up", nodes=(("a", "db", "Start", "x", "why"),), services=("db",)),
        StepStarted(seq=2, at=2, node="n", service="db", step="Start"),
        StepProgress(seq=3, at=3, current=1, total=2, unit="bytes", text="größer\n"),
        StepLog(seq=4, at=4, line='"quoted" \\ line', stream="stderr"),
        RunFinished(seq=9, at=9, code=1, seconds=2.5, urls={"web": "http://127.0.0.1:8080"}, seeded={"db": "3 rows"}),
        *(StepFinished(seq=5, at=5, outcome=outcome, seconds=0.5) for outcome in OUTCOMES),
    ],
    ids=lambda e: e.kind,
)
def test_every_event_comes_back_from_its_line(event: Event) -> None:
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"event":"tea_time"}',
        '{"event":"step_log","seq":1}',
        '{"event":"step_finished","seq":1,"at":1,"outcome":{"outcome":"maybe"}}',
    ],
)
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(line)


def test_a_torn_last_line_is_left_out_and_a_broken_middle_is_not() -> None:
    stream = io.StringIO()
    record = Recorder(stream)
    for seq in (1, 2):
        record(StepLog(seq=seq, at=0, line=str(seq)))
    text = stream.getvalue()
    assert [e.seq for e in read_events(iter((text + text[:20]).splitlines()))] == [1, 2]
    with pytest.raises(ValueError, match=r"."):
        list(read_events(iter(("nonsense\n" + text).splitlines())))


def test_secrets_are_taken_out_of_every_text_and_of_no_name() -> None:
    heard: list[Event] = []
    bus = Bus(FrozenClock(), mask=lambda text: text.replace("hunter2", "***"))
    bus.subscribe(heard.append)
    failed = Failed(
        message="no hunter2", hint="use hunter2", log=("a", "hunter2"), data={"deep": ["hunter2", 1], "n": 2}
    )
    bus.emit(StepFinished, node="start:hunter2", service="hunter2", outcome=failed)
    bus.emit(StepLog, node="n", line="password=hunter2")
    assert [to_json(event).count("***") for event in heard] == [4, 1]
    assert (heard[0].node, heard[0].service) == ("start:hunter2", "hunter2")
    assert bus.masked(Done(detail="hunter2")) == Done(detail="***")
    assert bus.masked(Skipped(because="start:hunter2")) == Skipped(because="start:hunter2")
    assert Bus(FrozenClock()).masked(failed) is failed
