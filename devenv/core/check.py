"""What no schema can say of a manifest: names that must be there, circles, seeds and readiness that cannot work.

Every check takes a merged document whose shapes are valid, and yields errors with places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core import longform
from devenv.core.addresses import conditions
from devenv.core.graph import find_cycle
from devenv.core.ports import image_variable, port_variable
from devenv.core.readiness import Kinds, words
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Document, Path

_BRACED = re.compile(longform.REFERENCE.pattern + r"|\$\{[^}]*\}?")
_REFERENCE = re.compile(r"\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?::?[-?+].*)?\}", re.DOTALL | re.ASCII)
_PORT = r"(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_ADDRESS = re.compile(rf"https?://(?:[^/?#@]*@)?(?:\[[^\]/?#]+\]|[^/?#@:\[\]\s]+)(?::{_PORT})?(?:[/?#]|$)", re.I)
SIMPLE = re.compile(r"\$\$|\$\{?([A-Za-z_]\w*)\}?", re.ASCII)

LATER_TOP = {
    "jobs": "devenv runs no jobs: make it a service with `one_shot: true`, or a task.",
    "include": "devenv does not read further files yet: put their services into this one.",
}
LATER_SERVICE = {
    "extends": "devenv does not take over services yet: write the keys out, or use a YAML anchor.",
    "lazy": "devenv starts every service at `up` yet: take `lazy` out.",
    "provider": "here a service is a container, with an `image:` or `build:`; a plain Compose file may have one.",
}
"""Keys that are valid and that devenv refuses for now, and what to do instead."""


def place(document: Document, path: Path) -> Span:
    """Where the value at `path` stands, else its nearest ancestor."""
    return document.spans.get(path) or document.where(path)


def not_yet(document: Document) -> Iterator[DevenvError]:
    """Keys that are valid and that devenv does not carry out yet: refused, never dropped."""
    for key, hint in LATER_TOP.items():
        if document.value.get(key):
            yield DevenvError(f"`{key}` cannot be used yet.", hint=hint, where=document.where((key,)))
    if "x-devenv" in document.value:
        hint = "In devenv.yaml these keys stand at the top itself; `x-devenv` is for plain Compose files."
        yield DevenvError("`x-devenv` is not read here.", hint=hint, where=document.where(("x-devenv",)))
    for name, service in services(document).items():
        for key, hint in LATER_SERVICE.items():
            if service.get(key) and not (key == "lazy" and str(service[key]).lower() in ("false", "no", "0")):
                where = document.where(("services", name, key))
                yield DevenvError(f"`{key}` cannot be used yet.", hint=hint, where=where)
        if "x-devenv" in service:
            hint = "In devenv.yaml these keys stand in the service itself; `x-devenv` is for plain Compose files."
            where = document.where(("services", name, "x-devenv"))
            yield DevenvError("`x-devenv` is not read here.", hint=hint, where=where)


def references(document: Document) -> Iterator[DevenvError]:
    """`${…}` that no Compose reader takes. What the workspace says is for devcontainer.json, which has its own."""
    for path, written in texts(document.value):
        if path[0] == "workspace" or "${" not in written:
            continue
        bad = next((m[0] for m in _BRACED.finditer(written) if m[0] != "$$" and not _REFERENCE.fullmatch(m[0])), None)
        if bad is not None:
            hint = "A variable is `${NAME}`, `${NAME:-default}` or `${NAME:?why}`; a literal `$` is `$$`."
            yield DevenvError(f"`{bad}` is no variable.", hint=hint, where=place(document, path))


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text below `value`, with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def services(document: Document) -> Mapping[str, Any]:
    """The document's services that are mappings, by name."""
    found = document.value.get("services") or {}
    return {name: service for name, service in found.items() if isinstance(service, Mapping)}


def consistent(
    document: Document, names: tuple[str, ...], hurt: frozenset[Path], kinds: Kinds
) -> Iterator[DevenvError]:
    """All checks of what refers to what. `names` are the services as written, also those that could not be read;
    `hurt` are services (as paths) of which some keys could not be; `kinds` are what `ready` may say."""
    if ("services",) in hurt:
        return  # all else would only follow from it
    if not names:
        where = document.where(("services",))
        yield DevenvError(
            "There are no services.", hint="Add one, for example `services: {db: {use: postgres}}`.", where=where
        )
    for name, service in services(document).items():
        at: Path = ("services", name)
        if at not in hurt and not any(key in service for key in ("image", "build", "use", "provider")):
            hint = "Add `use:` (a service of the catalogue), `image:` or `build:`."
            yield DevenvError(f"`{name}` says nothing of what to run.", hint=hint, where=document.where(at))
        yield from _needs(document, name, service, names)
        yield from _named(document, name, service)
        yield from _ports(document, name, service)
        yield from readiness(document, (*at, "ready"), service, kinds, hurt=at in hurt)
    yield from _variables(document)
    yield from _around(document, names)


def _needs(document: Document, name: str, service: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[DevenvError]:
    written = service.get("depends_on")
    for index, need in enumerate(longform.needs(written)):
        path: Path = ("services", name, "depends_on", index if isinstance(written, list) else need)
        where = document.key_spans.get(path) or place(document, path)
        if need == name:
            hint = "Take it out: a service cannot wait for itself."
            yield DevenvError(f"`{name}` depends on itself.", hint=hint, where=where)
        elif need not in names:
            hint = did_you_mean(need, names, what="Services") or "Add it under `services`."
            yield DevenvError(f"`{name}` depends on `{need}`, which is no service.", hint=hint, where=where)


def circle(document: Document) -> Iterator[DevenvError]:
    """One circle of `depends_on`, if there is any (after `{{ }}` added what it adds)."""
    every = services(document)
    edges = {
        name: [need for need in longform.needs(service.get("depends_on")) if need in every and need != name]
        for name, service in every.items()
    }
    found = find_cycle(edges)
    if found:
        yield DevenvError(
            "These services wait for one another: " + " → ".join(f"`{name}`" for name in found) + ".",
            hint="Take one of these `depends_on` out; where `{{ }}` implies it, write that address out instead.",
            where=document.where(("services", found[0], "depends_on")),
        )


def _ports(document: Document, name: str, service: Mapping[str, Any]) -> Iterator[DevenvError]:
    for index, port in enumerate(service.get("ports") or ()):
        if isinstance(port, Mapping) and not str(port["target"]).isdigit():
            where = place(document, ("services", name, "ports", index, "target"))
            hint = "Write it out; the host's port (`published`) may be a variable."
            yield DevenvError("The container's port must be known here.", hint=hint, where=where)


def _named(document: Document, name: str, service: Mapping[str, Any]) -> Iterator[DevenvError]:
    """Networks, volumes, secrets and configs of a service must stand at the top."""
    top = document.value
    written = service.get("networks")
    for index, network in enumerate(longform.networks(written)):
        path: Path = ("services", name, "networks", index if isinstance(written, list) else network)
        if network != "default":
            yield from _missing(document, path, "network", network, top.get("networks"))
    for index, mount in enumerate(longform.volumes(service.get("volumes"))):
        if isinstance(mount, dict) and mount.get("type") == "volume" and mount.get("source"):
            path = ("services", name, "volumes", index)
            yield from _missing(document, path, "volume", str(mount["source"]), top.get("volumes"))
    for kind in ("secrets", "configs"):
        for index, grant in enumerate(longform.grants(service.get(kind))):
            path = ("services", name, kind, index)
            yield from _missing(document, path, kind[:-1], str(grant.get("source", "")), top.get(kind))


def _missing(document: Document, path: Path, kind: str, name: str, known: Any) -> Iterator[DevenvError]:
    if "$" in name or name in (known or {}):
        return
    hint = did_you_mean(name, known or {}, what=f"Known {kind}s")
    if "Did you mean" not in hint:
        hint = (
            f"Add it at the top: `{kind}s: {{{name}: }}`."
            if kind in ("network", "volume")
            else f"Add it under `{kind}s` at the top."
        )
    where = document.key_spans.get(path) or place(document, path)
    yield DevenvError(f"There is no {kind} `{name}`.", hint=hint, where=where)


def readiness(
    document: Document, at: Path, said_of: Mapping[str, Any], kinds: Kinds, *, hurt: bool = False
) -> Iterator[DevenvError]:
    """What is wrong with the `ready` of `said_of`, which stands at `at` below a service. `hurt`: something else was
    said of that service already."""
    as_list = isinstance(said_of.get("ready"), list)
    for index, condition in enumerate(conditions(said_of)):
        path: Path = (*at, index) if as_list else at
        said_here = [kind for kind in kinds if kind in condition]
        if len(said_here) > 1 or (not said_here and not hurt):
            said = "says nothing of when" if not said_here else f"says {len(said_here)} things at once of when"
            hint = f"One item has one of {words(kinds)}; several stand in a list."
            yield DevenvError(f"`ready` {said} `{at[1]}` can be used.", hint=hint, where=place(document, path))
        for kind in said_here:
            if wrong := kinds[kind].wrong(condition[kind]):
                yield DevenvError(wrong[0], hint=wrong[1], where=place(document, (*path, kind)))


def _variables(document: Document) -> Iterator[DevenvError]:
    """Two services whose names give the same variable (`my-db` and `my_db`)."""
    owners: dict[str, str] = {}
    for name in services(document):
        first = owners.setdefault(image_variable(name), name)
        if first != name:
            where = document.key_spans.get(("services", name)) or document.where(("services", name))
            variable = port_variable(name, 80).rsplit("_", 1)[0]
            hint = "Rename one of the two: letters, digits and `_` alone tell services apart there."
            message = f"`{first}` and `{name}` give the same variables (`{variable}_…`)."
            yield DevenvError(message, hint=hint, where=where)


def _around(document: Document, names: tuple[str, ...]) -> Iterator[DevenvError]:
    """What the workspace and the tasks name."""
    workspace = document.value.get("workspace")
    if isinstance(workspace, Mapping):
        service = workspace.get("service", "workspace")
        if service not in names:
            path: Path = ("workspace", "service") if "service" in workspace else ("workspace",)
            hint = did_you_mean(service, names, what="Services") or "Name one that stands under `services`."
            yield DevenvError(
                f"The workspace's service `{service}` is not there.", hint=hint, where=place(document, path)
            )
    yield from asked(document, document.value.get("checks"), ("checks",))
    tasks = document.value.get("tasks")
    for name, task in (tasks if isinstance(tasks, Mapping) else {}).items():
        service = task.get("service") if isinstance(task, Mapping) else None
        if service is None and not isinstance(workspace, Mapping):
            hint = f"Write `{name}: {{service: …, command: …}}`, or give the stack a `workspace`."
            yield DevenvError(
                f"The task `{name}` names no service to run in.", hint=hint, where=document.where(("tasks", name))
            )
        if service is not None and service not in names:
            where = place(document, ("tasks", name, "service"))
            hint = did_you_mean(str(service), names, what="Services") or "Name one that stands under `services`."
            yield DevenvError(f"The task `{name}` runs in `{service}`, which is no service.", hint=hint, where=where)
        inside = service or (workspace.get("service", "workspace") if isinstance(workspace, Mapping) else None)
        yield from _meant_inside(document, name, services(document).get(str(inside), {}))


def asked(document: Document, checks: Any, at: Path) -> Iterator[DevenvError]:
    """Addresses of the `checks` at `at` at which nobody can be asked; one with a variable in it is not known yet."""
    for name, check in (checks if isinstance(checks, Mapping) else {}).items():
        long = check if isinstance(check, Mapping) else {"steps": check}
        for key in ("steps", "finally"):
            for index, step in enumerate(long.get(key) or ()):
                request = step.get("http") if isinstance(step, Mapping) else None
                url = request.get("url") if isinstance(request, Mapping) else request
                if isinstance(url, str) and not _ADDRESS.match(url) and "$" not in url and "{" not in url:
                    below = (key,) if isinstance(check, Mapping) else ()
                    path: Path = (*at, name, *below, index, "http", *(("url",) if isinstance(request, Mapping) else ()))
                    yield DevenvError(
                        f"`{url}` is no address of http or https.",
                        hint="Write it whole, as in `http://127.0.0.1:8000/health`.",
                        where=place(document, path),
                    )


def _meant_inside(document: Document, name: str, service: Mapping[str, Any]) -> Iterator[DevenvError]:
    """A task's `$NAME` is this host's, as everywhere in the file; where its service sets NAME, that one is meant."""
    environment = longform.pairs(service.get("environment"))
    for path, written in texts(document.value["tasks"][name], ("tasks", name)):
        for found in SIMPLE.finditer(written):
            if found[1] in environment:
                message = f"`{found[0]}` is read from the shell in which devenv runs, not inside the container."
                hint = f"For the container's own write `$${found[1]}`."
                yield DevenvError(message, hint=hint, where=place(document, path))
