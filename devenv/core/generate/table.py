"""A generated table: its columns' values put together as the lines that COPY takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.core.generate import BLOCK, columns, copies, times
from devenv.core.generate.columns import Block, Column
from devenv.core.generate.draw import Draw
from devenv.core.generate.links import in_order
from devenv.core.generate.pools import escaped

MAKERS = columns.MAKERS | times.MAKERS | {"copy": copies.copy}
"""Kind of column → what makes it."""


class Table:
    """Rows of `name` by `options`, as `spec.read` and `parents.resolve` give them. `names` are the columns that are
    written, `columns` all that are made."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.rows: int = options["rows"]
        self.names: tuple[str, ...] = tuple(each for each, kind, chosen in options["columns"] if shown(kind, chosen))
        self.columns: dict[str, Column] = {}
        for each, kind, chosen in in_order(options["columns"]):
            draw = Draw(options["random_seed"], name, each)
            raw, text, decimals = MAKERS[kind](chosen, draw, self.rows, self.columns)
            beside, texts = chosen.get("only") or ("", ())
            self.columns[each] = Column(
                name=each,
                kind=kind,
                options=chosen,
                draw=draw,
                raw=raw,
                text=text,
                decimals=decimals,
                null=int(chosen.get("nulls") or 0),
                only=(beside, _written(self.columns[beside].kind, texts)) if beside else None,
            )

    def made(self) -> Iterator[Block]:
        """The values, block by block."""
        for number, begin in enumerate(range(0, self.rows, BLOCK)):
            block = Block(number, begin, min(BLOCK, self.rows - begin), {}, {})
            for each in self.columns.values():
                each.make(block)
            yield block

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Number of rows and their lines, in COPY's text format, UTF-8, block by block."""
        for block in self.made():
            lines = map("\t".join, zip(*(block.texts[name] for name in self.names), strict=True))
            yield block.count, ("\n".join(lines) + "\n").encode()


def _written(kind: str, texts: Sequence[str]) -> frozenset[str]:
    """The texts of a column of `kind` as COPY takes them."""
    return frozenset(text[0] if kind == "boolean" else escaped(text) for text in texts)


def shown(kind: str, options: Mapping[str, Any]) -> bool:
    """Whether a column is one of the table's: others are made from it alone where it is not."""
    return kind != "record" and not options.get("hidden")
