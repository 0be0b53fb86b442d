"""The live table as lines: a pure function of the view, the time and the size of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devenv.core.view import Row, View
from devenv.ui import text

_SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SPIN_ASCII = "-\\|/"
_MARKS: Mapping[str, str] = {"ok": "✔", "failed": "✘", "skipped": "–", "cancelled": "–", "waiting": "·"}
_COLOURS: Mapping[str, str] = {"ok": "32", "failed": "31", "skipped": "33", "cancelled": "33", "waiting": "2"}
_BAR = 12
_WORDS = 16
"""Columns below which what is being done is not shown in part."""
_PHASE = 9
"""Columns of `unchanged` and `replacing`."""
_LOG_LINES = 5


def render(
    view: View,
    now: float,
    *,
    width: int,
    height: int = 24,
    colour: bool = False,
    unicode: bool = True,
    logs: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """The table of `view` at `now` (seconds since the epoch): at most `height` lines, each at most `width` columns
    (20 or more).

    A row an image that is made and a row a service: name, phase, a bar or why it waits, seconds. Below, the last lines
    of the step that failed first (`logs` by node, where the failure has none of its own), and one line on the whole.
    Where there is no room the rows that need no attention are counted, not shown.
    """
    painter = _Painter(colour=colour, unicode=unicode, now=now)
    log = _failing_log(view, logs or {})[: max(height - 4, 0)]
    rows, hidden = _fit(view.rows(now), max(height - 1 - len(log), 1))
    names = [painter.words(_name(row)) for row in rows]
    columns = _columns(names, [row.phase for row in rows], width)
    lines = [painter.row(row, name, columns, width) for row, name in zip(rows, names, strict=True)]
    below = [f"  … {hidden} more"] if hidden else []
    below += [f"    │ {line}" for line in log]
    below.append(_foot(view, now))
    lines += [painter.paint(text.cut(painter.words(line), width, end=painter.end), "2") for line in below]
    return lines[-height:]


class _Painter:
    def __init__(self, *, colour: bool, unicode: bool, now: float) -> None:
        self.colour, self.unicode, self.now = colour, unicode, now
        self.end = "…" if unicode else "..."

    def paint(self, words: str, code: str) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if self.colour and words else words

    def words(self, words: str) -> str:
        """`words` as this terminal can show them; where they are not of ours they were cleaned before."""
        return words if self.unicode else words.encode("ascii", text.ERRORS).decode("ascii")

    def row(self, row: Row, shown: str, columns: tuple[int, int], width: int) -> str:
        name, phase = columns
        time = text.seconds(row.seconds) if row.seconds >= 0.05 else ""
        if 2 + name + 2 + phase + 1 + len(time) > width:
            time = ""
        room = width - (2 + name + 2 + phase + 2) - (len(time) + 1 if time else 0)
        mark = self.words(_MARKS.get(row.state, "")) or self._spin()
        code = _COLOURS.get(row.state, "36")
        parts = [
            self.paint(mark, code),
            " ",
            text.pad(shown, name, end=self.end),
            "  ",
            self.paint(text.pad(row.phase, phase, end=self.end), code),
        ]
        if room >= 4:
            parts += ["  ", self._what(row, room)]
        if time:
            parts += [" ", self.paint(time, "2")]
        return "".join(parts).rstrip()

    def _what(self, row: Row, room: int) -> str:
        """Exactly `room` columns: a bar and how far where that is known, then words."""
        words = self.words(text.line_of(row.why))
        if row.state == "waiting" and words:
            words = f"for {words}"
        if row.state == "running" and row.total > 0:
            how_far = text.amount(row.current, row.total, row.unit)
            barred = room >= _BAR + 1 + text.width(how_far)
            left = room - (_BAR + 1 if barred else 0) - text.width(how_far) - 1
            # A word or two, cut off, say less than nothing.
            words = f"{how_far} {words}".strip() if text.width(words) <= left or left >= _WORDS else how_far
            if barred:
                full = round(_BAR * min(max(row.current / row.total, 0.0), 1.0))
                bar = "█" * full + "░" * (_BAR - full)
                return self.paint(self.words(bar), "36") + " " + text.pad(words, room - _BAR - 1, end=self.end)
        elif row.state == "running" and row.current > 0:
            words = f"{text.amount(row.current, 0, row.unit)} {words}".strip()
        return text.pad(words, room, end=self.end)

    def _spin(self) -> str:
        frames = _SPIN if self.unicode else _SPIN_ASCII
        return frames[int(self.now * 8) % len(frames)]


def _name(row: Row) -> str:
    return text.short_image(row.name) if row.kind == "image" else row.name


def _columns(names: Sequence[str], phases: Sequence[str], width: int) -> tuple[int, int]:
    """Columns for name and phase: what they need, as long as about half of the line is left for the rest. Phases come
    and go, and what stands behind them is not to jump: they have the room of those that are common."""
    name = max((text.width(name) for name in names), default=0)
    phase = max(_PHASE, *(text.width(phase) for phase in phases))
    return min(name, width // 3 - 2), min(phase, width // 4)


def _fit(rows: Sequence[Row], height: int) -> tuple[list[Row], int]:
    """Those of `rows` for which there is room, in their order, and how many were left out. Failed ones stay first,
    then those at work, then waiting ones."""
    if len(rows) <= height:
        return list(rows), 0
    weight = {"failed": 0, "running": 1, "skipped": 2, "waiting": 3}
    ranked = sorted(range(len(rows)), key=lambda i: (weight.get(rows[i].state, 4), i))
    kept = sorted(ranked[: max(height - 1, 0)])
    return [rows[i] for i in kept], len(rows) - len(kept)


def _failing_log(view: View, logs: Mapping[str, Sequence[str]]) -> list[str]:
    for failure in view.failures():
        lines = failure.outcome.log or tuple(logs.get(failure.node, ()))
        if lines:
            return [text.line_of(line) for line in lines[-_LOG_LINES:]]
    return []


def _foot(view: View, now: float) -> str:
    spent = view.finished.seconds if view.finished else max(now - (view.started or now), 0.0)
    return f"{view.verb} {view.project}: {view.done} of {view.total} steps, {text.seconds(spent)}"
