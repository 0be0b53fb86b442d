"""`checks` of `x-devenv`, read after interpolation."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from devenv.core.compose import extension, values
from devenv.core.compose.values import Reader
from devenv.core.suggest import did_you_mean
from devenv.model.manifest import Path
from devenv.model.stack import Check, CheckStep

KINDS: Mapping[str, frozenset[str]] = {
    "http": frozenset(("url", "method", "headers", "json", "body")),
    "sql": frozenset(("service", "query")),
    "exec": frozenset(("service", "command", "user")),
}
_EXPECT: Mapping[str, frozenset[str]] = {
    "http": frozenset(("status", "json", "body")),
    "sql": frozenset(("value", "body")),
    "exec": frozenset(("code", "body", "value")),
}
_REQUIRED = {"http": ("url",), "sql": ("service", "query"), "exec": ("service", "command")}
_CHECK = ("steps", "finally", "description")
_KEYS = (*KINDS, "name", "hint", "expect", "take", "within", "timeout")


def checks(reader: Reader, value: Any, at: Path, services: Collection[str]) -> dict[str, Check]:
    """The checks that stand at `at`, by name; what is wrong is noted in `reader`."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping of checks")
        return {}
    found = {}
    for name, item in value.items():
        here = (*at, name)
        long = item if isinstance(item, Mapping) else {"steps": item}
        for key in long:
            if key not in _CHECK and not str(key).startswith("x-"):
                reader.unknown(here, key, dict.fromkeys(_CHECK))
        written = long.get("steps")
        if not isinstance(written, list) or not written:
            reader.not_a(here, "a list of steps")
            continue
        below = (*here, "steps") if isinstance(item, Mapping) else here
        last = long.get("finally") or []
        if not isinstance(last, list):
            reader.not_a((*here, "finally"), "a list of steps")
            last = []
        found[str(name)] = Check(
            name=str(name),
            steps=_steps(reader, written, below, services),
            finally_=_steps(reader, last, (*here, "finally"), services),
            description=str(long.get("description") or ""),
            where=reader.document.where(here),
        )
    return found


def _steps(reader: Reader, written: list[Any], at: Path, services: Collection[str]) -> tuple[CheckStep, ...]:
    steps = [_step(reader, step, (*at, index), services) for index, step in enumerate(written)]
    return tuple(step for step in steps if step is not None)


def _step(reader: Reader, item: Any, at: Path, services: Collection[str]) -> CheckStep | None:
    kinds = [kind for kind in KINDS if isinstance(item, Mapping) and kind in item]
    if len(kinds) != 1:
        reader.wrong(at, "A step asks one thing.", "Give it exactly one of `http`, `sql` or `exec`.")
        return None
    kind = kinds[0]
    for key in item:
        if key not in _KEYS and not key.startswith("x-"):
            reader.unknown(at, key, dict.fromkeys(_KEYS))
    options = _known(
        reader, {"url": item[kind]} if isinstance(item[kind], str) else item[kind], (*at, kind), KINDS[kind]
    )
    expect = _known(reader, item.get("expect") or {}, (*at, "expect"), _EXPECT[kind])
    take = _known(reader, item.get("take") or {}, (*at, "take"), None)
    missing = [key for key in _REQUIRED[kind] if not options.get(key)]
    if missing:
        reader.wrong((*at, kind), f"The step does not say its `{missing[0]}`.", f"Add `{missing[0]}:`.")
        return None
    service = options.get("service")
    if service is not None and service not in services:
        hint = did_you_mean(str(service), services, what="Services")
        reader.wrong((*at, kind, "service"), f"The step asks `{service}`, which is no service.", hint)
    _pattern(reader, expect.get("body"), (*at, "expect", "body"))
    times = {
        key: seconds
        for key in ("within", "timeout")
        if key in item and (seconds := extension.seconds(reader, item[key], (*at, key))) is not None
    }
    return CheckStep(
        kind=kind,
        options=options,
        expect=expect,
        take={str(name): str(path) for name, path in take.items()},
        name=values.text(reader, item["name"], (*at, "name")) or "" if "name" in item else "",
        hint=values.text(reader, item["hint"], (*at, "hint")) or "" if "hint" in item else "",
        **times,
    )


def _known(reader: Reader, value: Any, at: Path, known: frozenset[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping")
        return {}
    for key in value:
        if known is not None and key not in known and not str(key).startswith("x-"):
            reader.unknown(at, str(key), dict.fromkeys(sorted(known)))
    return value


def _pattern(reader: Reader, written: Any, at: Path) -> None:
    if isinstance(written, str):
        try:
            re.compile(written)
        except (re.error, RecursionError, OverflowError) as error:
            reader.wrong(at, f"`{written}` is no regular expression: {error}.", "Escape it or correct it.")
