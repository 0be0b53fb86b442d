"""Redis dumps (RDB): one pass that finds where each key and value begins and ends, and makes what `RESTORE` takes.

A value in the file is, byte for byte, what `DUMP` gives, but for the version and checksum at its end; so values are
skipped over and never decoded. Source: redis/src/rdb.c (`rdbLoadObject`, `rdbLoadLenByRef`), rdb.h, crc64.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


class RdbError(ValueError):
    """A dump that cannot be loaded; `hint` is the next step."""

    def __init__(self, message: str, hint: str = "make it anew with `redis-cli SAVE`, and copy it whole") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key. `payload` is for RESTORE; `expires` are milliseconds since the epoch, 0 for never."""

    key: bytes
    payload: bytes
    expires: int = 0


_ONE_STRING = frozenset((0, 9, 10, 11, 12, 13, 16, 17, 20))
_STRINGS = {1: 1, 2: 1, 14: 1, 4: 2}
"""Types that are a count and so many strings for each."""
_STREAMS = (15, 19, 21)
_TRUNCATED = "the dump ends in the middle"


def entries(data: bytes) -> Iterator[Entry]:
    """The keys of database 0, in the order of the file. Raises RdbError for what is no dump, is cut off, or holds what
    a seed cannot bring (other databases, functions, values of old modules)."""
    if data[:5] != b"REDIS" or not data[5:9].isdigit():
        raise RdbError("this is no Redis dump (it does not begin with REDIS and a version)")
    reader = _Reader(data, 9)
    tail = int(data[5:9]).to_bytes(2, "little")
    expires = 0
    while True:
        kind = reader.byte()
        if kind == 255:
            return
        if kind in (252, 253):
            expires = reader.integer(8) if kind == 252 else reader.integer(4) * 1000
        elif kind == 254:
            if database := reader.length():
                raise RdbError(
                    f"the dump holds keys of database {database}; a seed goes into database 0",
                    "move them (`redis-cli -n 1 MOVE key 0`), or dump a server that uses database 0 alone",
                )
        elif kind in (245, 246):
            raise RdbError(
                "the dump holds functions, which a seed of keys cannot bring",
                "remove them before the dump (`redis-cli FUNCTION FLUSH`), and load them with a task",
            )
        elif kind > 243:
            _skip_opcode(reader, kind)
        else:
            key = reader.text()
            begin = reader.at
            _skip_value(reader, kind)
            body = bytes((kind,)) + data[begin : reader.at] + tail
            yield Entry(key=key, payload=body + crc64(body).to_bytes(8, "little"), expires=expires)
            expires = 0


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def take(self, count: int) -> bytes:
        found = self._data[self.at : self.at + count]
        if len(found) < count:
            raise RdbError(_TRUNCATED)
        self.at += count
        return found

    def skip(self, count: int) -> None:
        if self.at + count > len(self._data):
            raise RdbError(_TRUNCATED)
        self.at += count

    def byte(self) -> int:
        return self.take(1)[0]

    def integer(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def _length(self) -> tuple[int, bool]:
        """A length, or the number of a special encoding (then True)."""
        first = self.byte()
        kind = first >> 6
        if kind == 0:
            return first & 63, False
        if kind == 1:
            return (first & 63) << 8 | self.byte(), False
        if kind == 3:
            return first & 63, True
        if first not in (0x80, 0x81):
            raise RdbError(f"the dump has a length of an unknown kind at byte {self.at - 1}")
        return int.from_bytes(self.take(4 if first == 0x80 else 8), "big"), False

    def length(self) -> int:
        found, special = self._length()
        if special:
            raise RdbError(f"the dump has a text where a length should be, at byte {self.at - 1}")
        return found

    def skip_text(self) -> None:
        length, special = self._length()
        if not special:
            self.skip(length)
        elif length < 3:
            self.skip(1 << length)
        else:
            packed = self.length()
            self.length()
            self.skip(packed)

    def text(self) -> bytes:
        length, special = self._length()
        if not special:
            return self.take(length)
        if length < 3:
            return b"%d" % int.from_bytes(self.take(1 << length), "little", signed=True)
        packed = self.length()
        whole = self.length()
        return _unpacked(self.take(packed), whole)


def _unpacked(packed: bytes, whole: int) -> bytes:
    """LZF, as Redis packs longer texts."""
    found = bytearray()
    at = 0
    try:
        while at < len(packed):
            control = packed[at]
            at += 1
            if control < 32:
                found += packed[at : at + control + 1]
                at += control + 1
                continue
            count = control >> 5
            if count == 7:
                count += packed[at]
                at += 1
            begin = len(found) - ((control & 31) << 8) - packed[at] - 1
            at += 1
            for offset in range(begin, begin + count + 2):
                found.append(found[offset])
    except IndexError:
        raise RdbError(_TRUNCATED) from None
    if len(found) != whole:
        raise RdbError("the dump holds a packed text that does not unpack")
    return bytes(found)


def _skip_opcode(reader: _Reader, kind: int) -> None:
    if kind == 250:
        reader.skip_text()
        reader.skip_text()
    elif kind == 249:
        reader.skip(1)
    elif kind == 247:
        reader.length()
        _skip_module(reader)
    else:
        for _ in range({251: 2, 244: 3, 248: 1}[kind]):
            reader.length()


def _skip_module(reader: _Reader) -> None:
    while kind := reader.length():
        if kind in (1, 2):
            reader.length()
        elif kind in (3, 4):
            reader.skip(4 if kind == 3 else 8)
        elif kind == 5:
            reader.skip_text()
        else:
            raise RdbError(f"the dump holds a module's value of an unknown kind ({kind})")


def _skip_value(reader: _Reader, kind: int) -> None:
    if kind in _ONE_STRING:
        reader.skip_text()
    elif kind in _STRINGS:
        for _ in range(reader.length() * _STRINGS[kind]):
            reader.skip_text()
    elif kind == 5:
        for _ in range(reader.length()):
            reader.skip_text()
            reader.skip(8)
    elif kind == 18:
        for _ in range(reader.length()):
            reader.length()
            reader.skip_text()
    elif kind in _STREAMS:
        _skip_stream(reader, kind)
    elif kind == 24:
        reader.skip(8)
        for _ in range(reader.length()):
            reader.length()
            reader.skip_text()
            reader.skip_text()
    elif kind == 25:
        reader.skip(8)
        reader.skip_text()
    elif kind == 7:
        reader.length()
        _skip_module(reader)
    else:
        raise RdbError(
            f"the dump holds a value of type {kind}, which devenv does not know",
            "make the dump with a newer or older server, or write the keys as commands (.redis) or JSON",
        )


def _skip_stream(reader: _Reader, kind: int) -> None:
    for _ in range(reader.length()):
        reader.skip_text()
        reader.skip_text()
    for _ in range(3 if kind == 15 else 8):
        reader.length()
    for _ in range(reader.length()):
        reader.skip_text()
        for _ in range(2 if kind == 15 else 3):
            reader.length()
        for _ in range(reader.length()):
            reader.skip(24)
            reader.length()
        for _ in range(reader.length()):
            reader.skip_text()
            reader.skip(16 if kind == 21 else 8)
            reader.skip(reader.length() * 16)


@cache
def _table() -> tuple[int, ...]:
    found = []
    for each in range(256):
        for _ in range(8):
            each = each >> 1 ^ (0x95AC9329AC4BC9B5 if each & 1 else 0)
        found.append(each)
    return tuple(found)


def crc64(data: bytes) -> int:
    """CRC-64 (Jones), as Redis ends a dump with."""
    table, crc = _table(), 0
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc
