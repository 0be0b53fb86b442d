"""Links in the paths of `develop.watch`, followed as Compose does when it reads a file: what is watched is what a link
names, and Compose's hash is taken over that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def followed(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The normalised service with the watched paths as they really are; the very same where no link is in any."""
    develop = config.get("develop") or {}
    rules = [{**rule, "path": os.path.realpath(rule["path"])} for rule in develop.get("watch") or ()]
    if rules == list(develop.get("watch") or ()):
        return config
    return {**config, "develop": {**develop, "watch": rules}}
