"""A page of `docs/` as a person works through it: its files are written, its commands run, in the order of the page.

A ```console block holds commands (`$ …`) and, where it matters, what is seen: those lines come in the output in that
order. `…` stands for anything, also for lines between two; times, sizes and ports of this host may be others.

What a reader need not see stands in comments before a block, or alone:

    <!-- file: PATH -->      the block is the content of PATH
    <!-- run: COMMAND -->    run it, ended by 0: how a page comes to the trouble that it tells of
    <!-- ends: CODE -->      the block's last command ends with CODE (else 0)
    <!-- until: WORDS -->    the block's one command goes on until it has said WORDS, then comes Ctrl-C
    <!-- whole -->           the block is a whole manifest (it is brought up)
    <!-- part -->            the block is part of a manifest: keys of the top, to be laid over a small stack
    <!-- compose -->         the block is a plain Compose file
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ("first-day", "every-day", "when-it-fails", "manifest-by-example", "your-compose-file")
_COMMENT = re.compile(r"<!-- (\w+)(?:: (.*?))? -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`words` for a shell, and the lines that are `shown` below it. `hidden`: a reader does not see it."""

    words: str
    shown: tuple[str, ...] = ()
    code: int = 0
    until: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block that is no console: `text` in `language`, with the comments before it."""

    language: str
    text: str
    notes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of a page, and the `line` at which it stands."""

    line: int
    thing: Command | Block


def read(text: str) -> Iterator[Item]:
    """The commands and blocks of a page, in order."""
    notes: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if found := _COMMENT.fullmatch(line.strip()):
            if found[1] == "run":
                yield Item(line=number, thing=Command(words=found[2], hidden=True))
            else:
                notes[found[1]] = found[2] or ""
        elif line.startswith("```"):
            language, body = line[3:].strip(), []
            for _, inner in lines:
                if inner == "```":
                    break
                body.append(inner)
            if language == "console":
                for command in _commands(body, notes):
                    yield Item(line=number, thing=command)
            else:
                yield Item(line=number, thing=Block(language=language, text="\n".join(body) + "\n", notes=notes))
            notes = {}


def _commands(body: list[str], notes: dict[str, str]) -> list[Command]:
    assert body[0].startswith("$ "), body[0]
    starts = [index for index, line in enumerate(body) if line.startswith("$ ")]
    found = []
    for index, end in zip(starts, [*starts[1:], len(body)], strict=True):
        last = end == len(body)
        found.append(
            Command(
                words=re.sub(r"\s+# .*", "", body[index][2:]),
                shown=tuple(line for line in body[index + 1 : end] if line.strip()),
                code=int(notes.get("ends", "0")) if last else 0,
                until=notes.get("until", ""),
            )
        )
    return found


def seen(shown: tuple[str, ...], output: str) -> str:
    """ "" where the lines `shown` come in `output` in that order; else the first that does not."""
    lines = [_plain(line) for line in output.splitlines()]
    at = 0
    for line in shown:
        if line.strip() == "…":
            continue
        wanted = re.compile(".*".join(re.escape(part) for part in _plain(line).split("…")))
        at = next((index + 1 for index in range(at, len(lines)) if wanted.fullmatch(lines[index])), 0)
        if not at:
            return line
    return ""


def _plain(line: str) -> str:
    """A line without what is this host's or this moment's."""
    line = re.sub(r"\b(127\.0\.0\.1|localhost):\d+", r"\1:PORT", line)
    line = re.sub(r"\b172\.\d+\.\d+\.\d+\b", "ADDRESS", line)
    line = re.sub(r"\b\d+(?:\.\d+)? s\b", "TIME", line)
    return re.sub(r"\s+", " ", line).strip()


@dataclass(slots=True)
class Walk:
    """A shell in `folder` in which the commands of a page are run, where `devenv` is this checkout. `names` are what
    the stacks of the page are called on the engine, so that no others are met. `done` are the commands."""

    folder: Path
    names: dict[str, str]
    done: list[str] = field(default_factory=list)
    _own: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own = self.folder.parent / f"{self.folder.name}.walk"
        self._own.mkdir()
        start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from devenv.cli.main import main; main()"
        shim = self._own / "devenv"
        shim.write_text(f'#!/bin/sh\nexec {sys.executable} -I -c {shlex.quote(start)} {ROOT} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
        (self._own / "environment").write_text("", encoding="utf-8")
        (self._own / "folder").write_text(f"{self.folder}\n", encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Put `text` at `path`, from where the shell stands; a manifest is called as its stack is."""
        target = Path((self._own / "folder").read_text(encoding="utf-8").strip(), path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self._ours(text), encoding="utf-8")

    def run(self, command: Command) -> str:
        """Run it and look at what it said; all of that, the stack's name as the page has it."""
        self.done.append(command.words)
        script = (
            f'. {self._own}/environment; cd "$(cat {self._own}/folder)"; export PATH={self._own}:$PATH\n'
            f"{command.words}\ncode=$?\n"
            f"export -p >{self._own}/environment; pwd >{self._own}/folder; exit $code"
        )
        code, output = self._ran(script, command.until)
        for called, name in self.names.items():
            output = output.replace(name, called)
        assert command.until or code == command.code, f"$ {command.words}\nended with {code}\n{output}"
        missing = seen(command.shown, output)
        assert not missing, f"$ {command.words}\ndid not say (in this order)\n{missing}\nbut\n{output}"
        return output

    def _ours(self, text: str) -> str:
        return re.sub(r"^name: (.+)$", lambda found: f"name: {self.names[found[1]]}", text, flags=re.MULTILINE)

    def _ran(self, script: str, until: str) -> tuple[int, str]:
        process = subprocess.Popen(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""},
        )
        assert process.stdout is not None
        timer = threading.Timer(420, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            output = ""
            for line in process.stdout:
                output += line
                if until and until in line:
                    os.killpg(process.pid, signal.SIGINT)
                    output += process.stdout.read()
                    until = ""
            assert not until, f"never said {until!r}:\n{output}"
            return process.wait(), output
        finally:
            timer.cancel()
            process.stdout.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
