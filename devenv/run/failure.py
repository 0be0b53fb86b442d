"""What is known of a container that ended, loops or was killed: in one sentence, with its last words."""

from __future__ import annotations

import datetime
import re
import signal
from collections.abc import Mapping
from typing import Any

from devenv.model.errors import DevenvError
from devenv.model.events import Failed
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine

LINES = 20
"""Last lines of a container's output that a failure carries."""
LOOPS = 3
"""Restarts while one waits that are a loop."""
_LONGEST = 1000
"""Characters of such a line."""
_FORMAT = (
    "its program is for another machine's architecture, or a script without a `#!` line: build or pull the image for "
    "this one, or mend the script"
)


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


def failed(engine: Engine, container: str, failure: Failed) -> Failed:
    """`failure` with the last lines that `container` said."""
    log = last_lines(engine, container)
    return Failed(
        message=failure.message,
        # An init says this in the container's own output, where the engine would have refused the start.
        hint=_FORMAT if log and "exec format error" in log[-1].lower() else failure.hint,
        code=failure.code,
        data=failure.data,
        log=log,
    )


def last_lines(engine: Engine, container: str, count: int = LINES) -> tuple[str, ...]:
    """At most the last `count` lines of its output; none where they cannot be read."""
    try:
        return tuple(line.line[:_LONGEST] for line in engine.logs(container, tail=count))[-count:]
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
    after = f" after {lived:.1f} s" if lived is not None else ""
    again = f"`devenv logs {service}` shows all it said; mend that, then `devenv up` again"
    if container.error:
        return _say(f"{service} did not start: {container.error}", again, container)
    if code == 0:
        return _say(
            f"{service} ended with exit code 0{after}, but it is meant to stay up",
            "give it a command that stays in the foreground, or say `one_shot: true` if it is meant to end",
            container,
        )
    if code in (126, 127):
        again = "its command is not in the image or cannot be run: see `command` and `entrypoint`, then `devenv up`"
    return _say(f"{service} ended with {_code(container)}{after}", again, container)


def _killed_for_memory(service: str, container: ObservedContainer) -> Failed:
    host = container.config.get("HostConfig")
    limit = int(host.get("Memory") or 0) if isinstance(host, Mapping) else 0
    if limit:
        return _say(
            f"{service} was killed because it took more memory than its limit of {_size(limit)}",
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
    return end - start if start is not None and end is not None and end >= start else None


def _size(amount: int) -> str:
    return f"{amount / 2**30:g} GiB" if amount >= 2**30 else f"{amount / 2**20:g} MiB"
