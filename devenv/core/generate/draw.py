"""Random numbers: SHAKE-128 (FIPS 202) over what they are for, so that each block of each column stands for itself.

The text that is hashed is `devenv generate`, the random seed, the table, the column, the use in that column and the
block's number, joined by NUL; its output is read as little-endian unsigned numbers.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

WORD = 1 << 32
"""`Draw.words` are below this."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The numbers of one column of one table."""

    random_seed: int
    table: str
    column: str

    def _hash(self, use: str, block: int) -> Any:
        parts = ("devenv generate", str(self.random_seed), self.table, self.column, use, str(block))
        return hashlib.shake_128("\0".join(parts).encode())

    def words(self, count: int, block: int, use: str = "") -> tuple[int, ...]:
        """`count` numbers from 0 to 2³² - 1."""
        return struct.unpack(f"<{count}I", self._hash(use, block).digest(4 * count))

    def longs(self, count: int, block: int, use: str = "") -> tuple[int, ...]:
        """`count` numbers from 0 to 2⁶⁴ - 1."""
        return struct.unpack(f"<{count}Q", self._hash(use, block).digest(8 * count))

    def below(self, limit: int, count: int, block: int, use: str = "") -> list[int]:
        """`count` numbers from 0 to `limit` - 1."""
        if limit <= 1 << 26:
            return [word * limit >> 32 for word in self.words(count, block, use)]
        return [word * limit >> 64 for word in self.longs(count, block, use)]

    def shorts(self, count: int, block: int, use: str = "") -> tuple[int, ...]:
        """`count` numbers from 0 to 2¹⁶ - 1."""
        return struct.unpack(f"<{count}H", self._hash(use, block).digest(2 * count))

    def hexes(self, count: int, size: int, block: int) -> str:
        """`count` times `size` bytes as hexadecimal digits."""
        return str(self._hash("hex", block).hexdigest(count * size))


def permutation(draw: Draw, size: int) -> tuple[int, int]:
    """Factor and summand that put 0 … size - 1 in another order: `(i * factor + summand) % size`."""
    from math import gcd

    first, second = draw.longs(2, 0, "permutation")
    factor = max(1, size * 618 // 1000 + first % max(1, size // 8))
    while gcd(factor, size) != 1:
        factor += 1
    return factor, second % size


def spread(draw: Draw, count: int, block: int, distribution: str, use: str = "") -> list[int]:
    """`count` numbers from 0 to 2³² - 1: `uniform`, `normal` (a bell round the middle: the sum of four), or `skewed`
    (most are low: the cube of one)."""
    if distribution == "normal":
        parts = draw.shorts(4 * count, block, use)
        quarters = (parts[start * count : (start + 1) * count] for start in range(4))
        return [(one + two + three + four) << 14 for one, two, three, four in zip(*quarters, strict=True)]
    words = draw.words(count, block, use)
    if distribution == "skewed":
        return [(r * r >> 32) * r >> 32 for r in words]
    return list(words)


def zipf(size: int, offset: int = 0) -> list[int]:
    """A table for ranks of which the kth comes up as 1/(k + offset): entry i is the first rank whose share begins at or
    after i/65536; a rank is drawn between entry i and the next. Its last entry is `size`."""
    total = sum(WORD // rank for rank in range(1 + offset, size + offset + 1))
    bounds = [0]
    reached, rank = 0, 0
    for slot in range(1, 65_536):
        wanted = total * slot
        while reached + WORD // (rank + 1 + offset) << 16 <= wanted and rank < size - 1:
            reached += WORD // (rank + 1 + offset)
            rank += 1
        bounds.append(rank)
    return [*bounds, size]
