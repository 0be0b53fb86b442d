"""Which way to speak fits those who listen."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from devenv.ui.protocol import Ui


def make_ui(
    output: str,
    *,
    out: TextIO | None = None,
    err: TextIO | None = None,
    source: TextIO | None = None,
    env: Mapping[str, str] | None = None,
    verbose: bool = False,
) -> Ui:
    """JSON lines for `output` "json"; else the live table where stderr is a terminal that can draw one, plain lines
    where it is not (a pipe, CI, `TERM=dumb`). `verbose` shows what steps say, too; `NO_COLOR` is respected.

    Streams and `env` are the process's own by default.
    """
    env = os.environ if env is None else env
    err = sys.stderr if err is None else err
    if output == "json":
        from devenv.ui.jsonl import JsonLines

        return JsonLines(out=out, err=err, source=source)
    if draws(err, env):
        from devenv.ui.live import Live

        return Live(
            out=out,
            err=err,
            source=source,
            colour=not env.get("NO_COLOR"),
            unicode=_is_unicode(err),
            verbose=verbose,
        )
    from devenv.ui.plain import Plain

    return Plain(out=out, err=err, source=source, verbose=verbose)


def draws(stream: TextIO | None, env: Mapping[str, str]) -> bool:
    """Whether a table can be drawn over itself on `stream`."""
    if stream is None or env.get("TERM", "") in ("", "dumb") or env.get("CI", "").lower() not in ("", "0", "false"):
        return False
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _is_unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")
