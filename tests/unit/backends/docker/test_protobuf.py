"""Protocol buffers by hand: what is written is read again, and bytes that are none are said to be."""

from __future__ import annotations

import pytest

from devenv.backends.docker.protobuf import encode, fields, first


def test_what_is_written_is_read_again() -> None:
    message = encode((1, "text"), (2, 300), (3, 0), (16, b"x" * 200))
    assert list(fields(message)) == [(1, b"text"), (2, 300), (16, b"x" * 200)]
    assert first(message, 1) == b"text"
    assert first(message, 9) == b""


@pytest.mark.parametrize("message", [b"\x0a\x05ab", b"\x0b", b"\x08\xff"])
def test_what_is_no_message(message: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        list(fields(message))
