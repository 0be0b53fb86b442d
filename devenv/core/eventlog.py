"""Events as lines: what a run's record holds, what `--output json` prints, what is read back from either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from devenv.model import events
from devenv.model.events import Cancelled, Done, Event, Failed, Outcome, Skipped

_OUTCOMES: Mapping[str, type[Outcome]] = {"done": Done, "failed": Failed, "skipped": Skipped, "cancelled": Cancelled}
_KINDS: Mapping[str, type[Event]] = {
    "run_started": events.RunStarted,
    "step_started": events.StepStarted,
    "step_progress": events.StepProgress,
    "step_log": events.StepLog,
    "step_finished": events.StepFinished,
    "run_finished": events.RunFinished,
}


def to_json(event: Event) -> str:
    """One line, without its end. `event` is its kind (`step_started`); an outcome is an object with an `outcome`."""
    data: dict[str, Any] = {"event": event.kind}
    for field in fields(event):
        value = getattr(event, field.name)
        data[field.name] = _outcome_data(value) if field.name == "outcome" else value
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_plain)


def from_json(line: str) -> Event:
    """The event that `to_json` wrote. Raises ValueError for a line that is none."""
    data = json.loads(line)
    if not isinstance(data, dict) or data.get("event") not in _KINDS:
        raise ValueError("not an event")
    kind = _KINDS[data.pop("event")]
    known = {field.name for field in fields(kind)}
    values = {name: _frozen(value) for name, value in data.items() if name in known}
    if "outcome" in values:
        values["outcome"] = _outcome(data["outcome"])
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError("not a whole event") from error


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a recorded run. A last line that was torn by a kill is left out; a broken one before the end raises
    ValueError, because then the file is something else."""
    held: ValueError | None = None
    for line in lines:
        if held:
            raise held
        try:
            yield from_json(line)
        except ValueError as error:
            held = error


def _plain(value: Any) -> Any:
    """What json does not know of itself: read-only mappings; a value that is none of its own is shown as text."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": type(outcome).__name__.lower(),
        **{field.name: getattr(outcome, field.name) for field in fields(outcome)},
    }


def _outcome(data: Mapping[str, Any]) -> Outcome:
    kind = _OUTCOMES.get(str(data.get("outcome")))
    if kind is None:
        raise ValueError("not an outcome")
    known = {field.name for field in fields(kind)}
    return kind(**{name: _frozen(value) for name, value in data.items() if name in known})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return {name: _frozen(item) for name, item in value.items()} if isinstance(value, dict) else value
