"""Columns of generated rows: each makes the values of one block at once, first raw, then as text for COPY.

Raw values are what other columns are made from: numbers of a pool, whole numbers (of cents, of seconds, …), or texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from devenv.core.generate import pools, records
from devenv.core.generate.draw import WORD, Draw, permutation, spread, zipf
from devenv.core.generate.pools import escaped

NULL = "\\N"
_KEPT = 100_000
"""Keys of another table that are kept as texts."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `begin` … `begin + count - 1`, the `number`th block; `raw` and `texts` are of the columns made so far."""

    number: int
    begin: int
    count: int
    raw: dict[str, Sequence[Any]]
    texts: dict[str, Sequence[str]]


Raw = Callable[[Block], Sequence[Any]]
Text = Callable[[Sequence[Any]], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`raw` makes the values, `text` writes them; `decimals` are digits behind the point of raw whole numbers;
    `null` is the share of rows without a value, of 2³², and all are where the column of `only` is none of its texts.
    `kind` and `options` tell what it is to what is made from it."""

    name: str
    kind: str
    options: Mapping[str, Any]
    draw: Draw
    raw: Raw
    text: Text
    decimals: int = 0
    null: int = 0
    only: tuple[str, frozenset[str]] | None = None

    def make(self, block: Block) -> None:
        """Put the values of `block` into it."""
        raw = self.raw(block)
        texts = self.text(raw)
        if self.null:
            lots = self.draw.words(block.count, block.number, "null")
            texts = [NULL if lot < self.null else text for lot, text in zip(lots, texts, strict=True)]
        if self.only:
            other, wanted = self.only
            found = zip(block.texts[other], texts, strict=True)
            texts = [text if beside in wanted else NULL for beside, text in found]
        block.raw[self.name] = raw
        block.texts[self.name] = texts


Maker = Callable[[Mapping[str, Any], Draw, int, Mapping[str, Column]], tuple[Raw, Text, int]]
Made = tuple[Raw, Text, int]


def _plain(raw: Sequence[Any]) -> Sequence[str]:
    return list(map(str, raw))


def _same(raw: Sequence[Any]) -> Sequence[str]:
    return raw


def _sequence(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    first, step = options.get("from", 1), options.get("step", 1)

    def raw(block: Block) -> Sequence[int]:
        begin = first + block.begin * step
        return range(begin, begin + block.count * step, step)

    return raw, _plain, 0


def _of_pool(pool: Sequence[str]) -> Callable[..., Made]:
    """One of `pool`; raw is its place there."""

    def make(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
        size = len(pool)
        return (
            lambda block: [word * size >> 32 for word in draw.words(block.count, block.number)],
            lambda raw: [pool[place] for place in raw],
            0,
        )

    return make


def _person(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    return _of_pool(pools.people())(options, draw, rows, made)


_NAMES = ("person", "first_name", "last_name")


def _slugs(source: Column) -> Callable[[Block], Sequence[str]]:
    """The values of `source` in the letters of a mail address."""
    if source.kind in _NAMES:
        pool = pools.slugs(source.kind)
        return lambda block: [pool[place] for place in block.raw[source.name]]
    return lambda block: [pools.slug(text) for text in block.texts[source.name]]


def _email(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    local = [_slugs(made[name]) for name in options.get("from") or ()]
    anyone = pools.slugs("person")
    given = options.get("domain")

    def raw(block: Block) -> Sequence[str]:
        if local:
            parts = [".".join(part) for part in zip(*(each(block) for each in local), strict=True)]
        else:
            size = len(anyone)
            parts = [anyone[word * size >> 32] for word in draw.words(block.count, block.number, "name")]
        if options.get("unique"):
            numbers = range(block.begin + 1, block.begin + block.count + 1)
            parts = [f"{part}.{number}" for part, number in zip(parts, numbers, strict=True)]
        if given:
            return [f"{part}@{given}" for part in parts]
        words = draw.words(block.count, block.number, "domain")
        return [f"{part}@{pools.DOMAINS[word * 3 >> 32]}" for part, word in zip(parts, words, strict=True)]

    return raw, _same, 0


def _numbers(options: Mapping[str, Any], draw: Draw, low: int, high: int) -> Raw:
    """Whole numbers from `low` to `high`."""
    size = high - low + 1
    distribution = options.get("distribution", "uniform")
    if distribution == "uniform":
        return lambda block: [low + place for place in draw.below(size, block.count, block.number)]
    return lambda block: [low + (word * size >> 32) for word in spread(draw, block.count, block.number, distribution)]


def _integer(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    low, high = options["from"], options["to"]
    if not options.get("unique"):
        return _numbers(options, draw, low, high), _plain, 0
    size = high - low + 1
    factor, summand = permutation(draw, size)
    return (
        lambda block: [low + (row * factor + summand) % size for row in range(block.begin, block.begin + block.count)],
        _plain,
        0,
    )


def fixed(decimals: int) -> Text:
    """Whole numbers of a unit's parts as decimal numbers."""
    if not decimals:
        return _plain
    one = 10**decimals
    if decimals > 4:
        return lambda raw: [
            f"{'-' if value < 0 else ''}{abs(value) // one}.{abs(value) % one:0{decimals}}" for value in raw
        ]
    ends = [f".{part:0{decimals}}" for part in range(one)]

    def text(raw: Sequence[int]) -> Sequence[str]:
        if min(raw, default=0) >= 0:
            return [str(value // one) + ends[value % one] for value in raw]
        return [("-" if value < 0 else "") + str(abs(value) // one) + ends[abs(value) % one] for value in raw]

    return text


def _money(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    if "around" in options:
        return records.around(options, draw, made), fixed(2), 2
    low, step = options["from"], options.get("step", 1)
    if step == 1:
        return _numbers(options, draw, low, options["to"]), fixed(2), 2
    steps = _numbers(options, draw, 0, (options["to"] - low) // step)
    return lambda block: [low + step * place for place in steps(block)], fixed(2), 2


def _float(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    decimals = options.get("decimals", 2)
    low, high = (int(Decimal(options[key]) * 10**decimals) for key in ("from", "to"))
    return _numbers(options, draw, low, high), fixed(decimals), decimals


def _phrases(of: str) -> Maker:
    """Words in a row, out of a long text that each column has of its own; or sentences."""

    def make(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
        size = len(pools.WORDS)
        stream = [pools.WORDS[word * size >> 32] for word in draw.words(16_384, 0, "words")]
        fewest, most = options.get("count") or options.get("sentences") or ((3, 3) if of == "words" else (1, 3))
        if of == "text":
            stream = _sentences(stream, draw)
        places, many = len(stream) - most, most - fewest + 1

        def raw(block: Block) -> Sequence[str]:
            words = draw.words(block.count, block.number)
            return [
                " ".join(stream[(at := (word >> 8) * places >> 24) : at + fewest + ((word & 255) * many >> 8)])
                for word in words
            ]

        return raw, _same, 0

    return make


def _sentences(words: Sequence[str], draw: Draw) -> list[str]:
    found, at = [], 0
    for lot in draw.words(2048, 0, "sentences"):
        count = 4 + (lot * 9 >> 32)
        if at + count > len(words):
            at = lot % 1000
        sentence = " ".join(words[at : at + count])
        found.append(sentence[0].upper() + sentence[1:] + ".")
        at += count
    return found


def _weighted(values: Sequence[str], weights: Iterable[int], draw: Draw) -> Made:
    sums = list(accumulate(weights))
    ends = [reached * WORD // sums[-1] for reached in sums]
    if len(values) <= 256 and all(end % (1 << 24) == 0 for end in ends):
        # Few values of round shares: looked up by the number's first byte.
        table = [values[bisect_right(ends, slot << 24)] for slot in range(256)]
        return lambda block: [table[word >> 24] for word in draw.words(block.count, block.number)], _same, 0
    return (
        lambda block: [values[bisect_right(ends, word)] for word in draw.words(block.count, block.number)],
        _same,
        0,
    )


def _choice(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    chosen = [(escaped(value), weight) for value, weight in options["of"] if weight]
    return _weighted([value for value, _ in chosen], [weight for _, weight in chosen], draw)


def _boolean(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    share = options.get("share", WORD // 2)
    return (
        lambda block: ["t" if word < share else "f" for word in draw.words(block.count, block.number)],
        _same,
        0,
    )


def _uuid(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    variant = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))

    def raw(block: Block) -> Sequence[str]:
        text = draw.hexes(block.count, 16, block.number)
        return [
            f"{text[i : i + 8]}-{text[i + 8 : i + 12]}-4{text[i + 13 : i + 16]}-"
            f"{variant[text[i + 16]]}{text[i + 17 : i + 20]}-{text[i + 20 : i + 32]}"
            for i in range(0, 32 * block.count, 32)
        ]

    return raw, _same, 0


def _value(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    text = escaped(options["is"])
    return lambda block: [text] * block.count, _same, 0


def _ref(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    """A key of another table; raw is the place of its row there."""
    size, first, step = options["rows"], options.get("from", 1), options.get("step", 1)
    if size <= _KEPT:
        keys = [str(first + step * place) for place in range(size)]
        text: Text = lambda raw: [keys[place] for place in raw]  # noqa: E731
    else:
        text = lambda raw: [str(first + step * place) for place in raw]  # noqa: E731
    skew = options.get("skew", "uniform")
    if skew == "uniform":
        return lambda block: draw.below(size, block.count, block.number), text, 0
    # `mild`: the most frequent come up some twenty times as often as the rarest.
    bounds = zipf(size, size // 20 if skew == "mild" else 0)
    # Not simply the first rows are the frequent ones.
    factor, summand = permutation(draw, size)

    def places(block: Block) -> Sequence[int]:
        return [
            (low := bounds[word >> 16]) + ((bounds[(word >> 16) + 1] - low) * (word & 0xFFFF) >> 16)
            for word in draw.words(block.count, block.number)
        ]

    if size <= _KEPT:
        order = [(rank * factor + summand) % size for rank in range(size)]
        return lambda block: [order[rank] for rank in places(block)], text, 0
    return lambda block: [(rank * factor + summand) % size for rank in places(block)], text, 0


def _template(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    parts = options["text"]
    pattern = "%s".join(escaped(part).replace("%", "%%") for part in parts[::2])
    texts = [records.texts(name, made) for name in parts[1::2]]
    return (
        lambda block: [pattern % each for each in zip(*(text(block) for text in texts), strict=True)],
        _same,
        0,
    )


def _sum(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    sources = [made[name] for name in options["of"]]
    decimals = max(source.decimals for source in sources)
    factors = [10 ** (decimals - source.decimals) for source in sources]

    def raw(block: Block) -> Sequence[int]:
        rows_of = zip(*(block.raw[source.name] for source in sources), strict=True)
        return [sum(value * factor for value, factor in zip(each, factors, strict=True)) for each in rows_of]

    return raw, fixed(decimals), decimals


def _product(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    sources = [made[name] for name in options["of"]]
    decimals = sum(source.decimals for source in sources)

    def raw(block: Block) -> Sequence[int]:
        found = list(block.raw[sources[0].name])
        for source in sources[1:]:
            found = [one * other for one, other in zip(found, block.raw[source.name], strict=True)]
        return found

    return raw, fixed(decimals), decimals


MAKERS: dict[str, Maker] = {
    "sequence": _sequence, "person": _person, "first_name": _of_pool(pools.FIRST), "last_name": _of_pool(pools.LAST),
    "email": _email, "money": _money, "integer": _integer, "float": _float, "words": _phrases("words"),
    "text": _phrases("text"), "choice": _choice, "boolean": _boolean, "uuid": _uuid, "value": _value, "ref": _ref,
    "template": _template, "sum": _sum, "product": _product, "record": records.record, "field": records.field,
}  # fmt: skip
