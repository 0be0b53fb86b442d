"""Programs that make a service in place of an engine (a service's `provider`): found, and spoken with.

They are plugins of Docker Compose, and speak JSON lines with it. Source: docker/compose `docs/extension.md` and
`pkg/compose/plugins.go`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devenv.host.compose import plugin
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Cancel

METADATA = 5.0
"""Seconds in which a provider says what it takes; one that does not say is given everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a provider is asked for: `verb` is `up`, `down` or `stop`, `config` the service as Compose prints it."""

    program: str
    project: str
    service: str
    verb: str
    config: Mapping[str, Any]
    folder: str
    env: Mapping[str, str]


@dataclass(slots=True)
class Given:
    """Variables for those that depend on the service: `own` get its name before theirs, `raw` stand as they are."""

    own: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)


def find(kind: str, env: Mapping[str, str] | None = None) -> str | None:
    """The program of the provider `kind`: Docker's plugin of that name, else a program on the PATH."""
    if kind == "compose":
        return None
    env = os.environ if env is None else env
    return plugin(f"docker-{kind}", env) or shutil.which(kind, path=env.get("PATH", os.defpath))


def run(call: Call, *, tell: Callable[[str], None], cancel: Cancel) -> Given:
    """Let the provider do it, `tell` what it says meanwhile. Raises DevenvError (FAILED) where it fails, or speaks in
    another way."""
    provider = call.config["provider"]
    known = _parameters(call)
    if known is None:
        return Given()
    options = provider.get("options") or {}
    missing = [name for name, required in known.items() if required and name not in options]
    if missing:
        raise _failed(call, f"it needs the option `{missing[0]}`")
    words = [f"--{name}={value}" for name, values in options.items() if not known or name in known for value in values]
    command = [call.program, "compose", f"--project-name={call.project}", call.verb, *words, call.service]
    given, last = Given(), ""
    try:
        process = subprocess.Popen(
            command, cwd=call.folder, env=dict(call.env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise _failed(call, f"it cannot be run: {error.strerror}") from None
    take_back = cancel.on_cancel(process.terminate)
    try:
        for kind, message in _messages(call, process):
            if kind == "info":
                tell(f"{call.service}: {message}")
            elif kind == "error":
                last = message
                break
            elif kind == "get-service-config":
                _answer(process, call.config)
            elif kind in ("setenv", "rawsetenv"):
                name, equals, value = message.partition("=")
                if not equals:
                    raise _failed(call, f"it says `{kind}` of what is no variable: {message}")
                (given.own if kind == "setenv" else given.raw)[name] = value
            elif kind != "debug":
                raise _failed(call, f"it says `{kind}`, which is none of a provider's words")
        if last:
            process.kill()
        code = process.wait()
    finally:
        take_back()
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()
    if last or code:
        raise _failed(call, last or f"it ended with exit code {code}")
    return given


def _messages(call: Call, process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    for line in process.stdout or ():
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            yield str(said["type"]), str(said.get("message", "")).strip("\n")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _failed(call, f"it says what is no message: {line.strip()[:200]}") from None


def _answer(process: subprocess.Popen[str], config: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):  # it went on without
        if process.stdin:
            process.stdin.write(json.dumps(config) + "\n")
            process.stdin.flush()


def _parameters(call: Call) -> dict[str, bool] | None:
    """The options that it takes for the verb, and whether it must have them; none where it does not say. None: it does
    not do that verb, which is so of `stop` where it does not say."""
    said: Any = None
    words: Sequence[str] = [call.program, "compose", "metadata"]
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        done = subprocess.run(
            words, cwd=call.folder, env=dict(call.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=METADATA, check=False,
        )  # fmt: skip
        said = json.loads(done.stdout) if done.returncode == 0 else None
    part = said.get(call.verb) if isinstance(said, Mapping) else None
    if not isinstance(part, Mapping):
        return None if call.verb == "stop" else {}
    return {str(one["name"]): bool(one.get("required")) for one in part.get("parameters") or () if one.get("name")}


def _failed(call: Call, why: str) -> DevenvError:
    kind = call.config["provider"]["type"]
    return DevenvError(
        f"The provider `{kind}` could not do `{call.verb}` of `{call.service}`: {why}",
        hint=f"See what it needs ({call.program}), then do the same again.",
        code=ExitCode.FAILED,
    )
