from __future__ import annotations

import re

import pytest

from devenv.core.view import View
from devenv.model.events import Failed, RunStarted
from devenv.ui import text
from devenv.ui.screen import render
from tests.unit.ui.runs import failed, halfway, view_of


def test_the_table_says_who_does_what_and_why_who_waits() -> None:
    run = halfway()
    lines = render(view_of(run), run.at, width=100)
    assert lines[0].startswith("⠋ shop-api  building   ████░░░░░░░░ 3 of 9 steps RUN pip install -r requirements.txt")
    assert lines[0].endswith(" 5.0 s")
    assert re.sub(" +", " ", lines[1]) == "⠋ db seeding 1,200 rows products 5.0 s"
    assert re.sub(" +", " ", lines[2]) == "· api waiting for shop-api to be built"
    assert re.sub(" +", " ", lines[3]) == "· web waiting for api to be ready"
    assert re.sub(" +", " ", lines[4]) == "✔ mail unchanged"
    assert lines[5] == "up shop: 2 of 8 steps, 5.0 s"
    assert len(lines) == 6


@pytest.mark.parametrize("width", [20, 30, 45, 60, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, unicode: bool) -> None:
    for run in (halfway(), failed()):
        lines = render(view_of(run), run.at + 3000, width=width, unicode=unicode)
        assert max(text.width(line) for line in lines) <= width
        if not unicode:
            assert all(line.isascii() for line in lines)


def test_what_is_done_is_left_out_where_there_is_no_room_to_say_it() -> None:
    run = halfway()
    assert render(view_of(run), run.at, width=72)[0].split("steps")[1].strip().startswith("RUN pip install")
    assert render(view_of(run), run.at, width=62)[0].split("steps")[1].split() == ["5.0", "s"]


def test_sixty_columns_still_say_what_matters() -> None:
    run = halfway()
    lines = render(view_of(run), run.at, width=60)
    assert "3 of 9 steps" in lines[0]
    assert "waiting" in lines[2]
    assert "shop-api" in lines[2]


def test_a_failing_step_shows_its_last_lines_below() -> None:
    run = failed()
    logs = {"ready:api": [f"line {n}" for n in range(9)]}
    lines = render(view_of(run), run.at, width=80, logs=logs)
    assert re.sub(" +", " ", lines[2]).startswith("✘ api failed It ended with exit code 1.")
    assert re.sub(" +", " ", lines[3]).startswith("– web skipped api failed")
    assert lines[5:10] == [f"    │ line {n}" for n in range(4, 9)]


def test_the_failure_s_own_log_goes_first_and_is_harmless() -> None:
    run = halfway()
    run.end("build:shop-api", Failed(message="no", log=("\x1b[2J\x1b[31mboom",)))
    lines = render(view_of(run), run.at, width=80, logs={"build:shop-api": ["other"]})
    assert "    │ boom" in lines
    assert "other" not in "".join(lines)


def test_where_there_is_no_room_the_quiet_rows_are_counted() -> None:
    run = failed()
    lines = render(view_of(run), run.at, width=80, height=4)
    assert len(lines) == 4
    assert "api" in lines[0]
    assert "web" in lines[1]
    assert lines[2] == "  … 3 more"


def test_many_services_never_overflow_the_screen() -> None:
    view = View()
    names = tuple(f"s{n}" for n in range(100))
    view.apply(RunStarted(seq=1, at=0, project="p", verb="up", services=names))
    assert len(render(view, 1, width=80, height=10)) == 10


def test_colour_only_where_it_is_wanted() -> None:
    run = failed()
    assert "\x1b" not in "".join(render(view_of(run), run.at, width=80))
    coloured = render(view_of(run), run.at, width=80, colour=True)
    assert "\x1b[31m✘\x1b[0m" in "".join(coloured)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured]
    assert plain == render(view_of(run), run.at, width=80)
