from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from devenv.core.logline import readable, visible
from devenv.core.since import moment
from devenv.model.errors import DevenvError


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"level": "info", "msg": "taken", "ts": 1, "order": 7}', "INFO    taken  order=7"),
        ('{"message": "a b", "id": "x y", "list": [1], "time": "now"}', 'a b  id="x y" list=[1]'),
        ('{"event": "done"}', "done"),
        ('{"event": "done", "empty": "", "said": "a\\"b"}', 'done  empty="" said="a\\"b"'),
        ('{"severity": 3, "msg": "numbered"}', "numbered"),
        ('{"no": "message"}', '{"no": "message"}'),
        ('{"msg": 3}', '{"msg": 3}'),
        ('{"level": 50, "msg": "pino"}', "ERROR   pino"),
        ('{"level": 51, "msg": "none of pino\'s"}', "none of pino's"),
        (
            '{"level": "error", "msg": "broke", "order": 7, "stack": "Error: no\\n  at a\\n  at b\\n"}',
            "ERROR   broke  order=7\n  stack:\n    Error: no\n      at a\n      at b",
        ),
        ("{torn", "{torn"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_json_line_is_shown_as_words_and_any_other_as_it_is(line: str, shown: str) -> None:
    assert readable(line) == shown


def test_who_said_it_is_left_out_where_it_is_known() -> None:
    line = '{"service": "api", "msg": "taken"}'
    assert (readable(line), readable(line, "api"), readable(line, "web")) == (
        "taken  service=api",
        "taken",
        "taken  service=api",
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain\twith a tab, ünï", "plain\twith a tab, ünï"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;31mred to the end", "\x1b[1;31mred to the end\x1b[0m"),
        ("a\x1b[2J\x1b[Hb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d", "abcd"),
        ("ring\x07 \x00\x01\x9b nul", "ring  nul"),
        ("10 %\r55 %\r100 %\r", "100 %"),
        ("\r", ""),
        ("safe\u202eevil", "safeevil"),
    ],
)
def test_what_would_move_the_cursor_is_left_out_and_colours_stay(said: str, shown: str) -> None:
    assert visible(said) == shown


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 910.0),
        ("1m30s", 910.0),
        ("0.5m", 970.0),
        ("1970-01-01", 0.0),
        ("1970-01-01T00:10:00", 600.0),
        ("1970-01-01T01:10:00+01:00", 600.0),
    ],
)
def test_a_moment_is_a_duration_back_or_a_date(written: str, seconds: float) -> None:
    assert moment(written, 1000.0) == pytest.approx(seconds)


def test_a_moment_without_a_zone_is_the_one_of_the_clock_on_the_wall() -> None:
    assert moment("1970-01-01T02:00", 0.0, timezone(timedelta(hours=2))) == 0.0


@pytest.mark.parametrize("written", ["", "soon", "10", "10x", "2026-13-01"])
def test_what_is_neither_is_refused_with_examples(written: str) -> None:
    with pytest.raises(DevenvError, match="neither a duration nor a moment") as caught:
        moment(written, 0.0)
    assert "10m" in caught.value.hint
