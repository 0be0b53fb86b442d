from __future__ import annotations

import pytest

from devenv.core.logline import readable
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
        ("{torn", "{torn"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_json_line_is_shown_as_words_and_any_other_as_it_is(line: str, shown: str) -> None:
    assert readable(line) == shown


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


@pytest.mark.parametrize("written", ["", "soon", "10", "10x", "2026-13-01"])
def test_what_is_neither_is_refused_with_examples(written: str) -> None:
    with pytest.raises(DevenvError, match="neither a duration nor a moment") as caught:
        moment(written, 0.0)
    assert "10m" in caught.value.hint
