"""A generated table: its columns' values put together as the lines that COPY takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core.generate import BLOCK, columns, times
from devenv.core.generate.columns import Block, Column
from devenv.core.generate.draw import Draw
from devenv.core.generate.spec import in_order

MAKERS = columns.MAKERS | times.MAKERS
"""Kind of column → what makes it."""


class Table:
    """Rows of `name` by `options`, as `spec.read` and `parents.resolve` give them."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.rows: int = options["rows"]
        self.names: tuple[str, ...] = tuple(each[0] for each in options["columns"])
        made: dict[str, Column] = {}
        for each, kind, chosen in in_order(options["columns"]):
            draw = Draw(options["random_seed"], name, each)
            raw, text, decimals = MAKERS[kind](chosen, draw, self.rows, made)
            null = int(chosen.get("nulls") or 0)
            made[each] = Column(name=each, kind=kind, draw=draw, raw=raw, text=text, decimals=decimals, null=null)
        self._columns = tuple(made.values())

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Number of rows and their lines, in COPY's text format, UTF-8, block by block."""
        for number, begin in enumerate(range(0, self.rows, BLOCK)):
            block = Block(number, begin, min(BLOCK, self.rows - begin), {}, {})
            for each in self._columns:
                each.make(block)
            lines = map("\t".join, zip(*(block.texts[name] for name in self.names), strict=True))
            yield block.count, ("\n".join(lines) + "\n").encode()
