"""How many containers a service shall have: `scale`, `deploy.replicas` (compose-go `loader/validate.go`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose.values import Reader
from devenv.model.manifest import Path


def scale(reader: Reader, config: Mapping[str, Any], at: Path) -> int:
    """The number for the normalised service `config` at `at`: 1 where it says none."""
    said = config.get("scale")
    replicas = (config.get("deploy") or {}).get("replicas")
    for number, key in ((said, ("scale",)), (replicas, ("deploy", "replicas"))):
        if number is not None and number < 0:
            reader.wrong((*at, *key), f"There cannot be {number} containers.", "Write 0 or more.")
    if said is not None and replicas is not None and said != replicas:
        reader.wrong(
            (*at, "scale"),
            f"`scale` says {said} containers and `deploy.replicas` {replicas}.",
            "Keep one of the two.",
        )
    number = said if said is not None else replicas if replicas is not None else 1
    if number > 1 and config.get("container_name"):
        reader.wrong(
            (*at, "container_name"),
            f"{number} containers cannot all be called `{config['container_name']}`.",
            "Take `container_name` out: they are numbered then.",
        )
    return max(number, 0)
