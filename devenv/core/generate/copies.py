"""A column that follows a key: the value that another table has in the row which the key names.

The other table's column is made once more, from the rule that stands in the options, and held in memory: 8 bytes a
number or time, else one text for each different value.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from devenv.core.generate.draw import Draw

if TYPE_CHECKING:
    from devenv.core.generate.columns import Block, Column, Made


def copy(options: Mapping[str, Any], draw: Draw, rows: int, made: Mapping[str, Column]) -> Made:
    """See the module. Raw is what the other column's is."""
    from devenv.core.generate.table import Table

    key, _, name = options["of"].partition(".")
    other = Table(options["there"]["table"], options["there"])
    source = other.columns[name]

    @cache
    def there() -> Sequence[Any]:
        if options["calculable"]:
            numbers: Sequence[Any] = array("q")
            try:
                for block in other.made():
                    numbers.extend(block.raw[name])  # type: ignore[attr-defined]
            except OverflowError:
                return [number for block in other.made() for number in block.raw[name]]
            return numbers
        known: dict[str, str] = {}
        return [known.setdefault(text, text) for block in other.made() for text in block.texts[name]]

    def raw(block: Block) -> Sequence[Any]:
        values = there()
        return [values[place] for place in block.raw[key]]

    return raw, source.text if options["calculable"] else lambda raw: raw, source.decimals
