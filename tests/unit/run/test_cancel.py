from __future__ import annotations

import threading

from devenv.run.cancel import CancelToken


def test_a_listener_hears_it_once() -> None:
    token, heard = CancelToken(), []
    token.on_cancel(lambda: heard.append("a"))
    token.cancel()
    token.cancel()
    assert token.cancelled
    assert heard == ["a"]


def test_a_late_listener_hears_it_at_once() -> None:
    token, heard = CancelToken(), []
    token.cancel()
    take_back = token.on_cancel(lambda: heard.append("late"))
    take_back()
    assert heard == ["late"]


def test_what_was_taken_back_is_not_called() -> None:
    token, heard = CancelToken(), []
    take_back = token.on_cancel(lambda: heard.append("a"))
    take_back()
    take_back()
    token.cancel()
    assert heard == []


def test_a_listener_that_fails_does_not_silence_the_next() -> None:
    token, heard = CancelToken(), []

    def fail() -> None:
        raise OSError("already closed")

    token.on_cancel(fail)
    token.on_cancel(lambda: heard.append("b"))
    token.cancel()
    assert heard == ["b"]


def test_waiting_ends_when_it_is_cancelled() -> None:
    token, woken = CancelToken(), []
    waiter = threading.Thread(target=lambda: woken.append(token.wait(60)))
    waiter.start()
    token.cancel()
    waiter.join(10)
    assert woken == [True]
    assert CancelToken().wait(0) is False
