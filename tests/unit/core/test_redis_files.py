"""What seeds for Redis are read from: lines of commands, and dumps."""

from __future__ import annotations

import pytest

from devenv.core.rdb import Entry, RdbError, crc64, entries
from devenv.core.rediscommands import line_of, refused, words

HEAD, END = b"REDIS0011", b"\xff"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"SET a b\r\n", [b"SET", b"a", b"b"]),
        (b"  SET \"a b\" 'c d'", [b"SET", b"a b", b"c d"]),
        (rb'SET "\x41\n\r\t\b\a\"\\\q" ' + rb"'it\'s \n'", [b"SET", b'A\n\r\t\b\a"\\q', rb"it's \n"]),
        (b'SET "" x', [b"SET", b"", b"x"]),
        (b" \n", []),
        (rb'SET "\xzz"', [b"SET", b"xzz"]),
    ],
)
def test_words_are_quoted_as_redis_cli_does(line: bytes, found: list[bytes]) -> None:
    assert words(line) == found


@pytest.mark.parametrize("line", [b'SET "a', b"SET 'a\n", b'SET "a"b'])
def test_a_quote_that_does_not_end_is_told(line: bytes) -> None:
    with pytest.raises(ValueError, match="quote"):
        words(line)


def test_a_line_holds_any_bytes() -> None:
    every = [bytes(range(256)), b"", b"a b", b'"\\x41']
    assert words(line_of(every)) == every
    assert b"\n" not in line_of(every)
    assert refused(b"flushall")
    assert not refused(b"set")


def payload(body: bytes) -> bytes:
    whole = body + (11).to_bytes(2, "little")
    return whole + crc64(whole).to_bytes(8, "little")


def test_the_checksum_is_redis_own() -> None:
    assert crc64(b"123456789") == 0xE9C6D914C4B8D9CA


def test_values_are_taken_as_they_stand() -> None:
    dump = (
        HEAD + b"\xfa\x03ver\x018" + b"\xfe\x00" + b"\xfb\x03\x01" + b"\xf8\x05" + b"\xf9\x07"
        + b"\xf7\x01\x02\x00\x01\x01\x03abcd\x04abcdefgh\x05\x01x\x00"
        + b"\x00\x01k\x01v"
        + b"\xfc\x10\x27\x00\x00\x00\x00\x00\x00" + b"\x00\xc0\x2a\xc1\x01\x00"
        + b"\xfd\x02\x00\x00\x00" + b"\x01\x40\x01l\x02\x01a\x01b"
        + b"\x05\x01z\x01\x01m" + bytes(8)
        + b"\x00\xc3\x05\x05\x01ab\x20\x01\x01v"
    )  # fmt: skip
    found = list(entries(dump + END + bytes(8)))
    assert found[:4] == [
        Entry(key=b"k", payload=payload(b"\x00\x01v")),
        Entry(key=b"42", payload=payload(b"\x00\xc1\x01\x00"), expires=10_000),
        Entry(key=b"l", payload=payload(b"\x01\x02\x01a\x01b"), expires=2_000),
        Entry(key=b"z", payload=payload(b"\x05\x01\x01m" + bytes(8))),
    ]
    assert found[4].key == b"ababa"


STREAM = b"\x01" + b"\x10" + bytes(16) + b"\x02lp"
GROUP = b"\x01\x01g\x01\x02"
PENDING = b"\x01" + bytes(24) + b"\x01"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (4, b"\x01\x01f\x01v"),
        (11, b"\x03abc"),
        (14, b"\x01\x03abc"),
        (18, b"\x01\x02\x80\x00\x00\x00\x02lp"),
        (15, STREAM + b"\x01" * 3 + GROUP + PENDING + b"\x01\x01c" + bytes(8) + b"\x01" + bytes(16)),
        (21, STREAM + b"\x01" * 8 + GROUP + b"\x03" + PENDING + b"\x01\x01c" + bytes(16) + b"\x01" + bytes(16)),
        (24, bytes(8) + b"\x01\x00\x01f\x01v"),
        (25, bytes(8) + b"\x02lp"),
        (7, b"\x81" + bytes(8) + b"\x01\x05\x03\x00\x00\x00\x00\x04" + bytes(8) + b"\x05\x01x\x00"),
    ],
)
def test_every_type_ends_where_the_next_key_begins(kind: int, body: bytes) -> None:
    found = list(entries(HEAD + bytes((kind,)) + b"\x01k" + body + b"\x00\x01n\x01v" + b"\xf4\x01\x02\x03" + END))
    assert found[0] == Entry(key=b"k", payload=payload(bytes((kind,)) + body))
    assert [each.key for each in found] == [b"k", b"n"]


def test_a_long_match_of_a_packed_key_is_unpacked() -> None:
    (found,) = entries(HEAD + b"\x00\xc3\x05\x0d\x00a\xe0\x03\x00\x01v" + END)
    assert found.key == b"a" * 13


@pytest.mark.parametrize(
    ("dump", "said"),
    [
        (b"PK\x03\x04", "no Redis dump"),
        (HEAD, "ends in the middle"),
        (HEAD + b"\x00\x01k\x05v", "ends in the middle"),
        (HEAD + b"\xfe\x02", "database 2"),
        (HEAD + b"\xf5\x01x", "functions"),
        (HEAD + b"\x06\x01k", "type 6"),
        (HEAD + b"\x00\x82", "unknown kind"),
        (HEAD + b"\xfe\xc0\x01", "a text where a length should be"),
        (HEAD + b"\x07\x01k\x01\x09", "module's value"),
        (HEAD + b"\x00\xc3\x02\x09\x20\x01", "ends in the middle"),
        (HEAD + b"\x00\xc3\x02\x09\x00a", "does not unpack"),
    ],
)
def test_what_is_no_dump_for_a_seed_gets_a_sentence(dump: bytes, said: str) -> None:
    with pytest.raises(RdbError, match=said) as raised:
        list(entries(dump))
    assert raised.value.hint
