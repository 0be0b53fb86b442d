"""The variables that a rendered file names: those that stand for a value of this host, and those of people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core.longform import REFERENCE

_PARTS = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])(.*))?\}?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One `${…}`: its name, the sign behind it (`:-`, `-`, `:?`, `?`, `:+`, `+` or "") and what follows that."""

    name: str
    sign: str
    rest: str


def references(text: str) -> Iterator[Reference]:
    """Every reference of a Compose text, those within defaults too."""
    for match in REFERENCE.finditer(text):
        parts = _PARTS.fullmatch(match[0].removesuffix("}") if match[0].startswith("${") else match[0])
        if match[0] != "$$" and parts:
            reference = Reference(name=parts[1], sign=parts[2] or "", rest=parts[3] or "")
            yield reference
            yield from references(reference.rest)


def required(text: str, secrets: Mapping[str, str]) -> str:
    """`text` with each reference to a secret's variable as `${NAME:?why}`, without any default. `secrets` maps a
    variable's name to the secret's."""

    def change(match: re.Match[str]) -> str:
        found = next(references(match[0]), None)
        if found is None or found.name not in secrets:
            return match[0]
        return "${" + f"{found.name}:?{missing(found.name, secrets[found.name])}" + "}"

    return REFERENCE.sub(change, text) if "$" in text else text


def missing(variable: str, secret: str) -> str:
    """What Compose says where a secret has no value."""
    return f"the secret {secret} has no value, set {variable} in the shell or in .env"


def texts(value: Any) -> Iterator[str]:
    """Every text below `value` (keys are never interpolated)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
