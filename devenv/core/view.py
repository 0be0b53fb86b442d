"""What a display shows of a run: a pure fold of its events. The terminal, plain lines and the summary read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.model.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    Outcome,
    RunFinished,
    RunStarted,
    Skipped,
    StepFinished,
    StepProgress,
    StepStarted,
)

IMAGE_VERBS = ("Pull", "Build", "Bootstrap", "Tag")
"""Steps that make an image. One image may serve several services, so they have rows of their own."""

_COUNT = re.compile(r"([\d,]+) (\w+?)s?")
"""What a seed comes to: `20,000 rows`."""

_PHASES: Mapping[str, str] = {
    "Pull": "pulling",
    "Build": "building",
    "Bootstrap": "making its base",
    "Tag": "tagging",
    "Start": "starting",
    "Run": "running",
    "Exec": "running",
    "WaitReady": "checking",
    "Seed": "seeding",
    "Stop": "stopping",
    "Rename": "replacing",
    "Remove": "removing",
    "Check": "checking",
    "Snapshot": "saving",
    "Restore": "restoring",
}
_ENDS: Mapping[str, str] = {
    "WaitReady": "ready",
    "Seed": "ready",
    "Run": "done",
    "Start": "started",
    "Stop": "stopped",
    "Remove": "removed",
    "Pull": "pulled",
    "Build": "built",
    "Bootstrap": "made",
    "Check": "passed",
}
_WAITS: Mapping[str, str] = {
    "Pull": "{object} to be pulled",
    "Build": "{object} to be built",
    "Bootstrap": "{object} to be made",
    "Tag": "{object}",
    "CreateNetwork": "its network",
    "ConnectNetwork": "its network",
    "Start": "{service} to start",
    "Run": "{service} to end",
    "WaitReady": "{service} to be ready",
    "Seed": "{service} to be seeded",
    "Stop": "{service} to stop",
    "Remove": "{object} to be removed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    `kind` is `service`, `image` for what makes an image (`name` is its reference then), or `check`. `phase` is one or
    two words (`waiting`, `building`, `checking`, `seeding`, `ready`, `failed`, …; `unchanged` where the plan has
    nothing to do). `why` says what it waits for, what is being done, the last reason of a wait, what came of it, or why
    it failed. `seconds` run from its first step to its last, or to now. `current` of `total` `unit`s, `total` 0 where
    unknown. `state` is `waiting`, `running`, `ok`, `failed`, `skipped` or `cancelled`.
    """

    name: str
    kind: str = "service"
    phase: str = "waiting"
    why: str = ""
    seconds: float = 0.0
    current: int = 0
    total: int = 0
    unit: str = ""
    state: str = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One first cause for the summary: the step that failed (`step`, `object`), under the name it is shown by (a
    service, an image, a network), how, and the names of the services that were not started because of it."""

    name: str
    node: str
    step: str
    object: str
    outcome: Failed
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Node:
    id: str
    service: str
    step: str
    object: str
    needs: tuple[str, ...] = ()
    began: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    outcome: Outcome | None = None
    progress: StepProgress | None = None

    @property
    def row(self) -> tuple[str, str]:
        """(kind, name) of the row it is shown in; ("", "") for none."""
        if self.step in IMAGE_VERBS:
            return "image", self.object
        if self.step == "Check":
            return "check", f"check {self.object}"
        return ("service", self.service) if self.service else ("", "")

    @property
    def name(self) -> str:
        return self.row[1] or self.object


@dataclass(slots=True)
class View:
    """The state of one run, made by `apply` of its events in order. `finished` is its end, None until it came."""

    project: str = ""
    verb: str = ""
    named: tuple[str, ...] = ()
    started: float | None = None
    finished: RunFinished | None = None
    _services: tuple[str, ...] = ()
    _nodes: dict[str, _Node] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case RunStarted():
                self.project, self.verb, self.started = event.project, event.verb, event.at
                self.named = event.named
                self.finished, self._services = None, event.services
                self._nodes = {
                    name: _Node(
                        id=name, service=service, step=step, object=what, needs=tuple(event.needs.get(name, ()))
                    )
                    for name, service, step, what, _ in event.nodes
                }
            case StepStarted():
                self._node(event).began = event.at
            case StepProgress():
                self._node(event).progress = event
            case StepFinished():
                node = self._node(event)
                node.outcome, node.ended, node.seconds = event.outcome, event.at, event.seconds
            case RunFinished():
                self.finished = event

    @property
    def total(self) -> int:
        """Steps of the plan."""
        return len(self._nodes)

    @property
    def done(self) -> int:
        """Steps that ended, however."""
        return sum(node.outcome is not None for node in self._nodes.values())

    def rows(self, now: float) -> tuple[Row, ...]:
        """One row an image that is made, then one a service, then one a check, in the order of the plan and of the
        stack. `now` is seconds since the epoch."""
        shown: dict[tuple[str, str], list[_Node]] = {("service", name): [] for name in self._services}
        for node in self._nodes.values():
            if node.row[1]:
                shown.setdefault(node.row, []).append(node)
        return tuple(
            self._row(key, nodes, now)
            for kind in ("image", "service", "check")
            for key, nodes in shown.items()
            if key[0] == kind
        )

    def failures(self) -> tuple[Failure, ...]:
        """Every step that failed itself, in the order of the plan; what was skipped because of it beside it."""
        found = []
        for node in self._nodes.values():
            if isinstance(node.outcome, Failed):
                hit = [
                    other.name
                    for other in self._nodes.values()
                    if isinstance(other.outcome, Skipped) and other.outcome.because == node.id
                ]
                found.append(
                    Failure(
                        name=node.name,
                        node=node.id,
                        step=node.step,
                        object=node.object,
                        outcome=node.outcome,
                        seconds=node.seconds,
                        skipped=tuple(name for name in dict.fromkeys(hit) if name != node.name),
                    )
                )
        return tuple(found)

    def kept(self) -> tuple[tuple[str, str, str], ...]:
        """(service, what, why) of every seed that was not loaded because the user's rows are there: all else is done,
        and the run ends with 1."""
        return tuple(
            (node.name, node.object, str(node.outcome.data["kept"]))
            for node in self._nodes.values()
            if isinstance(node.outcome, Done) and node.outcome.data.get("kept")
        )

    def _node(self, event: Event) -> _Node:
        # A run's record may have lost its head; an event says enough of its node to be shown all the same.
        found = self._nodes.get(event.node)
        if found is None:
            found = _Node(id=event.node, service=event.service, step=event.step, object=event.service or event.node)
            self._nodes[event.node] = found
        return found

    def _row(self, key: tuple[str, str], nodes: list[_Node], now: float) -> Row:
        kind, name = key
        began = min((node.began for node in nodes if node.began is not None), default=None)
        ended = max((node.ended for node in nodes if node.ended is not None), default=now)
        open_ = [node for node in nodes if node.outcome is None]
        seconds = 0.0 if began is None else max((now if open_ else ended) - began, 0.0)
        bad = next((node for node in nodes if isinstance(node.outcome, Failed)), None)
        if bad is not None:
            assert isinstance(bad.outcome, Failed)
            why = without_name(name, bad.outcome.message)
            return Row(name=name, kind=kind, phase="failed", why=why, seconds=seconds, state="failed")
        for node in nodes:
            if isinstance(node.outcome, Skipped):
                why = f"{self._name(node.outcome.because)} failed"
                return Row(name=name, kind=kind, phase="skipped", why=why, seconds=seconds, state="skipped")
        if any(isinstance(node.outcome, Cancelled) for node in nodes):
            return Row(name=name, kind=kind, phase="stopped", seconds=seconds, state="cancelled")
        if not nodes:
            return Row(name=name, kind=kind, phase="unchanged", state="ok")
        active = [node for node in open_ if node.began is not None]
        if active:
            return self._active(key, active[-1], seconds)
        if open_:
            return Row(name=name, kind=kind, why=self._waits_for(open_[0]), seconds=seconds)
        return Row(
            name=name,
            kind=kind,
            phase=_ENDS.get(nodes[-1].step, "done"),
            why=_came_of(nodes),
            seconds=seconds,
            state="ok",
        )

    def _active(self, key: tuple[str, str], node: _Node, seconds: float) -> Row:
        told = node.progress
        phase = _PHASES.get(node.step, "creating")
        if told is None:
            return Row(name=key[1], kind=key[0], phase=phase, seconds=seconds, state="running")
        return Row(
            name=key[1],
            kind=key[0],
            phase=phase,
            why=told.text,
            seconds=seconds,
            current=told.current,
            total=told.total,
            unit=told.unit,
            state="running",
        )

    def _waits_for(self, node: _Node) -> str:
        for need in node.needs:
            other = self._nodes.get(need)
            if other is not None and other.outcome is None:
                if other.row == node.row:
                    return self._waits_for(other)
                words = _WAITS.get(other.step, "{object}")
                return words.format(object=other.object, service=other.name)
        return ""

    def _name(self, node: str) -> str:
        found = self._nodes.get(node)
        return found.name if found else node


def without_name(name: str, message: str) -> str:
    """`message` without the name that it begins with, where that stands before it already."""
    return message.removeprefix(f"{name} ").removeprefix(f"{name}: ")


def _came_of(nodes: list[_Node]) -> str:
    said: list[str] = []
    for outcome in (node.outcome for node in nodes):
        # Of several seeds that were there already it is enough to say it once.
        again = isinstance(outcome, Done) and outcome.data.get("skipped") and outcome.detail in said
        if isinstance(outcome, Done) and outcome.detail and not again:
            said.append(outcome.detail)
    counts = [found for words in said if (found := _COUNT.fullmatch(words))]
    if len(counts) > 1 and len({found[2] for found in counts}) == 1:
        whole = sum(int(found[1].replace(",", "")) for found in counts)
        said = [*(words for words in said if not _COUNT.fullmatch(words)), f"{whole:,} {counts[0][2]}s"]
    return ", ".join(said[-3:])
