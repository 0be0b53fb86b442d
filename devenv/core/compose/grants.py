"""Secrets and configs as a service sees them, and which texts must be seen nowhere."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.compose.normalise import Normal
from devenv.core.compose.values import Reader
from devenv.model.stack import Grant, Secret, Service

_LONG_ENOUGH = 6
_BASES = {"secrets": "/run/secrets/", "configs": "/"}


def grants(reader: Reader, normal: Normal, config: Mapping[str, Any]) -> tuple[Grant, ...]:
    """What the service of `config` is given, with the contents that come from variables or from the file itself."""
    found = []
    for kind, base in _BASES.items():
        known = normal.secrets if kind == "secrets" else normal.configs
        for grant in config.get(kind) or ():
            item = known.get(grant["source"])
            if item is None:  # said already
                continue
            if not _is_ours(reader, kind, grant["source"], item):
                continue
            target = posixpath.join(base, grant.get("target") or grant["source"])
            mode = int(grant.get("mode", "0444"), 8)
            if "file" in item:
                found.append(Grant(target=target, source=item["file"], mode=mode))
            else:
                content = _content(reader, kind, grant["source"], item)
                uid, gid = (_number(reader, grant, kind, key) for key in ("uid", "gid"))
                found.append(Grant(target=target, content=Secret(value=content), mode=mode, uid=uid, gid=gid))
    return tuple(found)


def _number(reader: Reader, grant: Mapping[str, Any], kind: str, key: str) -> int:
    """The owner as the engine takes it, which knows no names."""
    said = str(grant.get(key, "0"))
    if said.isdecimal():
        return int(said)
    message = f"Who is given `{grant['source']}` says a `{key}` that is no number: `{said}`."
    reader.cannot((kind, grant["source"]), message, "Write its number.")
    return 0


def _is_ours(reader: Reader, kind: str, key: str, item: Mapping[str, Any]) -> bool:
    """Whether what is granted can be had without a swarm; where it cannot, Compose refuses it too."""
    word = kind.removesuffix("s")
    kept = [each for each in ("external", "driver", "template_driver") if item.get(each)]
    for each in kept:
        what = "is external, which" if each == "external" else f"has a `{each}`, which"
        hint = "Give it a `file`, or an `environment` variable." if each == "external" else f"Remove `{each}`."
        reader.cannot((kind, key, each), f"The {word} `{key}` {what} only a swarm has.", hint)
    return not kept


def _content(reader: Reader, kind: str, key: str, item: Mapping[str, Any]) -> str:
    variable = item.get("environment")
    if variable is None:
        return str(item.get("content", ""))
    value = reader.variables.get(variable)
    if value is None:
        reader.wrong(
            (kind, key, "environment"),
            f"The {kind.removesuffix('s')} `{key}` has no value.",
            f"Set {variable} in the shell or in the `.env` file of the project.",
        )
    return value or ""


def secret_names(tops: Sequence[Any]) -> set[str]:
    """The variables that hold what is declared a secret in the documents `tops`, granted to a service or not."""
    return {
        str(item["environment"])
        for top in tops
        if isinstance(top, Mapping) and isinstance(top.get("secrets"), Mapping)
        for item in top["secrets"].values()
        if isinstance(item, Mapping) and "environment" in item
    }


def secrets(reader: Reader, services: Mapping[str, Service]) -> tuple[Secret, ...]:
    """Secrets that come from variables, and passwords of catalogue services where they are words of their own: to
    blank out every `app` of a log would hide the log, and in addresses any password is blanked out anyway."""
    found = [reader.variables.get(name, "") for name in sorted(secret_names([reader.document.value]))]
    found += [line for value in found for line in value.splitlines()]
    for service in services.values():
        password = service.values.get("password", "")
        others = {value for name, value in service.values.items() if name != "password"}
        if len(password) >= _LONG_ENOUGH and password not in others:
            found.append(password)
    return tuple(Secret(value=value) for value in dict.fromkeys(found) if value)
