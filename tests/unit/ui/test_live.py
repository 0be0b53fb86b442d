from __future__ import annotations

import io

import pytest

from devenv.ui.live import Live
from tests.unit.ui.runs import Run, Screen, failed, halfway


class Watched:
    """A live table on a made-up terminal; `draw` is what the ticker would do."""

    def __init__(self, columns: int = 80, rows: int = 24, typed: str = "", verbose: bool = False) -> None:
        self.screen = Screen(columns)
        self.out = io.StringIO()
        self.rows = rows
        self.run = halfway()
        self.ui = Live(
            out=self.out,
            err=self.screen,
            source=_Typed(typed),
            colour=False,
            size=lambda: (self.screen.columns, self.rows),
            now=lambda: self.run.at,
            ticking=False,
            verbose=verbose,
        )

    def play(self, run: Run | None = None) -> None:
        self.run = run or self.run
        for event in self.run.events:
            self.ui.subscriber()(event)

    def draw(self) -> list[str]:
        self.ui.tick()
        return self.screen.shown


class _Typed(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_it_is_drawn_over_itself(watched: Watched) -> None:
    watched.play()
    first = watched.draw()
    assert first[1].startswith("⠋ db")
    watched.run.at += 1
    second = watched.draw()
    assert len(second) == len(first)
    assert second[-2] == "up shop: 2 of 8 steps, 6.0 s"


def test_what_did_not_change_is_not_written_again(watched: Watched) -> None:
    watched.play()
    watched.draw()
    before = len(watched.screen.getvalue())
    watched.draw()
    assert "waiting" not in watched.screen.getvalue()[before:]


def test_words_go_above_the_table(watched: Watched) -> None:
    watched.play()
    watched.draw()
    watched.ui.notice("port 5432 is taken")
    shown = watched.draw()
    assert shown[0] == "devenv: note: port 5432 is taken"
    assert shown[1].startswith("⠋ shop-api")
    assert sum("shop-api" in line for line in shown) == 2  # its row, and the one that waits for it


def test_the_end_stays_and_the_summary_follows(watched: Watched) -> None:
    watched.play()
    watched.draw()
    rest = failed()
    for event in rest.events[len(halfway().events) :]:
        watched.ui.subscriber()(event)
    shown = watched.screen.shown
    assert [line[:6].rstrip() for line in shown[:5]] == ["✔ shop", "✔ db", "✘ api", "– web", "✔ mail"]
    assert "✘ api does not become ready: It ended with exit code 1." in shown
    assert "  Not started because of it: web" in shown
    assert watched.out.getvalue() == "shop: `up` failed after 7.0 s: api failed.\n"
    drawn = len(watched.screen.getvalue())
    watched.draw()
    watched.ui.close(1)
    assert len(watched.screen.getvalue()) == drawn


def test_a_terminal_made_narrower_keeps_one_table(watched: Watched) -> None:
    watched.play()
    watched.draw()
    # What terminals that wrap anew do with the lines that no longer fit.
    lines = [line[i : i + 40] for line in watched.screen.lines for i in range(0, max(len(line), 1), 40)]
    watched.screen.columns, watched.screen.lines = 40, lines
    watched.screen.y = len(lines) - 1
    shown = watched.draw()
    assert sum(line.startswith("up shop") for line in shown) == 1
    assert max(map(len, shown)) <= 40


def test_it_fits_into_a_low_terminal() -> None:
    watched = Watched(rows=4)
    watched.play()
    assert len(watched.draw()) <= 4


def test_nothing_is_drawn_while_a_question_waits() -> None:
    watched = Watched(typed="y\n")
    watched.play()
    watched.draw()

    answered = []
    readline = watched.ui.source.readline

    def slow() -> str:
        watched.draw()
        answered.append(watched.screen.shown[-1])
        return readline()

    watched.ui.source.readline = slow  # type: ignore[method-assign]
    assert watched.ui.ask("Replace the rows?")
    assert answered == ["devenv: Replace the rows? [y/N]"]
    watched.screen.write("\n")  # the Enter that was typed
    assert watched.draw()[0].startswith("devenv: Replace the rows? [y/N]")
    assert watched.screen.shown[1].startswith("⠋ shop-api")


def test_a_run_of_no_steps_draws_no_table(watched: Watched) -> None:
    run = Run()
    run.begin(nodes=())
    run.finish(message="nothing to do")
    watched.play(run)
    assert watched.screen.getvalue() == ""
    assert watched.out.getvalue() == "shop: nothing to do\n"


def test_a_run_without_an_end_leaves_its_last_state(watched: Watched) -> None:
    watched.play()
    watched.ui.close(130)
    assert watched.screen.shown[-2] == "up shop: 2 of 8 steps, 5.0 s"


def test_verbose_lines_stand_above() -> None:
    watched = Watched(verbose=True)
    watched.play()
    watched.draw()
    watched.ui.subscriber()(watched.run.log("build:shop-api", "Collecting fastapi"))
    assert watched.draw()[0] == "build:shop-api | Collecting fastapi"


def test_a_stream_that_is_no_terminal_counts_as_eighty_columns() -> None:
    ui = Live(out=io.StringIO(), err=io.StringIO())
    assert ui._terminal_size() == (80, 24)
