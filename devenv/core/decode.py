"""A `devenv.yaml` as a Manifest: read, held to its schema, laid over its base and the catalogue, `{{ }}` evaluated.

Everything that is wrong is told at once: what a schema error is about is left out, and the reading goes on without it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devenv.core import addresses, check, check_seeds, longform, paths, ports
from devenv.core import catalogue as catalogue_of
from devenv.core.compose.merge import merge
from devenv.core.readiness import Kinds
from devenv.core.schema.explain import problems
from devenv.core.source import read_yaml
from devenv.core.suggest import did_you_mean
from devenv.core.template import Scope, TemplateError, evaluate, has_expression
from devenv.model.errors import DevenvError, DevenvErrors, Span, raise_all
from devenv.model.manifest import CatalogueService, Document, Manifest, Path

BASE_COPIES = ".devcontainer/base"
"""Where files of a base that lies outside of the repository are copied to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStack:
    """A stack of the catalogue: `folder` is absolute, `file` its manifest's name for messages, `text` what it says."""

    name: str
    folder: str
    file: str
    text: str


def decode(
    text: str,
    file: str,
    *,
    folder: str,
    catalogue: Mapping[str, CatalogueService],
    bases: Mapping[str, BaseStack],
    kinds: Kinds,
) -> Manifest:
    """The manifest in `text`, which is the content of `file` in the repository's absolute `folder`.

    `catalogue`, `bases` and `kinds` are what `use:`, `base:` and `ready:` may name. Paths in the document that comes
    back are relative to `folder`. Raises DevenvErrors with every error there is, in the order of the files.
    """
    reading = _Reading(catalogue=catalogue, kinds=kinds)
    over = reading.read(text, file)
    base = reading.base(over, bases)
    copies: dict[str, str] = {}
    if base is not None:
        under = reading.read(base.text, base.file)
        if "base" in under.value:
            where = under.where(("base",))
            reading.errors.append(
                DevenvError("A base cannot have a base.", hint="Write its services out.", where=where)
            )
        under = reading.rebased(under, base, folder, copies)
        try:
            merged = merge(under, over)
        except DevenvError as error:
            several = error.errors if isinstance(error, DevenvErrors) else (error,)
            raise DevenvErrors(_in_order([*reading.errors, *several])) from None
    else:
        merged = over
    document = reading.finish(merged)
    raise_all(_in_order(reading.errors))
    return Manifest(
        name=str(document.value["name"]),
        folder=folder,
        file=file,
        document=document,
        base=base.name if base else None,
        base_folder=base.folder if base else "",
        copies=tuple(sorted(copies.items())),
    )


def _in_order(errors: list[DevenvError]) -> list[DevenvError]:
    """As the files go, the person's own file first; the same thing once."""
    files = list(dict.fromkeys(error.where.file for error in errors if error.where))

    def place(error: DevenvError) -> tuple[int, int, int]:
        where = error.where
        return (files.index(where.file), where.line, where.column) if where else (len(files), 0, 0)

    unique = {(error.message, str(error.where)): error for error in errors}
    return sorted(unique.values(), key=place)


_NOT_ITS_OWN = ("ready", "seed", "owner", "docs", "runbook", "links")
"""Keys of a service in which naming another one does not mean that its container uses it."""


class _Reading:
    """One decode: gathers errors, and remembers what was left out for them."""

    def __init__(self, *, catalogue: Mapping[str, CatalogueService], kinds: Kinds) -> None:
        self.catalogue, self.kinds = catalogue, kinds
        self.errors: list[DevenvError] = []
        self.names: dict[str, None] = {}
        self.hurt: set[Path] = set()
        self.filled: set[str] = set()
        """Services whose `ready` is the catalogue's: `{port}` and values are filled in there, and nowhere else."""

    def read(self, text: str, file: str) -> Document:
        """One file, without what its schema forbids. Raises what makes it unreadable."""
        document = read_yaml(text, file)
        if document.value is None:
            document = replace(document, value={})
        if not isinstance(document.value, dict):
            hint = "It begins with keys such as `name:` and `services:`."
            raise DevenvErrors(
                [*self.errors, DevenvError(f"{file} is no mapping of keys.", hint=hint, where=document.where(()))]
            )
        found = problems(document, "manifest", self.kinds)
        self.errors += [problem.error for problem in found]
        services = document.value.get("services")
        self.names |= dict.fromkeys(services if isinstance(services, dict) else ())
        while found:
            self.hurt |= {problem.path[:2] for problem in found}
            document = _without(document, {problem.path for problem in found})
            # What now lacks a part it needs goes too: that is told already.
            found = problems(document, "manifest", self.kinds)
        return document

    def base(self, document: Document, bases: Mapping[str, BaseStack]) -> BaseStack | None:
        name = document.value.get("base")
        if name is None:
            return None
        if name not in bases:
            hint = did_you_mean(name, bases, what="The catalogue has") or "The catalogue has no stacks."
            # Without its base nothing else can be judged: half of the names would seem to be missing.
            where = check.place(document, ("base",))
            error = DevenvError(f"The catalogue has no stack `{name}` to build on.", hint=hint, where=where)
            raise_all(_in_order([*self.errors, error]))
        return bases[name]

    def rebased(self, document: Document, base: BaseStack, folder: str, copies: dict[str, str]) -> Document:
        """The base as if it stood in the repository's folder; what must be copied there goes into `copies`."""
        inside = base.folder == folder or base.folder.startswith(folder.rstrip("/") + "/")
        prefix = posixpath.relpath(base.folder, folder) if inside else BASE_COPIES

        def change(path: str) -> str:
            plain = posixpath.normpath(path)
            if not inside:
                if plain == ".." or plain.startswith("../"):
                    hint = "A base names files of its own folder alone."
                    message = f"`{path}` leads out of the base `{base.name}`."
                    where = next(
                        (document.spans.get(at) for at, text in check.texts(document.value) if path in text), None
                    )
                    self.errors.append(DevenvError(message, hint=hint, where=where or Span(file=base.file)))
                    return path
                copies[posixpath.normpath(posixpath.join(prefix, plain))] = posixpath.normpath(
                    posixpath.join(base.folder, plain)
                )
            return paths.join(prefix, path)

        return replace(document, value=paths.pages_moved(paths.moved(document.value, change), change))

    def finish(self, document: Document) -> Document:
        """Catalogue, checks and `{{ }}`, on the merged document."""
        document = self.with_catalogue(document)
        self.errors += check.not_yet(document)
        self.errors += check.references(document)
        self.errors += check.consistent(document, tuple(self.names), frozenset(self.hurt), self.kinds)
        self.errors += check_seeds.wrong(document, self.catalogue)
        document = self.evaluated(document)
        self.errors += check.circle(document)
        if "name" not in document.value and ("name",) not in self.hurt:
            hint = "Add a name, for example `name: shop`; containers, volumes and networks begin with it."
            self.errors.append(DevenvError("The stack has no name.", hint=hint, where=document.where(())))
        return document

    def with_catalogue(self, document: Document) -> Document:
        """What each `use` stands for, put under what the person wrote."""
        given: dict[str, Any] = {}
        volumes: dict[str, Any] = {}
        for name, service in check.services(document).items():
            if "use" not in service:
                continue
            where = check.place(document, ("services", name, "use"))
            try:
                kind, version = catalogue_of.lookup(self.catalogue, service["use"], where)
            except DevenvError as error:
                self.errors.append(error)
                self.hurt.add(("services", name))
                continue
            kind = catalogue_of.as_used(service, kind)
            if kind.ready and "ready" not in service:
                self.filled.add(name)
            given[name] = catalogue_of.under(name, service, kind, version)
            volume = catalogue_of.data_volume(name, kind, service)
            if volume and volume not in (document.value.get("volumes") or {}):
                volumes[volume] = None
        if not given:
            return document
        value: dict[str, Any] = {"services": given, **({"volumes": volumes} if volumes else {})}
        ordered = list(document.value["services"])
        merged = merge(Document(file=document.file, value=value), document)
        every = merged.value["services"]
        return replace(merged, value={**merged.value, "services": {name: every[name] for name in ordered}})

    def evaluated(self, document: Document) -> Document:
        """Every `{{ }}` replaced, and the services that they name put into `depends_on`."""
        if ("services",) in self.hurt:
            return document
        every = check.services(document)
        known = ports.table(every, self.catalogue)
        facts = {
            name: addresses.facts(
                name,
                service,
                catalogue_of.kind_of(service, self.catalogue),
                known[name],
                self.kinds,
            )
            for name, service in every.items()
        }
        scope = Scope(
            names={name: fact.values for name, fact in facts.items()},
            missing={f"{name}.{key}": why for name, fact in facts.items() for key, why in fact.missing.items()},
            unknown=frozenset(name for name in self.names if ("services", name) in self.hurt or name not in facts),
        )
        implied: dict[str, dict[str, None]] = {}
        changed: dict[Path, str] = {}
        for path, written in check.texts(document.value):
            if not has_expression(written):
                continue
            try:
                # devcontainer.json is no Compose file: nothing in it is escaped or put in when the stack starts.
                result = evaluate(written, scope, final=path[0] == "workspace")
            except TemplateError as error:
                if not error.follows:
                    self.errors.append(_placed(error, document, path, written))
                continue
            changed[path] = result.text
            if len(path) > 2 and path[0] == "services" and path[2] not in _NOT_ITS_OWN:
                own = str(path[1])
                implied.setdefault(own, {}).update(dict.fromkeys(n for n in result.services if n != own))
        value = _replaced(document.value, changed)
        for name in self.filled:
            service = value["services"][name]
            service["ready"] = addresses.filled(service["ready"], facts[name])
        for name, needed in implied.items():
            service = value["services"][name]
            needs = longform.needs(service.get("depends_on"))
            for need in needed:
                needs.setdefault(need, {"condition": _condition(every[need])})
            if needs:
                value["services"][name] = {**service, "depends_on": needs}
        return replace(document, value=value)


def _condition(service: Mapping[str, Any]) -> str:
    """What whoever names a value of `service` waits for."""
    if str(service.get("one_shot", "")).lower() == "true":
        return "service_completed_successfully"
    return "service_healthy" if service.get("ready") or service.get("healthcheck") else "service_started"


def _without(document: Document, left_out: set[Path]) -> Document:
    """`document` without what stands at the paths `left_out`; what follows in a list keeps its place in the file."""
    value = _pruned(document.value, left_out, ())
    items = [path for path in left_out if path and isinstance(path[-1], int)]
    if not items:
        return replace(document, value=value)

    def moved(spans: Mapping[Path, Span]) -> dict[Path, Span]:
        kept: dict[Path, Span] = {}
        for path in spans:
            if any(path[: len(gone)] == gone for gone in items):
                continue
            now = list(path)
            for *above, index in items:
                size = len(above)
                if len(path) > size and path[:size] == tuple(above) and int(path[size]) > int(index):
                    now[size] = int(now[size]) - 1
            kept[tuple(now)] = spans[path]
        return kept

    return replace(document, value=value, spans=moved(document.spans), key_spans=moved(document.key_spans))


def _pruned(value: Any, left_out: set[Path], path: Path) -> Any:
    if not left_out:
        return value
    if isinstance(value, dict):
        return {k: _pruned(v, left_out, (*path, k)) for k, v in value.items() if (*path, k) not in left_out}
    if isinstance(value, list):
        return [_pruned(v, left_out, (*path, i)) for i, v in enumerate(value) if (*path, i) not in left_out]
    return value


def _replaced(value: Any, changed: Mapping[Path, str], path: Path = ()) -> Any:
    """A copy of `value` with the texts at the paths of `changed` replaced."""
    if isinstance(value, dict):
        return {key: _replaced(item, changed, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, changed, (*path, index)) for index, item in enumerate(value)]
    return changed.get(path, value)


def _placed(error: TemplateError, document: Document, path: Path, written: str) -> DevenvError:
    """The error at its expression, where that stands in the value's own line."""
    where = check.place(document, path)
    expression = written[error.offset :].split("\n", 1)[0]
    end = expression.find("}}")
    shown = expression[: end + 2] if end >= 0 else expression
    at = where.text.find(shown, max(where.column - 1, 0))
    if shown and at >= 0:
        where = replace(where, column=at + 1, length=len(shown))
    return DevenvError(error.message, hint=error.hint, where=where)
