"""Rows made by rule: the seed kind `generate`. The same options give the same bytes on any machine and Python.

read(written, …)              what stands in a manifest, checked, as plain options (`spec`)
Table(name, options).copy()   the rows as PostgreSQL's COPY takes them, block by block (`table`)

Nothing here depends on the `random` module, on the C library's floating point or on the order of hashes: numbers come
from SHAKE-128 (`draw`), and all arithmetic is of whole numbers. `ALGORITHM` counts up when the bytes change: it is part
of a seed's digest, so that rows of an older devenv are made anew.
"""

from __future__ import annotations

ALGORITHM = 1
BLOCK = 1024
"""Rows that are made at once; part of what the bytes depend on."""
