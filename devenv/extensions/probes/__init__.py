"""The kinds of readiness: a file each that ends in its `PROBE`, and this table. A new kind is one file and one line.

All of devenv knows a kind from its class alone (`devenv.core.readiness`): schema, errors, healthcheck and reference
follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from devenv.core.readiness import ReadyKind

_FILES = (
    "http",
    "tcp",
    "exec",
    "log",
    "health",
)
"""In the order in which people are told of them."""

PROBES: Mapping[str, ReadyKind] = {name: import_module(f"{__name__}.{name}").PROBE for name in _FILES}
"""Kind, as written under `ready`, to the probe that looks."""
