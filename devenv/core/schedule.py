"""What to start next: a plan and the outcomes so far in, nodes to start and nodes to skip out. Sans-IO, adds no nodes.

The longest path goes first: a node's weight is the rough seconds of its own step and of the longest chain behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.model.events import Cancelled, Done, Failed, Outcome, Skipped
from devenv.model.plan import Node, Plan

ROUGH_SECONDS: Mapping[str, float] = {
    "Pull": 30.0,
    "Bootstrap": 25.0,
    "Build": 30.0,
    "Seed": 5.0,
    "Run": 5.0,
    "WaitReady": 2.0,
    "Stop": 1.0,
    "Start": 0.4,
}
"""What a step usually takes; only the order of starting hangs on it. Anything else: a tenth of a second."""


_PATIENT = frozenset({"Stop"})
"""Steps in which only the container is at work, for as long as it likes: they do not count among those under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """`start` are nodes to start now, in this order; `skip` are nodes that will never start, with why."""

    start: tuple[Node, ...] = ()
    skip: tuple[tuple[Node, Skipped | Cancelled], ...] = ()


@dataclass(slots=True, kw_only=True)
class Schedule:
    """The state of one walk through `plan`.

    `parallel` bounds the nodes under way at once, those that stop a container left out; `limits` those that hold a
    resource (a Node's `resource`), 1 where it is not named. Not safe from several threads: the executor's main thread
    alone asks it.
    """

    plan: Plan
    parallel: int = 16
    limits: Mapping[str, int] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: dict[str, Node] = field(default_factory=dict)
    cancelled: bool = False
    _weights: dict[str, float] = field(default_factory=dict)
    _waiting: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = [node.id for node in self.plan.nodes]
        seen: set[str] = set()
        for node in self.plan.nodes:
            missing = [other for other in (*node.needs, *node.after) if other not in seen]
            if missing or node.id in seen:
                raise ValueError(f"node {node.id!r} stands before what it needs, or twice: {missing or ids}")
            seen.add(node.id)
        self._waiting = {node.id: node for node in self.plan.nodes}
        self._weights = weights(self.plan)

    @property
    def finished(self) -> bool:
        return not self._waiting and not self.running

    def end(self, node: str, outcome: Outcome) -> None:
        """The node with id `node`, which was started, has ended with `outcome`."""
        del self.running[node]
        self.outcomes[node] = outcome

    def cancel(self) -> None:
        """Start nothing more; what has not begun is cancelled at the next look."""
        self.cancelled = True

    def next(self) -> Next:
        """What to start and what to skip now. Both are taken as started and ended by the asking."""
        skipped = self._skip()
        start: list[Node] = []
        ready = [node for node in self._waiting.values() if self._may_start(node)]
        # Sorting is stable: alike ones go in the plan's order, so the same plan is walked the same way.
        busy = sum(node.step.verb not in _PATIENT for node in self.running.values())
        for node in sorted(ready, key=lambda node: -self._weights[node.id]):
            patient = node.step.verb in _PATIENT
            if not patient and busy >= self.parallel:
                continue
            if node.resource and self._held(node.resource) >= self.limits.get(node.resource, 1):
                continue
            busy += not patient
            self.running[node.id] = self._waiting.pop(node.id)
            start.append(node)
        return Next(start=tuple(start), skip=tuple(skipped))

    def _skip(self) -> list[tuple[Node, Skipped | Cancelled]]:
        skipped: list[tuple[Node, Skipped | Cancelled]] = []
        for node in tuple(self._waiting.values()):  # the plan's order: a cause is settled before what hangs on it
            outcome = Cancelled() if self.cancelled else self._cause(node)
            if outcome:
                del self._waiting[node.id]
                self.outcomes[node.id] = outcome
                skipped.append((node, outcome))
        return skipped

    def _cause(self, node: Node) -> Skipped | Cancelled | None:
        for need in node.needs:
            match self.outcomes.get(need):
                case Failed():
                    return Skipped(because=need)
                case Skipped() as skipped:
                    return skipped
                case Cancelled():
                    return Cancelled()
        return None

    def _may_start(self, node: Node) -> bool:
        return all(isinstance(self.outcomes.get(need), Done) for need in node.needs) and all(
            other in self.outcomes for other in node.after
        )

    def _held(self, resource: str) -> int:
        return sum(node.resource == resource for node in self.running.values())


def weights(plan: Plan) -> dict[str, float]:
    """For each node id the rough seconds from its start to the end of the longest chain behind it."""
    behind: dict[str, float] = {}
    longest: dict[str, float] = {}
    for node in reversed(plan.nodes):
        longest[node.id] = ROUGH_SECONDS.get(node.step.verb, 0.1) + behind.get(node.id, 0.0)
        for before in (*node.needs, *node.after):
            behind[before] = max(behind.get(before, 0.0), longest[node.id])
    return longest
