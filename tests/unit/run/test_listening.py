from __future__ import annotations

import pytest

from devenv.backends.fake import FakeEngine
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import ExecResult
from devenv.run.listening import why_not_reached

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n"
INSIDE4, ALL4 = "0100007F", "00000000"
NAMES = "0B00007F"
INSIDE6, ALL6 = "00000000000000000000000001000000", "0" * 32


class Proc(FakeEngine):
    """An engine whose containers say `text` of their sockets; None: the image has no `cat`."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text

    def exec(self, *words: object, **more: object) -> ExecResult:  # type: ignore[override]
        if self._text is None:
            raise DevenvError("no such command", hint="x", code=ExitCode.FAILED)
        return ExecResult(exit_code=0, output=self._text.encode())


def _proc(*sockets: tuple[str, int], state: str = "0A") -> str:
    rows = [f"   {n}: {address}:{port:04X} 00000000:0000 {state} 0 0\n" for n, (address, port) in enumerate(sockets)]
    return HEAD + "".join(rows)


@pytest.mark.parametrize("sockets", [((INSIDE4, 8000),), ((INSIDE6, 8000),), ((INSIDE4, 8000), (INSIDE6, 8000))])
def test_a_server_on_loopback_alone_is_told(sockets: tuple[tuple[str, int], ...]) -> None:
    why, remedy = why_not_reached(Proc(_proc(*sockets, (ALL4, 9000))), "c", "api", 8000)
    assert why == "it listens on port 8000, but only on 127.0.0.1 inside its container"
    assert "0.0.0.0" in remedy


def test_a_server_on_another_port_is_told() -> None:
    why, remedy = why_not_reached(Proc(_proc((ALL6, 3000), (INSIDE4, 5555), (NAMES, 45951))), "c", "api", 8000)
    assert why == "nothing listens on port 8000 in its container, but on 3000"
    assert "name 3000" in remedy


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "cat: not found\n",
        _proc(),
        _proc((ALL4, 8000)),
        _proc((INSIDE4, 8000), (ALL4, 8000)),
        _proc((INSIDE4, 8000), state="01"),
    ],
)
def test_nothing_is_said_where_that_is_not_so_or_cannot_be_seen(text: str | None) -> None:
    assert why_not_reached(Proc(text), "c", "api", 8000) == ("", "")
