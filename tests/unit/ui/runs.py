"""Events of made-up runs, and a small terminal that shows what was drawn on it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from devenv.core.view import View
from devenv.model.events import (
    Done,
    Event,
    Failed,
    Outcome,
    RunFinished,
    RunStarted,
    Skipped,
    StepFinished,
    StepLog,
    StepProgress,
    StepStarted,
)

NODES = (
    ("build:shop-api", "", "Build", "shop-api", "no image"),
    ("start:db", "db", "Start", "shop-db-1", "not running"),
    ("ready:db", "db", "WaitReady", "shop-db-1", "started"),
    ("seed:db:0", "db", "Seed", "shop-db-1 with seeds/schema.sql", "not seeded"),
    ("create:api", "api", "CreateContainer", "shop-api-1", "no container"),
    ("start:api", "api", "Start", "shop-api-1", "not running"),
    ("ready:api", "api", "WaitReady", "shop-api-1", "started"),
    ("start:web", "web", "Start", "shop-web-1", "not running"),
)
NEEDS: Mapping[str, tuple[str, ...]] = {
    "ready:db": ("start:db",),
    "seed:db:0": ("ready:db",),
    "create:api": ("build:shop-api",),
    "start:api": ("create:api", "seed:db:0"),
    "ready:api": ("start:api",),
    "start:web": ("ready:api",),
}
_OF = {node[0]: {"node": node[0], "service": node[1], "step": node[2]} for node in NODES}


class Run:
    """Makes events one after the other; `at` is the time of the next one."""

    def __init__(self) -> None:
        self.at = 100.0
        self.seq = 0
        self.events: list[Event] = []

    def emit(self, kind: type[Event], **fields: Any) -> Event:
        self.seq += 1
        event = kind(seq=self.seq, at=self.at, **fields)
        self.events.append(event)
        return event

    def begin(self, verb: str = "up", nodes: tuple[Any, ...] = NODES, named: tuple[str, ...] = ()) -> Event:
        return self.emit(
            RunStarted,
            project="shop",
            verb=verb,
            named=named,
            nodes=nodes,
            needs=NEEDS,
            services=("db", "api", "web", "mail"),
        )

    def start(self, node: str) -> Event:
        return self.emit(StepStarted, **_OF[node])

    def progress(self, node: str, **fields: Any) -> Event:
        return self.emit(StepProgress, **_OF[node], **fields)

    def log(self, node: str, line: str) -> Event:
        return self.emit(StepLog, **_OF[node], line=line)

    def end(self, node: str, outcome: Outcome | None = None, seconds: float = 0.0) -> Event:
        return self.emit(StepFinished, **_OF[node], outcome=outcome or Done(), seconds=seconds)

    def finish(self, code: int = 0, **fields: Any) -> Event:
        return self.emit(RunFinished, code=code, **{"seconds": self.at - 100.0, **fields})


def view_of(run: Run) -> View:
    view = View()
    for event in run.events:
        view.apply(event)
    return view


def halfway() -> Run:
    """The image builds, the database seeds, the rest waits."""
    run = Run()
    run.begin()
    run.start("build:shop-api")
    run.progress("build:shop-api", current=3, total=9, unit="steps", text="RUN pip install -r requirements.txt")
    run.start("start:db")
    run.end("start:db")
    run.at += 2
    run.start("ready:db")
    run.end("ready:db")
    run.start("seed:db:0")
    run.progress("seed:db:0", current=1200, total=0, unit="rows", text="products")
    run.at += 3
    return run


def failed() -> Run:
    """The API does not become ready, so the web page is not started."""
    run = halfway()
    run.end("seed:db:0", Done(detail="5,000 rows"), 3.0)
    run.end("build:shop-api", seconds=5.0)
    run.start("create:api")
    run.end("create:api")
    run.start("start:api")
    run.end("start:api")
    run.start("ready:api")
    run.log("ready:api", "Traceback (most recent call last):")
    run.log("ready:api", "\x1b[31mKeyError\x1b[0m: 'DATABASE_URL'")
    run.at += 2
    run.end("ready:api", Failed(message="It ended with exit code 1.", hint="Look at its log."), 2.0)
    run.end("start:web", Skipped(because="ready:api"))
    run.finish(1)
    return run


class Screen(io.StringIO):
    """A terminal of `columns`: what it shows after cursor moves, clears and wraps; everything that scrolled stays."""

    encoding = "utf-8"

    def __init__(self, columns: int = 80) -> None:
        super().__init__()
        self.columns = columns
        self.lines: list[str] = [""]
        self.y = self.x = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        super().write(text)
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]", text):
            self._take(part)
        return len(text)

    @property
    def shown(self) -> list[str]:
        return [line.rstrip() for line in self.lines]

    def _take(self, part: str) -> None:
        if part == "\r":
            self.x = 0
        elif part == "\n":
            self.x = 0
            self._down()
        elif part.startswith("\x1b"):
            number = int(re.sub(r"\D", "", part) or 0)
            if part.endswith("A"):
                self.y = max(self.y - number, 0)
            elif part.endswith("K"):
                self.lines[self.y] = self.lines[self.y][: self.x]
            elif part.endswith("J"):
                self.lines[self.y] = self.lines[self.y][: self.x]
                del self.lines[self.y + 1 :]
        else:
            if self.x >= self.columns:
                self.x = 0
                self._down()
            line = self.lines[self.y].ljust(self.x)
            self.lines[self.y] = line[: self.x] + part + line[self.x + 1 :]
            self.x += 1

    def _down(self) -> None:
        self.y += 1
        if self.y == len(self.lines):
            self.lines.append("")
