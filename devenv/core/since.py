"""`--since`: a duration back from now, or a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from devenv.model.errors import DevenvError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[smhd])+")
_PART = re.compile(r"([0-9.]+)([smhd])")


def moment(written: str, now: float, zone: tzinfo = UTC) -> float:
    """Seconds since the epoch that `written` means, where it is `now`: `90s`, `1h30m`, or RFC 3339 with or without a
    time and zone (`zone` where it has none). Raises DevenvError (INPUT)."""
    if _DURATION.fullmatch(written):
        return _sane(written, now - sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(written)))
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise DevenvError(
            f"`{written}` is neither a duration nor a moment.",
            hint="Write how long ago (`10m`, `1h30m`, `2d`), or when (`2026-01-31T08:00:00`).",
        ) from None
    return _sane(written, (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp())


def _sane(written: str, found: float) -> float:
    """Engines count from 1970 on, and so must whoever asks them."""
    if found < 0:
        raise DevenvError(f"`{written}` lies before 1970.", hint="Leave `--since` out to see everything.")
    return found
