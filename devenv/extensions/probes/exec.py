"""`exec: COMMAND`: a command inside the container ends with 0."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from devenv.core import readiness
from devenv.core.compose import values
from devenv.core.readiness import Command, Named, ReadyKind
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound, TimedOut
from devenv.model.protocols import Broken, ExecResult, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema

_CANNOT_RUN = (126, 127)
"""What a shell and the engine end with for a command that cannot be run, or is not there."""
_AT_ONCE = 4
"""Commands that run inside containers at a time: each costs the engine up to 100 ms of work (DESIGN, rule 4)."""
_ABSENT = re.compile(r"exec: \"([^\"]+)\": executable file not found|(?:^|: )([\w.+-]+): (?:command )?not found$")
"""What engines, and shells, say of a program that is not there: that it ends with 127 a `|| exit 1` may hide."""
_turns = threading.BoundedSemaphore(_AT_ONCE)


class ExecProbe(ReadyKind):
    """Options: `command`, a list as it is or a text for `sh -c`; `user`."""

    kind = "exec"
    means = "A command inside ends 0; a text is run by `sh -c`."
    example: ClassVar = ["pg_isready", "-q"]
    short = "command"
    options: ClassVar = {"command": readiness.command, "user": values.text}

    def shape(self) -> Schema:
        """A command."""
        from devenv.core.schema.shapes import COMMAND

        return COMMAND

    def command(self, value: Any, named: Named) -> Command:
        """The same command."""
        return value if isinstance(value, str) else [str(part) for part in value]

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        """One run of the command."""
        written = ready.options.get("command")
        if not written:
            return Broken(why="the exec probe names no command")
        return attempt(target, as_command(written), timeout, user=str(ready.options.get("user") or ""))


def as_command(written: str | Sequence[Any]) -> tuple[str, ...]:
    """A text goes through `sh -c`, a list is run as it stands."""
    return ("sh", "-c", written) if isinstance(written, str) else tuple(str(word) for word in written)


def attempt(
    target: ProbeTarget, command: Sequence[str], timeout: float, *, user: str = "", env: Mapping[str, str] | None = None
) -> Look:
    """Run `command` once and judge it by its exit code; the reason is the last line that it said."""
    name = _name(command)
    try:
        result = run(target, command, timeout, user=user, env=env)
    except TimedOut:
        return NotYet(why=f"{name} gave no answer in {timeout:.0f} s" if timeout >= 1 else f"{name} gave no answer yet")
    except (NotFound, Conflict):
        return NotYet(why="the container is not running")
    except DevenvError as error:
        return NotYet(why=error.message)
    if result.exit_code == 0:
        return IsReady()
    said = last_line(result.errors) or last_line(result.output)
    absent = _ABSENT.search(said)
    if absent:
        return Broken(why=f"{absent[1] or absent[2]} is not in the image")
    if result.exit_code in _CANNOT_RUN:
        return Broken(why=f"{name} cannot run: {said}" if said else f"{name} cannot run (exit code {result.exit_code})")
    if said:
        return NotYet(why=said if said.startswith(name) else f"{name} says: {said}")
    return NotYet(why=f"{name} ended with {result.exit_code}")


def run(
    target: ProbeTarget, command: Sequence[str], timeout: float, *, user: str = "", env: Mapping[str, str] | None = None
) -> ExecResult:
    """`command` inside the target's container, when it is its turn. Raises what `Engine.exec` raises."""
    until = time.monotonic() + timeout
    if not _turns.acquire(timeout=timeout):
        raise DevenvError(
            "waits for its turn: other services are looked at from inside",
            hint="nothing to do, it is looked at again",
            code=ExitCode.FAILED,
        )
    try:
        left = max(until - time.monotonic(), 0.05)
        return target.engine.exec(target.container.id, command, user=user, env=env, timeout=left)
    finally:
        _turns.release()


def last_line(output: bytes) -> str:
    """The last line with something on it, at most 200 characters."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines()]
    return next((line[:200] for line in reversed(lines) if line), "")


def _name(command: Sequence[str]) -> str:
    words = command[-1].split() if len(command) == 3 and command[1] == "-c" else list(command[:1])
    return words[0].rsplit("/", 1)[-1] if words else "the command"


PROBE = ExecProbe()
