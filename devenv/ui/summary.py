"""The end of a run in words: what failed, why and what hangs on it; else the addresses to open and what was seeded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from devenv.core.logline import readable
from devenv.core.view import Failure, View, without_name
from devenv.model.errors import ExitCode
from devenv.model.events import RunFinished
from devenv.ui import text

_LOG_LINES = 20
WIDTH = 90
"""Columns of a list, where a terminal has them."""
_WHOLE: Any = {"break_long_words": False, "break_on_hyphens": False}
"""An address is not broken: it is there to be clicked on."""
_NOTICE = re.compile(r"(?:\S+:\d+: )?NOTICE: ")
_NOBODY = ("connection refused", "connection closed", "nothing listens", "no answer", "the container is")
_DONE: Mapping[str, str] = {
    "up": "is up",
    "start": "is started",
    "restart": "is restarted",
    "stop": "is stopped",
    "down": "is down",
    "seed": "is seeded",
    "reset": "is reset",
    "check": "passes its checks",
    "pull": "has its images",
    "build": "is built",
}
_STEPS: Mapping[str, str] = {
    "Pull": "could not be pulled",
    "Build": "could not be built",
    "Bootstrap": "could not be made",
    "WaitReady": "does not become ready",
    "Seed": "could not be seeded",
    "Start": "could not be started",
    "Run": "failed",
    "CreateContainer": "could not be created",
    "CreateNetwork": "could not be created",
    "CreateVolume": "could not be created",
    "Check": "does not hold",
    "Remove": "could not be removed",
    "Stop": "could not be stopped",
}


def failures(view: View, *, logs: Mapping[str, Sequence[str]] | None = None) -> str:
    """One block a first cause and one for each seed that was left alone, "" where there is none. `logs` are the last
    lines by node, for a failure that brought none of its own."""
    causes: dict[tuple[str, ...], list[Failure]] = {}
    for failure in view.failures():
        said = failure.outcome
        # An engine that died fails every step that asks it, each by its own symptom: one cause, told once.
        unfit = said.code == ExitCode.UNFIT and not said.log
        key = (said.message.partition(": ")[0], said.hint) if unfit else (failure.node,)
        causes.setdefault(key, []).append(failure)
    blocks = [_block(same, logs or {}) for same in causes.values()]
    blocks += [
        f"✘ {service}: {text.clean(what.rpartition(' with ')[2])} was not loaded: {text.clean(why)}\n"
        f"  → `devenv seed {service} --yes` replaces these rows; to keep them, leave the seed as it was"
        for service, what, why in view.kept()
    ]
    return "\n\n".join(blocks)


def blocks(told: str, width: int, *, colour: bool) -> Iterator[str]:
    """The lines of what `failures` told for a terminal that is `width` wide: sentences broken between words, log lines
    where they end, below what they belong to; what failed stands out, and what it said steps back."""
    for line in text.clean(told).split("\n"):
        begin = next((mark for mark in ("  │ ", "  → ", "  ", "✘ ") if line.startswith(mark)), "")
        below = begin if begin == "  │ " else " " * text.width(begin)
        room = max(width - 1 - text.width(begin), 20)
        words = line[len(begin) :]
        if begin == "  │ ":
            parts = [words[at : at + room] for at in range(0, len(words), room)] or [""]
        else:
            parts = wrap(words, room, **_WHOLE) or [""]
        code = {"✘ ": "1;31", "  │ ": "2", "  → ": "1"}.get(begin, "") if colour else ""
        for index, part in enumerate(parts):
            shown = (below if index else begin) + part
            yield f"\x1b[{code}m{shown}\x1b[0m" if code else shown.rstrip()


def success(view: View, end: RunFinished, *, width: int = WIDTH) -> str:
    """What `up` and the other verbs end with: one line on the whole, then what was seeded and what to open; lists are
    broken where a line would be longer than `width`."""
    lines = [_headline(view, end)]
    if end.code == 0 or end.urls or end.seeded:
        labels = [*(("seeded", name, words) for name, words in end.seeded.items())]
        labels += [("open", name, url) for name, url in end.urls.items()]
        name = max((text.width(label[1]) for label in labels), default=0)
        before = ""
        for label, service, words in labels:
            begin = f"  {'' if label == before else label:6}  {text.pad(service, name)}  "
            lines += wrap(
                begin + words, max(width, len(begin) + 20), subsequent_indent=" " * text.width(begin), **_WHOLE
            )
            before = label
    return "\n".join(lines)


def _headline(view: View, end: RunFinished) -> str:
    spent = text.seconds(end.seconds)
    if end.message:
        return f"{view.project}: {end.message}"
    if end.code == 130:
        return f"{view.project}: interrupted after {spent}. `devenv {view.verb}` goes on from here."
    if end.code == 0:
        if not view.total:
            return f"{view.project}: nothing to do"
        return f"{_subject(view)} ({spent})."
    broken = list(dict.fromkeys(text.short_image(failure.name) for failure in view.failures()))
    if not broken and view.kept():
        return f"{_subject(view)} ({spent}), but for the seeds named above."
    because = f": {', '.join(broken)} failed" if broken else ""
    return f"{view.project}: `{view.verb}` failed after {spent}{because}."


def _subject(view: View) -> str:
    """`shop is up`; of services that were named `shop: api and web are up`."""
    done = _DONE.get(view.verb, f"{view.verb}: done")
    if not view.named:
        return f"{view.project} {done}"
    *some, last = view.named
    for one, several in (("is ", "are "), ("has its", "have their"), ("passes its", "pass their")) if some else ():
        done = done.replace(one, several, 1) if done.startswith(one) else done
    return f"{view.project}: {' and '.join([*([', '.join(some)] if some else []), last])} {done}"


def _block(same: Sequence[Failure], logs: Mapping[str, Sequence[str]]) -> str:
    """`same` are failures of one cause."""
    failure, outcome = same[0], same[0].outcome
    names = dict.fromkeys(text.short_image(each.name) for each in same)
    steps = {_STEPS.get(each.step, "failed") for each in same}
    what = steps.pop() if len(steps) == 1 else "failed"
    said = text.clean(outcome.message)
    # Most say of whom they speak; what they say is enough then.
    own = len(names) == 1 and said != without_name(next(iter(names)), said)
    lines = [f"✘ {said}" if own else f"✘ {', '.join(names)} {what}: {said}"]
    code, signal = outcome.data.get("exit_code"), outcome.data.get("signal")
    if code is not None and str(code) not in outcome.message:
        lines.append(f"  exit code {code}" + (f" ({signal})" if signal else ""))
    reason = str(outcome.data.get("reason") or "")
    # That nobody answered is no news of one that ended.
    if reason and reason not in outcome.message and not (code is not None and reason.startswith(_NOBODY)):
        lines.append(f"  last look: {text.line_of(reason)}")
    # What a step said before its engine died is not to blame.
    said_before = logs.get(failure.node, ())
    if failure.step == "Seed":  # what was there already is no part of what went wrong
        said_before = [line for line in said_before if not _NOTICE.match(line)]
    log = list(outcome.log or ([] if outcome.code == ExitCode.UNFIT else said_before))[-_LOG_LINES:]
    lines += [f"  │ {text.clean(each)}" for line in log for each in readable(line, failure.name).split("\n")]
    skipped = [name for name in dict.fromkeys(name for each in same for name in each.skipped) if name not in names]
    if skipped:
        lines.append(f"  Not started because of it: {', '.join(skipped)}")
    if outcome.hint:
        lines.append(f"  → {text.clean(outcome.hint)}")
    return "\n".join(lines)
