"""What is known of a container that ended, loops or was killed: in one sentence, with its last words."""

from __future__ import annotations

import datetime
import re
import signal
from collections.abc import Mapping
from typing import Any

from devenv.model.errors import CannotRun, DevenvError
from devenv.model.events import Failed
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine
from devenv.run.program import plain, why_not_run

LINES = 20
"""Last lines of a container's output that a failure carries."""
LOOPS = 3
"""Restarts while one waits that are a loop."""
_SAID = 3
"""Last lines that may say why a program could not be run."""
_LONGEST = 1000
"""Characters of such a line."""
_SLACK = 0.5
"""Seconds: what a container says may be dated a little before its start, which the engine notes when it is done."""
_KILLED = 137
_AT_ONCE = 0.5
"""Seconds of life that are not worth a number."""


def verdict(service: str, container: ObservedContainer, *, restarts: int = 0) -> Failed | None:
    """Why waiting for `container` of `service` is over; None while it runs or may come back by itself.

    `restarts` are those counted since the wait began. The failure has no log yet (see `failed`).
    """
    state = container.state
    if container.oom_killed and state != "running":
        return _killed_for_memory(service, container)
    if restarts >= LOOPS:
        return _say(
            f"{service} ends and is started again and again: {restarts} restarts meanwhile, last {_code(container)}",
            f"mend what its last lines say, then `devenv up` again; `devenv stop {service}` ends the loop",
            container,
        )
    if state in ("exited", "dead", "removing"):
        return _ended(service, container)
    if state == "created":
        why = f": {container.error}" if container.error else ""
        return _say(f"{service} was not started{why}", "call `devenv up` again", container)
    return None


def gone(service: str) -> Failed:
    """Its container is not there any more."""
    return Failed(
        message=f"the container of {service} is gone: something else removed it meanwhile",
        hint="call `devenv up` again, it makes a new one",
        data={"state": "missing"},
    )


def failed(engine: Engine, service: str, container: ObservedContainer, failure: Failed) -> Failed:
    """`failure` with the last lines that `container` of `service` said since its start; where it ended with a code that
    its program chose, with what is wrong with that program, if one can see it."""
    start = seconds(container.started_at)
    log = last_lines(engine, container.id, since=None if start is None else start - _SLACK)
    message, hint = failure.message, failure.hint
    code = failure.data.get("exit_code")
    if code and not signal_name(code) and container.state != "running" and not container.oom_killed:
        said = "\n".join((*log[-_SAID:], container.error))
        why, remedy = why_not_run(engine, container, service, said)
        if why:
            message, hint = f"{message.removesuffix(f': {container.error}')}: {why}", remedy
    return Failed(message=message, hint=hint, code=failure.code, data=failure.data, log=log)


def cannot_run(engine: Engine, service: str, container: str, error: CannotRun) -> Failed:
    """The engine could not start the program of `container` of `service`: why, as far as one can see."""
    found = engine.inspect(container)
    why, remedy = why_not_run(engine, found, service, error.message)
    return Failed(
        message=f"{service} cannot start: {why or plain(error.message)}",
        hint=remedy or error.hint,
        data={"state": found.state},
    )


def unheard(container: ObservedContainer) -> str:
    """What is to be said of a stop that took long: "" where the program ended by itself."""
    if container.exit_code != _KILLED or container.state == "running":
        return ""
    host = container.config.get("HostConfig")
    if isinstance(host, Mapping) and host.get("Init"):
        return "did not end when it was asked to, and was killed"
    return "did not hear the stop, and was killed: `init: true` lets it"


def last_lines(engine: Engine, container: str, count: int = LINES, *, since: float | None = None) -> tuple[str, ...]:
    """At most the last `count` lines of its output; none where they cannot be read."""
    try:
        return tuple(line.line[:_LONGEST] for line in engine.logs(container, tail=count, since=since))[-count:]
    except DevenvError:
        return ()


def facts(container: ObservedContainer) -> dict[str, Any]:
    """The same for machines."""
    found: dict[str, Any] = {
        "state": container.state,
        "exit_code": container.exit_code,
        "signal": signal_name(container.exit_code),
        "oom": container.oom_killed,
        "restarts": container.restart_count,
    }
    lived = _lived(container)
    return found if lived is None else {**found, "seconds": round(lived, 3)}


def signal_name(exit_code: int) -> str:
    """`SIGKILL` for 137 and the like; "" for a code that no signal gives."""
    try:
        return signal.Signals(exit_code - 128).name if exit_code > 128 else ""
    except ValueError:
        return ""


def seconds(text: str) -> float | None:
    """RFC 3339 text as seconds since the epoch; None where it is none or the engine's zero time."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$", text)
    if match is None or text.startswith("0001-"):
        return None
    whole = datetime.datetime.fromisoformat(match[1] + (match[3] or "Z").replace("Z", "+00:00"))
    return whole.timestamp() + float(match[2] or 0)


def _ended(service: str, container: ObservedContainer) -> Failed:
    lived, code = _lived(container), container.exit_code
    after = "" if lived is None else " right after its start" if lived < _AT_ONCE else f" after {lived:.1f} s"
    again = f"`devenv logs {service}` shows all it said; mend that, then `devenv up` again"
    if container.error:
        return _say(f"{service} did not start: {plain(container.error)}", again, container)
    if code == 0:
        return _say(
            f"{service} ended with exit code 0{after}, but it is meant to stay up",
            "give it a command that stays in the foreground, or say `one_shot: true` (in a Compose file "
            "`x-devenv: {one_shot: true}`) if it is meant to end",
            container,
        )
    if code in (126, 127):
        again = "its command is not in the image or cannot be run: see `command` and `entrypoint`, then `devenv up`"
    if code == _KILLED:
        return _killed(service, container, after)
    return _say(f"{service} ended with {_code(container)}{after}", again, container)


def _killed(service: str, container: ObservedContainer, after: str) -> Failed:
    """By a signal that only others send; of its own out-of-memory kills the engine does not learn each time."""
    limit = _limit(container)
    if limit:
        return _say(
            f"{service} was killed (exit code 137, SIGKILL){after}: most likely it took more memory than its limit of "
            f"{_size(limit)}",
            f"raise its `mem_limit` (now {_size(limit)}) or let it use less, then `devenv up` again",
            container,
        )
    return _say(
        f"{service} was killed (exit code 137, SIGKILL){after}: something else ended it",
        "the machine may have run out of memory (`dmesg | grep -i oom` tells), or someone killed it; `devenv up` "
        "starts it again",
        container,
    )


def _limit(container: ObservedContainer) -> int:
    host = container.config.get("HostConfig")
    return int(host.get("Memory") or 0) if isinstance(host, Mapping) else 0


def _killed_for_memory(service: str, container: ObservedContainer) -> Failed:
    limit = _limit(container)
    whole = container.exit_code in (_KILLED, 0)
    if limit:
        return _say(
            f"{service} was killed because it took more memory than its limit of {_size(limit)}"
            if whole
            else f"{service} ended with {_code(container)} after one of its processes was killed: it took more memory "
            f"than its limit of {_size(limit)}",
            f"raise its `mem_limit` (now {_size(limit)}) or let it use less, then `devenv up` again",
            container,
        )
    return _say(
        f"{service} was killed because the machine ran out of memory",
        "stop what else takes memory, or give the engine more, then `devenv up` again",
        container,
    )


def _say(message: str, hint: str, container: ObservedContainer) -> Failed:
    return Failed(message=message, hint=hint, data=facts(container))


def _code(container: ObservedContainer) -> str:
    name = signal_name(container.exit_code)
    return f"exit code {container.exit_code}" + (f" ({name})" if name else "")


def _lived(container: ObservedContainer) -> float | None:
    start, end = seconds(container.started_at), seconds(container.finished_at)
    # The engine notes a start when it is done: what ends at once ended before.
    return max(end - start, 0.0) if start is not None and end is not None and end >= start - 1 else None


def _size(amount: int) -> str:
    return f"{amount / 2**30:g} GiB" if amount >= 2**30 else f"{amount / 2**20:g} MiB"
