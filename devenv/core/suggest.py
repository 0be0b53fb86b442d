"""What was probably meant: the nearest known word."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_SHOWN = 12


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word` (case does not count), or None where none is near."""
    import difflib

    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    swapped = [name for name in by_lower if sorted(name) == sorted(word.lower())]  # short words are unlike when swapped
    found = swapped or difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, what: str = "Known here") -> str:
    """A sentence for a hint: the nearest word, else the known ones where they are few, else ""."""
    names = list(dict.fromkeys(known))
    near = closest(word, names)
    if near is not None:
        return f"Did you mean `{near}`?"
    if names and len(names) <= _MOST_SHOWN:
        return f"{what}: " + ", ".join(f"`{name}`" for name in sorted(names)) + "."
    return ""
