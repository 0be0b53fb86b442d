"""Whether what the services (and jobs) of a Compose file name is there, and what of it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.core.compose.values import Reader
from devenv.core.graph import find_cycle
from devenv.core.suggest import did_you_mean
from devenv.model.manifest import Path


class Uses:
    """Whether what services name is there, and what of it is used."""

    def __init__(
        self,
        reader: Reader,
        services: Mapping[str, Mapping[str, Any]],
        left_out: tuple[str, ...],
        jobs: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.reader, self.services, self.left_out, self.jobs = reader, services, left_out, jobs

    def of(self, kind: str, known: Mapping[str, Any], keys: Any) -> dict[str, Any]:
        used: set[str] = set()
        holders = (("services", self.services), ("jobs", self.jobs))
        for place, name, config in ((top, *each) for top, some in holders for each in some.items()):
            for key in (key for one in (config, *(config.get("pre_start") or ())) for key in keys(one)):
                used.add(key)
                if key not in known:
                    hint = did_you_mean(key, known) or f"Declare it under `{kind}s:` at the top of the file."
                    message = f"`{name}` names the {kind} `{key}`, which the file does not declare."
                    self.reader.wrong((place, name, f"{kind}s"), message, hint)
        return {key: item for key, item in sorted(known.items()) if key in used}

    def needs(self) -> tuple[str, ...]:
        """Check `depends_on` everywhere; gives the names of the services that are left out."""
        for name, config in self.services.items():
            for target, need in (config.get("depends_on") or {}).items():
                at: Path = ("services", name, "depends_on", target)
                if target in self.left_out and need["required"]:
                    self.reader.wrong(
                        at,
                        f"`{name}` needs `{target}`, whose profile is not active.",
                        "Name the profile in COMPOSE_PROFILES, or say `required: false`.",
                    )
                elif target not in self.services and target not in self.left_out:
                    hint = did_you_mean(target, self.services) or "Name a service of this file."
                    self.reader.wrong(at, f"`{name}` needs `{target}`, which is no service of the file.", hint)
        circle = find_cycle({name: list(config.get("depends_on") or ()) for name, config in self.services.items()})
        if circle:
            self.reader.wrong(
                ("services", circle[0], "depends_on"),
                "Services wait for each other: " + " → ".join(f"`{name}`" for name in circle) + ".",
                "Take one of these out of `depends_on`.",
            )
        return self.left_out

    def names(self) -> None:
        """Check that no two services give their containers the same name."""
        holders: dict[str, str] = {}
        for owner, config in self.services.items():
            name = config.get("container_name")
            if name and holders.setdefault(name, owner) != owner:
                self.reader.wrong(
                    ("services", owner, "container_name"),
                    f"`{owner}` and `{holders[name]}` have the same container name, `{name}`.",
                    "Give each its own, or leave it to devenv.",
                )
            if name and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name):
                self.reader.wrong(
                    ("services", owner, "container_name"),
                    f"`{name}` cannot be the name of a container.",
                    "Use letters, digits, `_`, `.` and `-`, at least two.",
                )
