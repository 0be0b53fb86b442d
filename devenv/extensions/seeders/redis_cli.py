"""redis-cli inside the container: started so that nothing of a dead run stays, fed by a stream of lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from devenv.core.rediscommands import line_of
from devenv.extensions.seeders.files import SeedError
from devenv.extensions.seeders.leftovers import VARIABLE, sweep
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel, SeedTarget

_SWEEP = sweep("redis-cli")
_RUN = 'exec redis-cli -p "$DEVENV_PORT"\n'
_NO_CLIENT = (126, 127)
_KEPT = 200
"""Lines of output that are kept."""


def run(target: SeedTarget, lines: Iterable[bytes], *, nonce: str, cancel: Cancel) -> tuple[str | None, list[str]]:
    """Feed `lines`; the answer that begins with `devenv:NONCE:` (None where there was none), and what else was said
    beside numbers and OK. Raises what `Engine.exec` and `lines` raise."""
    mark = f"devenv:{nonce}:".encode()
    rest, answer, said = b"", None, list[str]()

    def hear(stream: str, data: bytes) -> None:
        nonlocal rest, answer
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if line.startswith(mark):
                answer = line.removeprefix(mark).decode("utf-8", "replace")
            elif line and line != b"OK" and not line.isdigit() and len(said) < _KEPT:
                said.append(line.decode("utf-8", "replace").strip())

    try:
        result = target.engine.exec(
            target.container,
            ["sh", "-c", _SWEEP + _RUN],
            env=_env(target, seeding=True),
            stdin=lines,
            on_output=hear,
            cancel=cancel,
        )
    except BaseException:
        with contextlib.suppress(DevenvError):
            target.engine.exec(target.container, ["sh", "-c", _SWEEP], env=_env(target, seeding=True), timeout=3)
        raise
    if answer is None and result.exit_code in _NO_CLIENT:
        raise _no_client(target)
    if answer is None and not said:
        said = [f"redis-cli ended too early (exit code {result.exit_code})"]
    return answer, said


def look(target: SeedTarget, command: Sequence[str], *, timeout: float) -> list[str]:
    """The lines of the answer to one command, beside whatever runs."""
    result = target.engine.exec(
        target.container,
        ["sh", "-c", _RUN],
        env=_env(target, seeding=False),
        stdin=[line_of([word.encode() for word in command]) + b"\n"],
        timeout=timeout,
    )
    if result.exit_code in _NO_CLIENT:
        raise _no_client(target)
    return (result.output + result.errors).decode("utf-8", "replace").splitlines()


def _env(target: SeedTarget, *, seeding: bool) -> dict[str, str]:
    """In the environment, which only its own user can read: nothing of it is in the process list."""
    given = {"REDISCLI_AUTH": target.values["password"]} if target.values.get("password") else {}
    return {
        "LC_ALL": "C",
        "DEVENV_PORT": target.values.get("port") or "6379",
        VARIABLE: target.container if seeding else "",
        **given,
    }


def _no_client(target: SeedTarget) -> SeedError:
    return SeedError(
        f"{target.service} has no redis-cli, which its seeds go through",
        hint="use an image with Redis' own client (the official one has it)",
    )


def no_answer(target: SeedTarget, said: Sequence[str]) -> SeedError:
    """Why the server did not do what it was told."""
    text = next((line for line in said if line), "redis-cli said nothing")
    if "NOAUTH" in text or "WRONGPASS" in text:
        hint = f"give the password as REDISCLI_AUTH in the environment of {target.service}"
    elif text.startswith("OOM"):
        hint = "the seed needs more memory than the server may use: raise its `maxmemory`"
    elif text.startswith("MISCONF"):
        hint = "the server cannot write its data: see `devenv logs`, free disk space on the engine"
    else:
        hint = "see what it says (`devenv logs`), then call devenv again"
    return SeedError(f"{target.service} did not take it: {text}", hint=hint)
