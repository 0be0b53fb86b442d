"""Commands inside a container that a person sits before: this process's own standard streams, a terminal's included."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.backends.docker.client import Client
from devenv.backends.docker.exec import exit_code, prepare
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError

_PART = 32 * 1024
_DETACH = "ctrl-^,ctrl-]"
"""Not the engine's default: it holds ctrl-p back, which every shell uses."""


def exec_attached(
    client: Client,
    container: str,
    command: Sequence[str],
    *,
    user: str,
    env: Mapping[str, str] | None,
    workdir: str,
    tty: bool,
) -> int:
    """See `protocols.Engine.exec_attached`."""
    what = f"run {command[0] if command else 'nothing'} in {container}"
    source = _input()
    made = prepare(client, container, command, user=user, env=env, workdir=workdir, stdin=source is not None, tty=tty)
    body: dict[str, Any] = {"Detach": False, "Tty": tty}
    if tty:
        body["DetachKeys"] = _DETACH
        size = _size()
        if size and client.at_least(1, 42):
            body["ConsoleSize"] = list(size)
    with Exchange(client, what=what) as exchange, contextlib.ExitStack() as stack:
        exchange.upgrade(client.path(f"/exec/{made}/start"), body)
        if tty:
            stack.enter_context(_raw(source))
            stack.enter_context(_resized(client, made))
        if source is not None:
            stack.enter_context(_fed(exchange, source))
        for stream, part in exchange.frames(raw=tty):
            if not _write(2 if stream == "stderr" else 1, part):
                break
    return exit_code(client, made, what=what)


def _input() -> int | None:
    """The descriptor of our standard input; None where it is closed."""
    try:
        os.fstat(0)
    except OSError:
        return None
    return 0


def _write(descriptor: int, part: bytes) -> bool:
    """False where nobody reads any more."""
    view = memoryview(part)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _fed(exchange: Exchange, source: int) -> Iterator[None]:
    """Hand what comes on `source` over until it ends or the block does; nothing is read once the command has ended."""
    wake, waker = os.pipe()

    def feed() -> None:
        while True:
            ready, _, _ = select.select([source, wake], [], [])
            if wake in ready:
                return
            try:
                part = os.read(source, _PART)
                if part:
                    exchange.socket.sendall(part)
                else:
                    exchange.end_input()
                    return
            except OSError:
                return

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(waker, b"x")
        exchange.shut()
        thread.join()
        os.close(wake)
        os.close(waker)


@contextlib.contextmanager
def _raw(source: int | None) -> Iterator[None]:
    """Every key goes to the command; the terminal is put back however this ends."""
    if source is None or not os.isatty(source):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(source)
    try:
        tty.setraw(source)
        yield
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resized(client: Client, made: str) -> Iterator[None]:
    """The command's terminal has the size of ours, now and when it changes."""

    def tell() -> None:
        size = _size()
        if size:
            # It may have ended, or not begun yet: a size is not worth an error.
            with contextlib.suppress(DevenvError):
                client.call(
                    "POST", f"/exec/{made}/resize", params={"h": size[0], "w": size[1]}, what="resize the terminal"
                )

    tell()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGWINCH, lambda number, frame: tell())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _size() -> tuple[int, int] | None:
    """Lines and columns of our terminal."""
    for stream in (sys.__stdout__, sys.__stdin__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            size = os.get_terminal_size(stream.fileno())  # type: ignore[union-attr]
            if size.lines and size.columns:
                return size.lines, size.columns
    return None
