"""`x-devenv` of a team's own Compose file, held to its schema and to what no schema says: all at once, with places."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from devenv.core import longform
from devenv.core.check import SIMPLE, asked, place, readiness, texts
from devenv.core.readiness import Kinds
from devenv.core.schema.explain import problems
from devenv.model.errors import DevenvError
from devenv.model.manifest import Document, Path

_KEY = "x-devenv"
_EXPRESSION = re.compile(r"\{\{(?!-?\s*\.)(.*?)\}\}", re.DOTALL)
_NAMED = re.compile(r"\s*([A-Za-z_]\w*)\.[A-Za-z_]\w*\s*")
_ADDRESSES = frozenset(("http", "browser", "url", "urls", "links", "docs", "runbook"))
"""Keys that say addresses."""


def extension(document: Document, kinds: Kinds) -> list[DevenvError]:
    """Everything that is wrong with the `x-devenv` of `document`, in the order of the file; nothing else of it is
    looked at. `kinds` are what `ready` may say."""
    ours = _ours(document.value)
    found = problems(
        Document(file=document.file, value=ours, spans=document.spans, key_spans=document.key_spans), "extension", kinds
    )
    hurt = {problem.path[:3] for problem in found}
    errors = [problem.error for problem in found]
    for name, service in ours["services"].items():
        if ("services", name, _KEY) not in hurt:
            errors += readiness(document, ("services", name, _KEY, "ready"), service[_KEY], kinds)
    if not any(path[0] == _KEY for path in hurt):
        errors += _tasks(document, ours.get(_KEY) or {})
        errors += asked(document, (ours.get(_KEY) or {}).get("checks"), (_KEY, "checks"))
    return [*errors, *_expressions(document, ours, {problem.path for problem in found})]


def _expressions(document: Document, ours: Mapping[str, Any], told: Collection[Path]) -> Iterator[DevenvError]:
    """`{{ web.url }}`, which is an expression in a devenv.yaml alone. Elsewhere than in addresses, such as in the
    command of a task, braces are those of another program unless they name a service."""
    services = {re.sub(r"[^A-Za-z0-9_]", "_", name) for name in document.value.get("services") or {}}
    for path, written in texts(ours, ()):
        found = _EXPRESSION.search(written)
        if found is None or path in told:
            continue
        named = _NAMED.fullmatch(found[1])
        if (named and named[1] in services) or _ADDRESSES.intersection(path):
            yield DevenvError(
                f"`{found[0]}` is not evaluated in a Compose file, only in a devenv.yaml.",
                hint="Write the address out, with `${VAR}` for what differs from host to host, such as "
                "`http://127.0.0.1:${WEB_PORT:-8000}/`.",
                where=place(document, path),
            )


def _ours(value: Any) -> dict[str, Any]:
    """What devenv adds, at the places where it stands."""
    value = value if isinstance(value, Mapping) else {}
    services = value.get("services")
    mine = {
        name: {_KEY: service[_KEY]}
        for name, service in (services.items() if isinstance(services, Mapping) else ())
        if isinstance(service, Mapping) and service.get(_KEY) is not None
    }
    return {"services": mine, **({_KEY: value[_KEY]} if value.get(_KEY) is not None else {})}


def _tasks(document: Document, ours: Mapping[str, Any]) -> Iterator[DevenvError]:
    """A task's `$NAME` is this host's, as everywhere in the file; where its service sets NAME, that one is meant."""
    services = document.value.get("services") or {}
    workspace = (ours.get("workspace") or {}).get("service", "workspace")
    for name, task in (ours.get("tasks") or {}).items():
        inside = task.get("service", workspace) if isinstance(task, Mapping) else workspace
        service = services.get(inside)
        environment = longform.pairs(service.get("environment")) if isinstance(service, Mapping) else {}
        for path, written in texts(task, (_KEY, "tasks", name)):
            for found in SIMPLE.finditer(written):
                if found[1] in environment:
                    message = f"`{found[0]}` is read from the shell in which devenv runs, not inside the container."
                    hint = f"For the container's own write `$${found[1]}`."
                    yield DevenvError(message, hint=hint, where=place(document, path))
