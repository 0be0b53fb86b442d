from __future__ import annotations

import pytest

from devenv.core.suggest import closest, did_you_mean


@pytest.mark.parametrize(
    ("word", "found"), [("helthcheck", "healthcheck"), ("bd", "db"), ("DB", "db"), ("prots", "ports"), ("zzz", None)]
)
def test_the_nearest_word_is_found(word: str, found: str | None) -> None:
    assert closest(word, ["healthcheck", "db", "ports"]) == found


def test_where_none_is_near_the_known_ones_are_shown_if_they_are_few() -> None:
    assert did_you_mean("x", ["b", "a"], what="Services") == "Services: `a`, `b`."
    assert did_you_mean("x", map(str, range(100, 200))) == ""
    assert did_you_mean("x", []) == ""
