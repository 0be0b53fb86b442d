"""Commands inside a running container, their standard streams joined to ours or to a caller's."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from devenv.backends.docker.client import Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError, ExitCode, TimedOut
from devenv.model.protocols import Cancel, ExecResult

_KEPT = 64 * 1024
"""Bytes of each stream that are kept for the result."""
_PART = 32 * 1024
_SETTLE = 5.0
"""Seconds after the end of the streams after which a command that is said to run still is looked into."""


def prepare(
    client: Client,
    container: str,
    command: Sequence[str],
    *,
    user: str,
    env: Mapping[str, str] | None,
    workdir: str,
    stdin: bool,
    tty: bool = False,
    privileged: bool = False,
) -> str:
    """The id of an exec that can be started once."""
    body = {
        "AttachStdin": stdin,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": tty,
        "Privileged": privileged,
        "Cmd": list(command),
        "User": user,
        "WorkingDir": workdir,
        "Env": [f"{key}={value}" for key, value in (env or {}).items()],
    }
    made = client.call(
        "POST",
        f"/containers/{name(container)}/exec",
        body={key: value for key, value in body.items() if value not in ("", [])},
        what=f"run {command[0] if command else 'nothing'} in {container}",
    )
    return str(made["Id"])


def exec_(
    client: Client,
    container: str,
    command: Sequence[str],
    *,
    user: str,
    env: Mapping[str, str] | None,
    workdir: str,
    privileged: bool,
    stdin: Iterable[bytes] | None,
    on_output: Callable[[str, bytes], None] | None,
    timeout: float | None,
    cancel: Cancel | None,
) -> ExecResult:
    """See `protocols.Engine.exec`."""
    what = f"run {command[0] if command else 'nothing'} in {container}"
    until = None if timeout is None else time.monotonic() + timeout
    made = prepare(
        client, container, command, user=user, env=env, workdir=workdir, stdin=stdin is not None, privileged=privileged
    )
    kept = {"stdout": bytearray(), "stderr": bytearray()}
    timed_out = threading.Event()
    with Exchange(client, what=what, cancel=cancel) as exchange:
        timer = None
        if until is not None:

            def expire() -> None:
                timed_out.set()
                exchange.shut()

            timer = threading.Timer(max(0.0, until - time.monotonic()), expire)
            timer.daemon = True
            timer.start()
        writer = _Writer(exchange, stdin) if stdin is not None else None
        try:
            exchange.upgrade(client.path(f"/exec/{made}/start"), {"Detach": False, "Tty": False})
            if writer is not None:
                writer.start()
            for stream, part in exchange.frames(raw=False):
                kept[stream] += part
                if len(kept[stream]) > 2 * _KEPT:
                    del kept[stream][:-_KEPT]
                if on_output is not None:
                    on_output(stream, part)
        except DevenvError:
            if not timed_out.is_set():
                raise
        finally:
            if timer is not None:
                timer.cancel()
            exchange.shut()
            if writer is not None:
                writer.join(1.0)
        if writer is not None and writer.error is not None:
            raise writer.error
        if cancel is not None and cancel.cancelled:
            raise exchange.failure(InterruptedError())
        if timed_out.is_set():
            raise TimedOut(
                f"cannot {what}: no end within {timeout:g} s",
                hint="see what it waits for (`devenv logs`), then call devenv again",
                code=ExitCode.FAILED,
            )
    code = exit_code(client, made, what=what, until=until)
    return ExecResult(exit_code=code, output=bytes(kept["stdout"][-_KEPT:]), errors=bytes(kept["stderr"][-_KEPT:]))


def exit_code(client: Client, made: str, *, what: str, until: float | None = None) -> int:
    """How the exec `made` ended, asked after the end of its streams: the engine notes it a moment later."""
    pause = 0.002
    settled = time.monotonic() + _SETTLE
    while True:
        state: Mapping[str, Any] = client.call("GET", f"/exec/{made}/json", what=what)
        code = state.get("ExitCode")
        if not state.get("Running") and code is not None:
            return int(code)
        now = time.monotonic()
        if now > settled or (until is not None and now > until):
            container = str(state.get("ContainerID", ""))
            found = client.call("GET", f"/containers/{container}/json", what=what, accept=(404,))
            if found is None or not found.get("State", {}).get("Running"):
                raise DevenvError(
                    f"cannot {what}: the container ended meanwhile",
                    hint="its last words are in `devenv logs`",
                    code=ExitCode.FAILED,
                )
            if until is None or now > until:
                raise TimedOut(
                    f"cannot {what}: it closed its output and did not end",
                    hint="see what it waits for (`devenv logs`), then call devenv again",
                    code=ExitCode.FAILED,
                )
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


class _Writer:
    """Feeds a command's standard input beside the reading of its output. `sendall` blocks while the command does not
    read: that is the back pressure. An error of the source ends the exec and is kept for the reader's thread."""

    def __init__(self, exchange: Exchange, source: Iterable[bytes]) -> None:
        self.error: BaseException | None = None
        self._exchange = exchange
        self._source = source
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, seconds: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for part in self._source:
                view = memoryview(part)
                for start in range(0, len(view), _PART):
                    try:
                        self._exchange.socket.sendall(view[start : start + _PART])
                    except OSError:
                        # The command has ended, or the exec was given up: the reader knows how.
                        return
            self._exchange.end_input()
        except BaseException as error:
            self.error = error
            self._exchange.shut()
        finally:
            close = getattr(self._source, "close", None)
            if close is not None:
                with contextlib.suppress(Exception):
                    close()
