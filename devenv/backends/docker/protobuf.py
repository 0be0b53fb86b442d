"""Protocol buffers, as far as the few messages of BuildKit need: fields by number, varints and bytes; and gRPC's prefix
before each message.

protobuf.dev/programming-guides/encoding, github.com/grpc/grpc `doc/PROTOCOL-HTTP2.md`. A library for them would be
larger than all that speaks to the engine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_PREFIX = struct.Struct(">BI")
"""Whether a message is compressed, and its length."""


def encode(*fields_: tuple[int, int | bytes | str]) -> bytes:
    """A message of (field number, value): whole numbers (of which 0 is left out) as varints, the rest as bytes."""
    made = b""
    for number, value in fields_:
        if isinstance(value, int):
            made += _number(number << 3) + _number(value) if value else b""
        else:
            content = value.encode() if isinstance(value, str) else value
            made += _number(number << 3 | 2) + _number(len(content)) + content
    return made


def framed(message: bytes) -> bytes:
    """`message` behind its prefix, as gRPC sends it."""
    return _PREFIX.pack(0, len(message)) + message


def unframed(held: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages at the beginning of what gRPC sent, and what is left."""
    messages = []
    while len(held) >= _PREFIX.size:
        _, size = _PREFIX.unpack_from(held)
        if len(held) < _PREFIX.size + size:
            break
        messages.append(held[_PREFIX.size : _PREFIX.size + size])
        held = held[_PREFIX.size + size :]
    return messages, held


def first(message: bytes, number: int) -> bytes:
    """The bytes of field `number`, b"" where the message has none. Raises as `fields` does."""
    return next((value for key, value in fields(message) if key == number and isinstance(value, bytes)), b"")


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of each field of a protocol buffer. Raises IndexError or ValueError for other bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(message):
            raise IndexError(size)
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _number(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
