"""The proxy variables of this host, in the one spelling that builds and containers are given."""

from __future__ import annotations

import os
from collections.abc import Mapping

_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")


def proxies(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The proxy variables that are set, under their upper-case names. Where both spellings are set the lower-case one
    counts, as it does for curl and Python."""
    env = os.environ if env is None else env
    found = {name: env.get(name.lower()) or env.get(name) or "" for name in _NAMES}
    return {name: value for name, value in found.items() if value}
