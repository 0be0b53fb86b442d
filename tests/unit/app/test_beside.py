"""Calls beside one another: begun at once, their answers and errors where they are asked for."""

from __future__ import annotations

import threading

import pytest

from devenv.app.beside import Begun, side_by_side
from devenv.model.errors import DevenvError


def fail() -> int:
    raise DevenvError("no", hint="yes")


def test_a_call_is_begun_before_anybody_asks_for_its_answer() -> None:
    began = threading.Event()
    call = Begun(lambda: began.set() or 5)
    assert began.wait(10)
    assert call.end() == 5
    assert call.end() == 5


def test_an_error_is_raised_where_the_answer_is_asked_for() -> None:
    call = Begun(fail)
    call.wait()
    with pytest.raises(DevenvError, match="no"):
        call.end()


def test_side_by_side_keeps_the_order() -> None:
    assert side_by_side([lambda: 1, lambda: 2, lambda: 3]) == [1, 2, 3]
    assert side_by_side([]) == []


def test_the_first_error_is_raised_when_all_have_ended() -> None:
    ended = threading.Event()

    def late() -> int:
        ended.wait(0.05)
        ended.set()
        return 1

    with pytest.raises(DevenvError, match="no"):
        side_by_side([fail, late])
    assert ended.is_set()
