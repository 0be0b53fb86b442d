"""`security_opt: [seccomp=PROFILE.json]`: the engine takes the profile itself, not the name of its file.

Source: docker/compose `pkg/compose/create.go` (`parseSecurityOpts`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from devenv.core.compose import mounts
from devenv.core.compose.values import Reader
from devenv.core.paths import SECCOMP
from devenv.model.manifest import Path


def named(reader: Reader, written: Any) -> dict[str, str]:
    """Option → the absolute path of the profile that it names, of a service's `security_opt`."""
    found = {}
    for item in written if isinstance(written, list) else ():
        match = SECCOMP.fullmatch(item) if isinstance(item, str) else None
        if match:
            found[item] = mounts.absolute(reader, match[1])
    return found


def profiles(reader: Reader, config: Mapping[str, Any], at: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Option → what the engine is told in its place. `texts` are the profiles by path; one that is not there, or is no
    JSON, keeps the container from being made."""
    found = {}
    for option, path in named(reader, config.get("security_opt")).items():
        text = texts.get(path)
        if text is None:
            reader.cannot((*at, "security_opt"), f"The seccomp profile {path} is not there.", "Correct the path.")
            continue
        try:
            found[option] = "seccomp=" + json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
        except ValueError as error:
            message = f"The seccomp profile {path} is no JSON: {error}."
            reader.cannot((*at, "security_opt"), message, "Mend it, or name another file.")
    return found
