"""Text as a terminal takes it: how wide it is, cut to fit, free of what would move the cursor, said in ASCII where the
terminal knows no better."""

from __future__ import annotations

import codecs
import re
import unicodedata

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ASCII = {
    "→": "->",
    "…": "...",
    "·": "-",
    "✔": "+",
    "✘": "x",
    "–": "-",
    "│": "|",
    "█": "#",
    "░": ".",
    "’": "'",
    "“": '"',
    "”": '"',
}
ERRORS = "devenv"
"""Name of the codec error handler that says in ASCII what a terminal's encoding lacks."""


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_ASCII.get(char, "?") for char in lost), error.end


codecs.register_error(ERRORS, _in_ascii)


def clean(text: str) -> str:
    """`text` without escape sequences and control characters; tabs become spaces. Line ends stay. What a container
    says must not paint over the screen."""
    # A carriage return starts a line over: what a progress bar showed last is what counts.
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in _ESCAPES.sub("", text).split("\n"))
    return _CONTROL.sub("", "\n".join(lines).expandtabs(4))


def line_of(text: str) -> str:
    """`text` as one clean line."""
    return " ".join(clean(text).split())


def width(text: str) -> int:
    """Columns that `text` takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def cut(text: str, columns: int, *, end: str = "…") -> str:
    """`text` where it fits into `columns`, else its beginning with `end` after it."""
    if width(text) <= columns:
        return text
    room = columns - width(end)
    if room <= 0:
        return end[: max(columns, 0)]
    taken, used = [], 0
    for char in text:
        used += _columns(char)
        if used > room:
            break
        taken.append(char)
    return "".join(taken).rstrip() + end


def pad(text: str, columns: int, *, end: str = "…") -> str:
    """`text` cut or filled to exactly `columns`."""
    shown = cut(text, columns, end=end)
    return shown + " " * (columns - width(shown))


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most `columns`, broken at spaces where there are any."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def seconds(value: float) -> str:
    """A duration for people: `0.4 s`, `12 s`, `3 min 05 s`."""
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02} s"


def amount(current: int, total: int, unit: str) -> str:
    """How far: `12 of 40 MB`, `3 of 9 steps`, `120,000 rows` where the end is not known; "" for nothing."""
    if not current and not total:
        return ""
    if unit == "bytes":
        size, unit = next(
            (s, u) for s, u in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")) if s <= max(current, total, 1000)
        )
        done, all_ = f"{current / size:.1f}", f"{total / size:.1f}"
    else:
        done, all_ = f"{current:,}", f"{total:,}"
    return f"{done} of {all_} {unit}".rstrip() if total else f"{done} {unit}".rstrip()


def size(count: int, *, binary: bool = False) -> str:
    """Bytes for people: `310 MB`; `binary`: in powers of 1024, as memory limits are written, `64 MiB`."""
    step, letter = (1024, "iB") if binary else (1000, "B")
    for power, prefix in ((3, "G"), (2, "M"), (1, "K" if binary else "k")):
        if count >= step**power:
            value = count / step**power
            return f"{value:.1f} {prefix}{letter}" if value < 10 and value % 1 else f"{value:.0f} {prefix}{letter}"
    return f"{count} B"


def short_image(ref: str) -> str:
    """An image reference as a person knows it: `localhost/devenv/postgres:17-3f2a90c1d2e3` is `postgres:17`."""
    name = ref.removeprefix("localhost/").removeprefix("devenv/").removeprefix("trusted/")
    return re.sub(r"-[0-9a-f]{12}$", "", name) if name != ref else ref


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200b\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
