from __future__ import annotations

import io
import threading
import time

import pytest

from devenv.model.errors import DevenvError, ExitCode
from devenv.model.events import RunFinished
from devenv.ui.jsonl import JsonLines
from devenv.ui.plain import Plain
from tests.unit.ui.runs import Run, failed, halfway


def _ui(verbose: bool = False, now: float = 105.0) -> tuple[Plain, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Plain(out=out, err=err, verbose=verbose, now=lambda: now, ticking=False), out, err


def _play(ui: Plain, run: Run) -> None:
    take = ui.subscriber()
    for event in run.events:
        take(event)


def test_one_line_a_change_and_none_twice() -> None:
    ui, out, err = _ui()
    run = halfway()
    for rows in range(2000, 5000, 500):
        run.progress("seed:db:0", current=rows, unit="rows")
    _play(ui, run)
    assert err.getvalue().split("\n") == [
        "shop-api: building",
        "db: starting",
        "db: checking",
        "db: seeding",
        "",
    ]
    assert out.getvalue() == ""


def test_the_end_of_a_failed_run_is_told_on_stderr_and_summed_up_on_stdout() -> None:
    ui, out, err = _ui()
    _play(ui, failed())
    said = err.getvalue().split("\n")
    assert "shop-api: built (5.0 s)" in said
    assert "db: ready, 5,000 rows (5.0 s)" in said
    assert "api: failed: It ended with exit code 1." in said
    assert "web: skipped: api failed" in said
    block = said[said.index("✘ api does not become ready: It ended with exit code 1.") :]
    assert block[1:3] == ["  │ Traceback (most recent call last):", "  │ KeyError: 'DATABASE_URL'"]
    assert out.getvalue() == "shop: `up` failed after 7.0 s: api failed.\n"


def test_what_takes_long_is_told_again_at_growing_distance() -> None:
    now = 100.0
    err = io.StringIO()
    ui = Plain(out=io.StringIO(), err=err, now=lambda: now, ticking=False)
    run = Run()
    for event in (run.begin(), run.start("start:db"), run.end("start:db"), run.start("ready:db")):
        ui.subscriber()(event)
    ui.subscriber()(run.progress("ready:db", text="connection refused"))
    err.truncate(0)
    err.seek(0)
    for second in range(1, 90):
        now = 100.0 + second
        ui.tick()
    assert err.getvalue().split("\n") == [
        "db: still checking after 10 s: connection refused",
        "db: still checking after 20 s: connection refused",
        "db: still checking after 40 s: connection refused",
        "db: still checking after 80 s: connection refused",
        "",
    ]


def test_a_step_that_is_a_screenful_is_cut_to_a_line() -> None:
    now = 100.0
    err = io.StringIO()
    ui = Plain(out=io.StringIO(), err=err, now=lambda: now, ticking=False)
    run = Run()
    for event in (run.begin(), run.start("build:shop-api")):
        ui.subscriber()(event)
    ui.subscriber()(run.progress("build:shop-api", text="RUN set -eux; " + "apt-get install; " * 40))
    now += 11
    ui.tick()
    last = err.getvalue().splitlines()[-1]
    assert last.startswith("shop-api: still building after 11 s: RUN set -eux; apt-get install;")
    assert last.endswith("…")
    assert len(last) == 110


def test_verbose_shows_what_steps_say() -> None:
    ui, _, err = _ui(verbose=True)
    _play(ui, failed())
    assert "api | KeyError: 'DATABASE_URL'\n" in err.getvalue()


def test_words_and_answers_go_their_ways() -> None:
    ui, out, err = _ui()
    ui.say("rendered a file")
    ui.notice("open to the network")
    ui.print("answer")
    ui.error(DevenvError("It is wrong.", hint="Mend it."))
    assert out.getvalue() == "answer\n"
    assert err.getvalue() == (
        "devenv: rendered a file\ndevenv: note: open to the network\ndevenv: It is wrong.\n  → Mend it.\n"
    )


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_question_is_asked_at_a_terminal_alone() -> None:
    for typed, answer in (("y\n", True), ("YES\n", True), ("\n", False), ("no\n", False), ("", False)):
        err = _Terminal()
        ui = Plain(out=io.StringIO(), err=err, source=_Terminal(typed), ticking=False)
        assert ui.ask("Remove it?") is answer
        assert err.getvalue().startswith("devenv: Remove it? [y/N] ")
    piped = Plain(out=io.StringIO(), err=_Terminal(), source=io.StringIO("y\n"), ticking=False)
    assert not piped.ask("Remove it?")


def test_a_question_with_a_default_is_answered_by_it_alone_where_nobody_types() -> None:
    for typed, answer in (("8001\n", "8001"), ("\n", "5000"), ("", "5000"), (" 1 \n", "1")):
        err = _Terminal()
        ui = Plain(out=io.StringIO(), err=err, source=_Terminal(typed), ticking=False)
        assert ui.answer("Port", "5000") == answer
        assert err.getvalue().startswith("devenv: Port [5000] ")
    assert (
        Plain(out=io.StringIO(), err=_Terminal(), source=io.StringIO("1\n"), ticking=False).answer("Port", "5") == "5"
    )
    assert JsonLines(out=io.StringIO(), err=_Terminal(), source=_Terminal("1\n")).answer("Port", "5") == "5"


class _Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def test_a_stderr_that_nobody_reads_ends_nothing() -> None:
    ui = Plain(out=io.StringIO(), err=_Broken(BrokenPipeError()), ticking=False)
    ui.say("a")
    ui.error(DevenvError("b", hint="c"))


def test_a_stdout_that_cannot_take_it_is_said() -> None:
    ui = Plain(out=_Broken(OSError(28, "No space left on device")), err=io.StringIO(), ticking=False)
    with pytest.raises(DevenvError, match="No space left on device") as told:
        ui.print("x")
    assert told.value.code == ExitCode.FAILED
    _play(ui, halfway())
    ui.subscriber()(RunFinished(seq=99, at=1, code=0, seconds=1))  # the run itself did not fail


def test_the_ticker_stops_with_the_run() -> None:
    ui = Plain(out=io.StringIO(), err=io.StringIO())
    _play(ui, halfway())
    assert _tickers() == 1
    ui.close(0)
    deadline = time.monotonic() + 5
    while _tickers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _tickers() == 0


def _tickers() -> int:
    return sum(thread.name == "ticker" for thread in threading.enumerate())
