"""What happened, one fact at a time. Screen, log, JSON lines and timeline are folds of these and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It was done; `detail` says what came of it ("5000 rows"), `data` the same for machines."""

    detail: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It failed. `message` is one sentence, `hint` the next step, `log` the last lines that tell why, `code` the exit
    code the process should end with (1 the stack, 3 the engine or host)."""

    message: str
    hint: str = ""
    log: tuple[str, ...] = ()
    code: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Not tried, because the node with id `because` failed (the first cause, not the nearest)."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """Stopped by the user."""


Outcome = Done | Failed | Skipped | Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`seq` counts from 1 in a run; `at` is seconds since the epoch; `node` is a node's id ("" for the run's own);
    `service` and `step` (a verb) say what the node is, so that an event can be read alone."""

    seq: int
    at: float
    node: str = ""
    service: str = ""
    step: str = ""

    @property
    def kind(self) -> str:
        return "".join("_" + c.lower() if c.isupper() else c for c in type(self).__name__).lstrip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """`nodes` are (id, service, verb, object, cause) of every node of the plan, in its order; `needs` maps a node id to
    those that must be done before it (`Plan.told` and `Plan.needs` give both). `services` are all of the run; `named`
    those that the command named, () where it is about all."""

    project: str
    verb: str
    named: tuple[str, ...] = ()
    nodes: tuple[tuple[str, str, str, str, str], ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress(Event):
    """How far. `current` of `total` `unit`s ("bytes", "steps", "rows"); `total` 0 where unknown; `text` is what is
    being done or, in a wait, the last reason."""

    current: int = 0
    total: int = 0
    unit: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLog(Event):
    """One line that a build, a seed or a container said."""

    line: str
    stream: str = "stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """`seconds` from its StepStarted (0 for what was never started)."""

    outcome: Outcome
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The end of a run. `urls`: service → host's address, masked. `seeded`: service → what was seeded in words."""

    code: int
    seconds: float
    urls: Mapping[str, str] = field(default_factory=dict)
    seeded: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
