"""psql inside the container: started so that nothing of a dead run stays, fed by a stream, its answers told apart."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from devenv.extensions.seeders.files import SeedError
from devenv.extensions.seeders.leftovers import VARIABLE, sweep
from devenv.model.errors import DevenvError
from devenv.model.protocols import Cancel, SeedTarget

CLIENT = "devenv-seed"
"""`application_name` of whoever loads a seed."""
_SWEEP = sweep("psql")
"""psql of a dead run still reads from a stream that nobody ends; the server's half of it is ended by the script."""
_RUN = """\
: "${PGUSER:=${POSTGRES_USER:-postgres}}"
: "${PGDATABASE:=${POSTGRES_DB:-$PGUSER}}"
: "${PGPASSWORD:=${POSTGRES_PASSWORD:-}}"
export PGUSER PGDATABASE PGPASSWORD
exec psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -f -
"""
NO_PSQL = (126, 127)
"""What a shell ends with where psql is not there."""
_LINE = 8192
"""Bytes of a line of output that are kept."""
_LINES = 60
"""Lines of an error that are kept."""
_SAID = re.compile(
    r"psql:(?P<file>.*?):(?P<line>\d+): (?P<level>[A-Za-z]+):\s+(?:(?P<state>[0-9A-Z]{5}): )?(?P<text>.*)"
)
_SAID_FIRST = re.compile(r"psql: (?P<level>error|warning): (?P<text>.*)")
_PART = re.compile(r"(DETAIL|HINT|CONTEXT|QUERY|LOCATION|CONSTRAINT NAME|[A-Z ]+ NAME):  (.*)")
_EXCERPT = re.compile(r"LINE (\d+): (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the server, or of psql itself (`state` is ""). `line` counts in what was sent, 0 where there is
    none; `file` is another than `<stdin>` inside `\\i`. `quoted` is the line of the statement that it points at."""

    text: str
    level: str = "ERROR"
    state: str = ""
    line: int = 0
    file: str = "<stdin>"
    detail: str = ""
    hint: str = ""
    context: str = ""
    constraint: str = ""
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How psql ended: its exit code, answers by word, the error that ended it."""

    exit_code: int
    answers: Mapping[str, str]
    refused: Said | None = None


class Voice:
    """Makes lines of what psql says: answers to our questions (`devenv:NONCE:WORD: …`), the error, and for `tell` what
    else it says (with the line of a notice, 0 for plain output)."""

    def __init__(self, nonce: str, tell: Callable[[str, int], None]) -> None:
        self._mark = f"devenv:{nonce}:"
        self._tell = tell
        self._rest = {"stdout": b"", "stderr": b""}
        self._refused: list[str] = []
        self._telling = False
        self.answers: dict[str, str] = {}

    def hear(self, stream: str, data: bytes) -> None:
        """For `Engine.exec`."""
        *whole, rest = (self._rest[stream] + data).split(b"\n")
        self._rest[stream] = rest[:_LINE]
        for line in whole:
            self._take(stream, line[:_LINE].decode("utf-8", "replace").rstrip("\r"))

    def end(self) -> Said | None:
        """The error, once all was heard."""
        for stream, rest in self._rest.items():
            if rest:
                self._take(stream, rest.decode("utf-8", "replace"))
        return read_said(self._refused) if self._refused else None

    def _take(self, stream: str, line: str) -> None:
        if stream == "stdout":
            if line.strip().startswith(self._mark):
                word, _, rest = line.strip().removeprefix(self._mark).partition(":")
                self.answers[word] = rest.strip()
            elif line.strip():
                self._tell(line, 0)
        elif self._refused:
            if len(self._refused) < _LINES:
                self._refused.append(line)
        else:
            match = _SAID.match(line)
            if (match and match["level"].upper() in ("ERROR", "FATAL", "PANIC")) or _SAID_FIRST.match(line):
                self._refused.append(line)
            elif match:
                self._telling = match["level"] not in ("LOCATION",)
                self._tell(f"{match['level']}: {match['text']}", int(match["line"]))
            elif line.strip() and not line.startswith("LOCATION:"):
                self._tell(line, 0)


def read_said(lines: Iterable[str]) -> Said:
    """The first message in `lines`, as psql prints it with VERBOSITY=verbose."""
    first, *rest = lines
    match = _SAID.match(first)
    plain = _SAID_FIRST.match(first)
    head = match["text"] if match else plain["text"] if plain else first
    parts: dict[str, list[str]] = {"": [head]}
    current, excerpt = "", ""
    for line in rest:
        if _SAID.match(line):
            break
        part, points = _PART.match(line), _EXCERPT.match(line)
        if part:
            current = part[1]
            parts[current] = [part[2]]
        elif points:
            current, excerpt = "LINE", points[2]
            parts[current] = []
        else:
            parts[current].append(line)
    texts = {name: "\n".join(each).strip() for name, each in parts.items()}
    return Said(
        text=texts[""],
        level=match["level"].upper() if match else "ERROR",
        state=(match["state"] or "") if match else "",
        line=int(match["line"]) if match else 0,
        file=match["file"] if match else "<stdin>",
        detail=texts.get("DETAIL", ""),
        hint=texts.get("HINT", ""),
        context=texts.get("CONTEXT", ""),
        constraint=texts.get("CONSTRAINT NAME", ""),
        quoted=excerpt,
    )


def run(
    target: SeedTarget,
    script: Iterable[bytes],
    *,
    nonce: str,
    tell: Callable[[str, int], None],
    cancel: Cancel,
) -> Ended:
    """Feed `script` to a psql that is the only one to seed. Raises what `Engine.exec` and `script` raise."""
    voice = Voice(nonce, tell)
    try:
        result = target.engine.exec(
            target.container,
            ["sh", "-c", _SWEEP + _RUN],
            env=_env(target, CLIENT),
            stdin=script,
            on_output=voice.hear,
            cancel=cancel,
        )
    except BaseException:
        # Whatever was sent, no COMMIT was: what still runs is ended here, or by the next seed.
        with contextlib.suppress(DevenvError):
            target.engine.exec(target.container, ["sh", "-c", _SWEEP], env=_env(target, CLIENT), timeout=3)
        raise
    return Ended(refused=voice.end(), exit_code=result.exit_code, answers=voice.answers)


def look(target: SeedTarget, script: str, *, timeout: float) -> tuple[int, list[str], Said | None]:
    """Run a short script beside whatever runs; exit code, lines of output, the error."""
    lines: list[str] = []
    voice = Voice("", lambda line, number: lines.append(line))
    result = target.engine.exec(
        target.container,
        ["sh", "-c", _RUN],
        env={**_env(target, "devenv-look"), "PGOPTIONS": f"-c statement_timeout={int(timeout * 1000)}"},
        stdin=[script.encode()],
        on_output=voice.hear,
        timeout=timeout,
    )
    refused = voice.end()
    return result.exit_code, lines, refused


def _env(target: SeedTarget, client: str) -> dict[str, str]:
    """In the environment, which only its own user can read: nothing of it is in the process list."""
    given = {"PGUSER": "user", "PGDATABASE": "database", "PGPASSWORD": "password"}
    return {
        "LC_ALL": "C",
        "PGAPPNAME": client,
        "PGCLIENTENCODING": "UTF8",
        "PGCONNECT_TIMEOUT": "10",
        VARIABLE: target.container if client == CLIENT else "",
        **{variable: target.values[name] for variable, name in given.items() if target.values.get(name)},
    }


def no_answer(target: SeedTarget, code: int, said: Said | None) -> SeedError:
    """Why psql could not do anything at all."""
    if code in NO_PSQL and said is None:
        return SeedError(
            f"{target.service} has no psql, which its seeds go through",
            hint="use an image with PostgreSQL's own client (the official one has it)",
        )
    text = said.text if said else f"psql ended with {code}"
    return SeedError(
        f"cannot look into the database of {target.service}: {text}",
        hint="see what it says (`devenv logs`); where a volume was made with another user or password, put the old one "
        f"back or call `devenv reset {target.service}`",
    )
