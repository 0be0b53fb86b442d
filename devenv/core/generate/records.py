"""Columns that belong together: a record is chosen for each row, and columns take its fields.

`options["of"]` of a record are its `weights` and its `fields`: name → one text a record, or a list of texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from devenv.core.generate.draw import WORD, Draw, spread
from devenv.core.generate.pools import escaped

if TYPE_CHECKING:
    from devenv.core.generate.columns import Block, Column, Made, Raw


def record(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    """Raw is the record's place in the list; its text is never written."""
    weights = options["of"]["weights"]
    sums = list(accumulate(weights))
    ends = [reached * WORD // sums[-1] for reached in sums]
    return (
        lambda block: [bisect_right(ends, word) for word in draw.words(block.count, block.number)],
        lambda raw: [""] * len(raw),
        0,
    )


def field(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    """A field of the row's record; of a list one of its values."""
    name, values = _values(options["of"], made)
    kept = [[escaped(each) for each in (value if isinstance(value, list) else [value])] for value in values]
    if all(len(each) == 1 for each in kept):
        texts = [each[0] for each in kept]
        return lambda block: [texts[place] for place in block.raw[name]], lambda raw: raw, 0

    def raw(block: Block) -> Sequence[str]:
        lots = zip(block.raw[name], draw.words(block.count, block.number), strict=True)
        return [(each := kept[place])[len(each) * word >> 32] for place, word in lots]

    return raw, lambda raw: raw, 0


def texts(name: str, made: Mapping[str, Column]) -> Callable[[Block], Sequence[str]]:
    """The texts of a column, or of a field of a record: `name` or `record.field`."""
    if name in made:
        return lambda block: block.texts[name]
    record, values = _values(name, made)
    kept = [escaped(value) for value in values]
    return lambda block: [kept[place] for place in block.raw[record]]


def around(options: Mapping[str, Any], draw: Draw, made: Mapping[str, Column]) -> Raw:
    """Amounts (cents) at most a share `by` away from a field's, in multiples of `step`."""
    name, values = _values(options["around"], made)
    step, by = options.get("step", 1), options.get("by", 0)
    ranges = []
    for value in values:
        amount = int(Decimal(value) * 100)
        lowest = -(-(amount - (amount * by >> 32)) // step)
        ranges.append((lowest, max(1, (amount + (amount * by >> 32)) // step - lowest + 1)))
    distribution = options.get("distribution", "uniform")

    def raw(block: Block) -> Sequence[int]:
        lots = spread(draw, block.count, block.number, distribution)
        found = zip((ranges[place] for place in block.raw[name]), lots, strict=True)
        return [step * (lowest + (count * lot >> 32)) for (lowest, count), lot in found]

    return raw


def _values(name: str, made: Mapping[str, Column]) -> tuple[str, Sequence[Any]]:
    record, _, key = name.partition(".")
    return record, made[record].options["of"]["fields"][key]
