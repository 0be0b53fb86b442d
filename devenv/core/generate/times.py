"""Columns of dates and times: spread evenly, or with the rhythm of days and with bursts; sorted where wanted.

Raw values are days or seconds since the begin of the year 1 (day 1), in UTC.
"""

from __future__ import annotations

import datetime
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from devenv.core.generate.columns import Block, Column, Made, Maker, Raw
from devenv.core.generate.draw import Draw, spread

_DAY = 86_400
_HOURS = (3, 2, 1, 1, 1, 2, 4, 8, 12, 14, 15, 16, 17, 15, 14, 14, 15, 17, 20, 22, 21, 16, 10, 6)
"""How busy each hour of a day is, from midnight on."""
_BURST, _BURST_HOURS = 40, 2
"""So much busier is a burst than the busiest hour else, and so long."""


class _Days(dict[int, str]):
    """`2024-12-31` of a day, made when it is first asked for."""

    def __missing__(self, day: int) -> str:
        text = self[day] = datetime.date.fromordinal(day).isoformat()
        return text


def _shares(options: Mapping[str, Any], draw: Draw, rows: int) -> Callable[[Block, int], Sequence[int]]:
    """For each row of a block its place in `total`: drawn freely, or one after the other where it is sorted."""
    if not options.get("sorted"):
        return lambda block, total: draw.below(total, block.count, block.number)

    def places(block: Block, total: int) -> Sequence[int]:
        step = total // rows
        numbers = enumerate(draw.words(block.count, block.number), block.begin)
        return [row * total // rows + (word * step >> 32) for row, word in numbers]

    return places


def _date(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    low, high = options["from"], options["to"]
    places = _shares(options, draw, rows)
    days = _Days()
    return (
        lambda block: [low + place for place in places(block, high - low)],
        lambda raw: [days[day] for day in raw],
        0,
    )


@cache
def _clock() -> tuple[str, ...]:
    """Every second of a day as text."""
    sixty = [f":{part:02}" for part in range(60)]
    ends = [minute + second + "+00" for minute in sixty for second in sixty]
    return tuple(f" {hour:02}" + end for hour in range(24) for end in ends)


def _texts() -> Callable[[Sequence[int]], Sequence[str]]:
    days, clock = _Days(), _clock()
    return lambda raw: [days[second // _DAY] + clock[second % _DAY] for second in raw]


def _time(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    low, high = options["from"], options["to"]
    places = _shares(options, draw, rows)
    if options.get("rhythm", "flat") == "flat" and not options.get("bursts"):
        return lambda block: [low + place for place in places(block, high - low)], _texts(), 0
    return _busy(options, draw, places), _texts(), 0


def _busy(options: Mapping[str, Any], draw: Draw, places: Callable[[Block, int], Sequence[int]]) -> Raw:
    """Hours of different weight: a place in the sum of all weights is an hour and a moment in it."""
    low, high = options["from"], options["to"]
    first = low // 3600
    count = -(-high // 3600) - first
    daily = options.get("rhythm") == "daily"
    # Arrays, as a century has a million hours.
    weights = array("q", (_HOURS[hour % 24] if daily else 1 for hour in range(first, first + count)))
    busiest = max(_HOURS) if daily else 1
    for lot in draw.words(options.get("bursts") or 0, 0, "bursts"):
        begin = lot * count >> 32
        for hour in range(begin, min(begin + _BURST_HOURS, count)):
            weights[hour] = _BURST * busiest
    # The first hour and the last may be cut.
    seconds = array("q", [3600]) * count
    seconds[0] -= low - first * 3600
    seconds[-1] -= (first + count) * 3600 - high
    ends = array("q", accumulate(weight * length for weight, length in zip(weights, seconds, strict=True)))
    whole = ends[-1]
    begins = array("q", [0]) + ends[:-1]

    def raw(block: Block) -> Sequence[int]:
        found = places(block, whole)
        hours = [bisect_right(ends, place) for place in found]
        return [
            ((first + hour) * 3600 if hour else low) + (place - begins[hour]) // weights[hour]
            for place, hour in zip(found, hours, strict=True)
        ]

    return raw


def _after(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    source, low = options["column"], options.get("from", 0)
    size = options["to"] - low + 1

    def raw(block: Block) -> Sequence[int]:
        lots = spread(draw, block.count, block.number, "skewed")
        return [begin + low + (lot * size >> 32) for begin, lot in zip(block.raw[source], lots, strict=True)]

    return raw, _texts(), 0


MAKERS: dict[str, Maker] = {"date": _date, "time": _time, "after": _after}
