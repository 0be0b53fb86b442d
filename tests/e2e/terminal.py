"""What a person sees of a command: a real terminal of a size (a pty), what it shows at every moment, and pictures."""

from __future__ import annotations

import fcntl
import html
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyte

_QUIET = 0.03
"""Seconds in which nothing more is written: what stands there then, a person sees."""
COLOURS: Mapping[str, Mapping[str, str]] = {
    "dark": {
        "page": "#1e1f22", "default": "#d5d7db", "red": "#f0716b", "green": "#7fc379", "brown": "#d9b25f",
        "blue": "#6ea8e8", "magenta": "#c490d1", "cyan": "#63bfc9", "faint": "#8b8f97",
    },
    "light": {
        "page": "#ffffff", "default": "#24262b", "red": "#b3261e", "green": "#1f7a2e", "brown": "#8a6100",
        "blue": "#1c5fb0", "magenta": "#80399b", "cyan": "#08707c", "faint": "#6a6e76",
    },
}  # fmt: skip
"""How two common terminals paint the colours that a program names."""


class _Screen(pyte.Screen):
    """pyte's, which has no faint text: it is kept as its italics, which devenv does not use."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False, **more: Any) -> None:
        super().select_graphic_rendition(*(3 if each == 2 else each for each in attrs))


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands on the screen at `at` (seconds since the start): lines of (text, colour, bold, faint)."""

    at: float
    lines: tuple[tuple[tuple[str, str, bool, bool], ...], ...]

    def text(self) -> list[str]:
        """The lines as text."""
        return ["".join(cell[0] for cell in line).rstrip() for line in self.lines]


def seen(
    command: Sequence[str], *, columns: int, rows: int, folder: Path, timeout: float = 420
) -> tuple[int, list[Frame]]:
    """Run `command` on a terminal of that size; its exit code and every picture that stood on it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screen = _Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI")}
    process = subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**environment, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
    )  # fmt: skip
    os.close(theirs)
    begun, frames = time.monotonic(), []
    try:
        while time.monotonic() - begun < timeout:
            if select.select([ours], [], [], _QUIET)[0]:
                try:
                    stream.feed(os.read(ours, 65536))
                except OSError:  # the other end is closed: it ended
                    break
            else:
                frames.append(_frame(screen, time.monotonic() - begun, frames))
        frames.append(_frame(screen, time.monotonic() - begun, frames))
        return process.wait(10), [frame for frame in frames if frame is not None]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


def _frame(screen: pyte.Screen, at: float, before: Sequence[Frame | None]) -> Frame | None:
    lines = []
    for row in range(screen.lines):
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        lines.append(tuple((cell.data, cell.fg, cell.bold, cell.italics) for cell in cells))
    last = next((frame for frame in reversed(before) if frame is not None), None)
    return None if last is not None and last.lines == tuple(lines) else Frame(at, tuple(lines))


def page(frame: Frame, theme: str, command: str) -> str:
    """`frame` as HTML, below the `command` that was typed; empty lines at its end are left out."""
    colours = COLOURS[theme]
    shown = list(frame.lines)
    while shown and not "".join(cell[0] for cell in shown[-1]).strip():
        shown.pop()
    body = [f'<span style="color:{colours["faint"]}">$</span> <b>{html.escape(command)}</b>']
    for line in shown:
        out = ""
        for text, colour, bold, faint in line:
            paint = colours["faint"] if faint else colours.get(colour, colours["default"])
            # Each sign in its column, as a terminal has it, also where another font lends it.
            look = f"color:{paint};" + ("font-weight:bold;" if bold else "")
            look += "" if text.isascii() else "display:inline-block;width:1ch;height:1.4em;vertical-align:top;"
            out += f'<span style="{look}">{html.escape(text)}</span>'
        body.append(out)
    style = (
        f"margin:0;display:inline-block;padding:16px 20px;background:{colours['page']};color:{colours['default']};"
        f"width:{len(frame.lines[0])}ch;font:15px/1.4 'DejaVu Sans Mono','Liberation Mono',monospace"
    )
    return f'<body style="margin:0;background:{colours["page"]}"><pre style="{style}">' + "\n".join(body) + "</pre>"
