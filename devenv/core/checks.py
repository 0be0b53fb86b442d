"""Checks without I/O: what a step asks once earlier answers are known, and whether what came back will do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from devenv.core.quoting import NAME, in_shell, in_sql
from devenv.core.selection import reached
from devenv.model.plan import Node, Plan, Run, RunCheck, SeedData, WaitReady
from devenv.model.protocols import Answer
from devenv.model.stack import Check, CheckStep, Stack

_SHOWN = 200
_SHELL = re.compile(r"(?:/\S*/)?(?:ba|da|a)?sh -[a-z]*c")
"""The beginning of a command whose third word is a shell's text."""
WHOLE = "value"
"""The path that means all of an answer."""


class Unlike(ValueError):
    """What came back is not what was expected; the message says how."""


def fill(value: Any, taken: Mapping[str, Any], *, url: bool = False) -> Any:
    """`value` with each `{name}` that was taken replaced. A text that is nothing else becomes the value itself, number
    or not; `url`: values are quoted for an address. Names that were not taken stay as they are."""
    if isinstance(value, Mapping):
        return {key: fill(item, taken, url=url and key == "url") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, taken) for item in value]
    if not isinstance(value, str):
        return value
    whole = NAME.fullmatch(value)
    if whole and whole[1] in taken and not url:
        return taken[whole[1]]

    def put(match: re.Match[str]) -> str:
        if match[1] not in taken:
            return match[0]
        return quote(str(taken[match[1]]), safe="") if url else str(taken[match[1]])

    return NAME.sub(put, value)


def asked(step: CheckStep, taken: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of `step`, taken values in them: quoted in an address and in SQL, arguments of a shell's text."""
    filled: dict[str, Any] = fill(step.options, taken, url=step.kind == "http")
    if step.kind == "sql":
        filled["query"] = in_sql(str(step.options["query"]), taken)
    elif step.kind == "exec":
        command = step.options["command"]
        if isinstance(command, str):
            filled["command"] = in_shell(command, taken)
        elif len(command) == 3 and _SHELL.fullmatch(" ".join(map(str, command[:2]))):
            filled["command"] = in_shell(str(command[2]), taken, [str(word) for word in command[:2]])
    return filled


def walked_finally(check: Check, taken: Mapping[str, Any]) -> tuple[CheckStep, ...]:
    """The steps of `finally` that can be walked: not those that name a value that no step came to take."""
    missing = {name for step in check.all_steps for name in step.take} - set(taken)
    return tuple(step for step in check.finally_ if not missing & set(_names((step.options, step.expect))))


def _names(value: Any) -> Iterator[str]:
    """The names that `value` says as `{name}`."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _names(item)
    elif isinstance(value, str):
        yield from NAME.findall(value)


def says(step: CheckStep, options: Mapping[str, Any], taken: Mapping[str, Any] | None = None) -> str:
    """The step in a few words, for messages: what it is about, where that is said, and what it asks."""
    # What is run in a container is said as it was written, without what quoting makes of it.
    question = _question(step, options if step.kind == "http" else {**options, **fill(step.options, taken or {})})
    return f"{fill(step.name, taken or {})} ({question})" if step.name else question


def _question(step: CheckStep, options: Mapping[str, Any]) -> str:
    if step.kind == "http":
        return f"{options.get('method') or _method(options)} {options['url']}"
    if step.kind == "sql":
        return f"SQL in {options['service']}"
    command = options["command"]
    return f"`{command if isinstance(command, str) else ' '.join(command)}` in {options['service']}"


def _method(options: Mapping[str, Any]) -> str:
    return "POST" if "json" in options or "body" in options else "GET"


def method(options: Mapping[str, Any]) -> str:
    """The HTTP method that is meant."""
    return str(options.get("method") or _method(options)).upper()


def judge(step: CheckStep, answer: Answer, taken: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken from `answer`. Raises Unlike where it is not what the step expects."""
    expect = fill(step.expect, taken)
    if step.kind == "http":
        wanted = str(expect.get("status", "200-399"))
        low, dash, high = wanted.partition("-")
        if not int(low) <= answer.code <= int(high if dash else low):
            raise Unlike(f"answered {answer.code}, not {wanted}{_excerpt(answer)}")
    elif step.kind == "exec" and answer.code != int(expect.get("code", 0)):
        raise Unlike(f"ended with {answer.code}, not {expect.get('code', 0)}{_excerpt(answer)}")
    if "value" in expect and answer.text.strip() != str(expect["value"]):
        raise Unlike(f"gave {_short(answer.text.strip())!r}, not {str(expect['value'])!r}")
    if "body" in expect and not re.search(str(expect["body"]), answer.text):
        raise Unlike(f"has nothing that matches {expect['body']!r}{_excerpt(answer)}")
    for path, wanted in (expect.get("json") or {}).items():
        found = look_up(answer.text, str(path))
        if found != wanted and str(found) != str(wanted):
            raise Unlike(f"`{path}` is {found!r}, not {wanted!r}")
    return {
        name: answer.text.strip() if path == WHOLE else look_up(answer.text, path) for name, path in step.take.items()
    }


def look_up(text: str, path: str) -> Any:
    """The value at `path` (`items.0.id`) of a JSON text. Raises Unlike where there is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unlike(f"is no JSON{_excerpt(Answer(text=text))}") from None
    for part in path.split("."):
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (LookupError, TypeError, ValueError):
            raise Unlike(f"has nothing at `{path}`{_excerpt(Answer(text=text))}") from None
    return found


def plan_checks(
    stack: Stack,
    names: tuple[str, ...] = (),
    before: Plan | None = None,
    *,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """The checks `names` (all for none), one after the other, behind all that `before` makes ready and seeds; but those
    in `left_out`, which maps checks that cannot be walked now to the reason: they are told of."""
    held = before or Plan()
    needs = tuple(n.id for n in held.nodes if isinstance(n.step, WaitReady | SeedData | Run))
    values = {name: service.values for name, service in stack.services.items() if service.values}
    nodes = [
        Node(
            id=f"check:{name}",
            step=RunCheck(check=check, values=values),
            cause="asked for" if before is None else "the stack changed" if before.nodes else "not proved yet",
            needs=needs,
            resource="check",
        )
        for name, check in stack.checks.items()
        if (not names or name in names) and name not in left_out
    ]
    told = [f"check {name} is left out: {why}" for name, why in left_out.items() if not names or name in names]
    return replace(held, nodes=(*held.nodes, *nodes), notices=(*held.notices, *told))


def needed(stack: Stack, check: Check) -> set[str]:
    """The services that `check` names or asks, by their address on the host, with all that those need."""
    return reached(stack, {name for step in check.all_steps for name in _about(stack, step)})


def _about(stack: Stack, step: CheckStep) -> Iterator[str]:
    """The services that `step` names, or whose port on the host it asks."""
    if (named := step.options.get("service")) in stack.services:
        yield str(named)
    try:
        parts = urlsplit(str(step.options.get("url") or ""))
        port = str(parts.port or (443 if parts.scheme == "https" else 80))
    except ValueError:
        return
    for name, service in stack.services.items():
        if step.kind == "http" and port in {
            str(item.get("published")) for item in service.own.config.get("ports") or ()
        }:
            yield name


def _excerpt(answer: Answer) -> str:
    said = _short(answer.text.strip())
    return f": {said}" if said else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
