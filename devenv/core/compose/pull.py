"""`pull_policy`: when a registry is asked for an image that may be there already.

compose-go's `ServiceConfig.GetPullPolicy`: `daily`, `weekly`, `every_<duration>` and `refresh` ask again once the image
got its tag longer ago than that.
"""

from __future__ import annotations

import re
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.values import Reader
from devenv.model.manifest import Path

_POLICY = re.compile(r"always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:\d+[wdhms])+")
_DAY = 24 * 3600.0


def pull_policy(reader: Reader, value: Any, at: Path) -> str | None:
    """The policy, in the one word that Compose has for it."""
    given = values.text(reader, value, at)
    if given and not _POLICY.fullmatch(given):
        reader.not_a(at, "`always`, `missing`, `never`, `build`, `daily`, `weekly` or, for one, `every_12h`")
        return None
    return "missing" if given == "if_not_present" else given


def age(policy: str) -> float | None:
    """The seconds after which an image is asked for again; None where its age is of no matter."""
    if policy == "refresh":
        return 0.0
    if policy in ("daily", "weekly"):
        return _DAY if policy == "daily" else 7 * _DAY
    if policy.startswith("every_"):
        return values.nanoseconds(policy.removeprefix("every_")) / 1e9
    return None
