from __future__ import annotations

import io
import json

from devenv.core.eventlog import read_events
from devenv.model.errors import DevenvError
from devenv.ui.jsonl import JsonLines
from tests.unit.ui.runs import Run, failed, halfway


def _ui() -> tuple[JsonLines, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return JsonLines(out=out, err=err, now=lambda: 109.0), out, err


def _play(ui: JsonLines, run: Run) -> None:
    for event in run.events:
        ui.subscriber()(event)


def test_each_event_is_a_line_that_can_be_read_back() -> None:
    ui, out, err = _ui()
    run = failed()
    _play(ui, run)
    ui.close(1)
    assert list(read_events(out.getvalue().splitlines())) == run.events
    assert json.loads(out.getvalue().splitlines()[-1])["event"] == "run_finished"
    assert err.getvalue() == ""


def test_a_run_that_was_left_gets_its_end() -> None:
    ui, out, _ = _ui()
    run = halfway()
    _play(ui, run)
    ui.close(3)
    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["event"], last["code"], last["seconds"], last["seq"]) == ("run_finished", 3, 9.0, run.seq + 1)


def test_an_error_before_a_run_is_one_line_and_nothing_more() -> None:
    ui, out, _ = _ui()
    ui.error(DevenvError("No manifest.", hint="Write one."))
    ui.close(2)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "error", "code": 2, "errors": [{"message": "No manifest.", "hint": "Write one."}]}
    ]


def test_words_are_not_data_and_nothing_is_asked() -> None:
    ui, out, err = _ui()
    ui.say("starting the engine")
    assert not ui.ask("May I?")
    assert out.getvalue() == ""
    assert err.getvalue() == "devenv: starting the engine\n"
