"""The label `dev.devenv.config`: version-tagged canonical JSON with a hash for each key of what a thing was made from,
so that it can be said which of them differ (DESIGN, rule 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from devenv.model import labels

VERSION = 1
"""Of the label; a label of another version is not compared."""
DIGITS = 12
"""Hex digits of a hash that are kept."""


def label(keys: Mapping[str, str]) -> str:
    """The label's value for `keys`, key → hash."""
    return json.dumps({"keys": dict(keys), "version": VERSION}, sort_keys=True, separators=(",", ":"))


def read(marks: Mapping[str, str]) -> Mapping[str, str] | None:
    """The keys that the labels `marks` say; None where they have no such label, or none of this version."""
    try:
        found = json.loads(marks.get(labels.CONFIG, ""))
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("keys"), dict):
        return None
    return {str(key): str(value) for key, value in found["keys"].items()}


def differing(known: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[str, ...]:
    """The keys in which the two differ, sorted."""
    return tuple(sorted(key for key in known.keys() | wanted.keys() if known.get(key) != wanted.get(key)))
