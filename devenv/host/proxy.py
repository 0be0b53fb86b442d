"""The proxy variables of this host, in the one spelling that builds and containers are given."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CONFIG = {
    "httpProxy": "HTTP_PROXY",
    "httpsProxy": "HTTPS_PROXY",
    "ftpProxy": "FTP_PROXY",
    "allProxy": "ALL_PROXY",
    "noProxy": "NO_PROXY",
}


def proxies(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The proxy variables that are set, under their upper-case names. Where both spellings are set the lower-case one
    counts, as it does for curl and Python."""
    env = os.environ if env is None else env
    found = {name: env.get(name.lower()) or env.get(name) or "" for name in _NAMES}
    return {name: value for name, value in found.items() if value}


def container_proxies(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that docker's client puts into containers, as `proxies.default` of its `config.json` says, in both
    spellings. A file that is not there or not JSON says nothing.

    Source: docs.docker.com/engine/cli/proxy.
    """
    env = os.environ if env is None else env
    folder = env.get("DOCKER_CONFIG") or os.path.join(env.get("HOME") or "/", ".docker")
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            said = json.load(file)
        chosen = said.get("proxies", {}).get("default", {})
        found = {variable: str(chosen[key]) for key, variable in _CONFIG.items() if chosen.get(key)}
    except (OSError, ValueError, AttributeError):
        return {}
    return {name: value for upper, value in found.items() for name in (upper, upper.lower())}
