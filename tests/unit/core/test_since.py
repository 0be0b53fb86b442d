"""What `--since` takes."""

from __future__ import annotations

import pytest

from devenv.core.since import moment
from devenv.model.errors import DevenvError, ExitCode

NOW = 1_800_000_000.0


def test_how_long_ago_and_when() -> None:
    assert moment("1h30m", NOW) == NOW - 5400
    assert moment("1970-01-01T00:01:00", NOW) == 60


@pytest.mark.parametrize("written", ["99999999999999d", "9" * 400 + "s", "0001-01-01", "36500d"])
def test_what_no_engine_counts_back_to_gets_a_sentence(written: str) -> None:
    with pytest.raises(DevenvError, match=r"lies before 1970\.$") as told:
        moment(written, NOW)
    assert told.value.code == ExitCode.INPUT


def test_what_is_neither_gets_a_sentence() -> None:
    with pytest.raises(DevenvError, match="neither a duration nor a moment"):
        moment("yesterday", NOW)
