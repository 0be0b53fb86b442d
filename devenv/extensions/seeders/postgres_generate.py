"""Generated rows as COPY takes them, made while they are sent."""

from __future__ import annotations

import time
from collections.abc import Iterator

from devenv.core.generate.table import Table
from devenv.core.sql import quoted
from devenv.extensions.seeders import files
from devenv.model.protocols import Report
from devenv.model.stack import Seed

_PAUSE = 0.1
"""Seconds between two words on progress."""


class Generated:
    """One making of a seed's rows; the same part of a load as `files.Source` is for those that are read."""

    def __init__(self, seed: Seed, report: Report) -> None:
        self._report = report
        self._table = Table(files.table(seed), seed.options)
        self.digest = files.digest(seed)
        self.copy = f"COPY :devenv_table ({', '.join(quoted(name) for name in self._table.names)}) FROM STDIN;\n"
        self.total = self._table.rows

    def rows(self) -> Iterator[bytes]:
        """The lines, and the end of them."""
        made, told = 0, 0.0
        for count, lines in self._table.blocks():
            yield lines
            made += count
            now = time.monotonic()
            if now - told >= _PAUSE:
                told = now
                self._report.progress(made, self.total, "rows", "making rows")
        yield b"\\.\n"
