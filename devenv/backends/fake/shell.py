"""What commands do in a container of the fake engine: a handful of programs, told in advance rather than run."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devenv.model.protocols import ExecResult

NOT_FOUND = 127


@dataclass(slots=True, kw_only=True)
class Ran:
    """How a command goes: its output as (seconds after the start, stream, bytes), how long it takes, how it ends."""

    said: list[tuple[float, str, bytes]] = field(default_factory=list)
    seconds: float = 0.0
    code: int = 0

    def say(self, text: bytes, stream: str = "stdout") -> None:
        self.said.append((self.seconds, stream, text))

    @property
    def result(self) -> ExecResult:
        parts = {
            name: b"".join(text for _, stream, text in self.said if stream == name) for name in ("stdout", "stderr")
        }
        return ExecResult(exit_code=self.code, output=parts["stdout"][-65536:], errors=parts["stderr"][-65536:])


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Ran:
    """`true`, `false`, `sleep`, `echo`, `cat`, `wc -c`, `printenv`, and `sh -c` with these, `exit`, `;` and `>&2`."""
    ran = Ran()
    _command(list(command), ran, stdin, env or {}, files or {})
    return ran


def _command(
    words: list[str],
    ran: Ran,
    stdin: bytes,
    env: Mapping[str, str],
    files: Mapping[str, bytes],
    stream: str = "stdout",
) -> None:
    match words:
        case ["true"]:
            ran.code = 0
        case ["false"]:
            ran.code = 1
        case ["sleep", amount]:
            ran.seconds += math.inf if amount == "infinity" else float(amount)
        case ["echo", *rest]:
            ran.say(" ".join(rest).encode() + b"\n", stream)
            ran.code = 0
        case ["cat"]:
            ran.say(stdin, stream)
            ran.code = 0
        case ["cat", path]:
            ran.code = 0 if path in files else 1
            ran.say(*((files[path], stream) if path in files else (f"cat: {path}: no such file\n".encode(), "stderr")))
        case ["wc", "-c"]:
            ran.say(f"{len(stdin)}\n".encode(), stream)
            ran.code = 0
        case ["printenv", name]:
            ran.code = 0 if name in env else 1
            if name in env:
                ran.say(env[name].encode() + b"\n", stream)
        case ["sh" | "/bin/sh" | "bash", "-c", script, *_]:
            for part in script.replace("\n", ";").split(";"):
                inner = shlex.split(part)
                if not inner:
                    continue
                if inner[0] == "exit":
                    ran.code = int(inner[1]) if len(inner) > 1 else ran.code
                    return
                if inner[0] == "exec":
                    inner = inner[1:]
                to = "stderr" if inner[-1] == ">&2" else stream
                _command([word for word in inner if word != ">&2"], ran, stdin, env, files, to)
        case _:
            ran.code = NOT_FOUND
            ran.say(f"{words[0] if words else ''}: executable file not found in $PATH\n".encode(), "stderr")
