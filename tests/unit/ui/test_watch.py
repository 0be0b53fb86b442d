from __future__ import annotations

import io
import os
import pty
import threading
from collections.abc import Iterator

import pytest

from devenv.run.cancel import CancelToken
from devenv.ui.watch import Watch, watches


@pytest.fixture
def keys() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """A terminal: the end that types, and the end that is read."""
    typing, reading = pty.openpty()
    source = os.fdopen(reading, "r", encoding="utf-8")
    yield typing, source
    source.close()
    os.close(typing)


def test_a_table_is_drawn_over_the_one_before_until_a_key(keys: tuple[int, io.TextIOWrapper]) -> None:
    out = io.StringIO()
    with Watch(CancelToken(), out=out, source=keys[1]) as watch:
        assert not watch.draw("A\none", 0.01)
        assert not watch.draw("A", 0.01)
        os.write(keys[0], b"x")
        assert not watch.draw("A\ntwo", 1), "any key but q only brings the next look"
        os.write(keys[0], b"q")
        assert watch.draw("A\ntwo", 5)
    assert out.getvalue() == (
        "\x1b[?25l"
        "A\x1b[K\none\x1b[K\n\x1b[J"
        "\r\x1b[2AA\x1b[K\n\x1b[J"
        "\r\x1b[1AA\x1b[K\ntwo\x1b[K\n\x1b[J"
        "\r\x1b[2AA\x1b[K\ntwo\x1b[K\n\x1b[J"
        "\x1b[?25h"
    )


def test_the_terminal_is_as_it_was(keys: tuple[int, io.TextIOWrapper]) -> None:
    import termios

    before = termios.tcgetattr(keys[1])
    with Watch(CancelToken(), out=io.StringIO(), source=keys[1]):
        assert termios.tcgetattr(keys[1]) != before
    assert termios.tcgetattr(keys[1]) == before


def test_without_keys_a_cancel_ends_it() -> None:
    cancel = CancelToken()
    with Watch(cancel, out=io.StringIO(), source=io.StringIO()) as watch:
        threading.Timer(0.05, cancel.cancel).start()
        assert watch.draw("A", 30)


def test_what_is_too_large_is_cut_to_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(Watch, "_size", lambda self: (20, 5))
    with Watch(CancelToken(), out=out, source=io.StringIO()) as watch:
        watch.draw("\n".join(["x" * 50] * 9), 0)
    lines = out.getvalue().replace("\x1b[?25l", "").split("\x1b[K\n")
    assert lines[0] == "x" * 18 + "…"
    assert lines[3] == "… and 6 more"
    assert len(lines) == 5


def test_it_is_watched_only_on_a_terminal_that_draws(keys: tuple[int, io.TextIOWrapper]) -> None:
    assert watches(keys[1], {"TERM": "xterm"})
    assert not watches(keys[1], {"TERM": "dumb"})
    assert not watches(io.StringIO(), {"TERM": "xterm"})
