"""`${…}` in Compose's texts, by compose-go's rules: a `$` that begins no reference is a plain one. A variable that is
not set and has no default is an error with its place, or noted, where Compose warns, and nothing stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.manifest import Document, Path

Lookup = Callable[[str], str | None]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 40
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A variable that a document names. `default` is the text after `-` as written (None: there is none), `required`
    says that it must be set: nothing stands in for it. `where` is the first place that names it."""

    name: str
    default: str | None = None
    required: bool = False
    where: Span | None = field(default=None, compare=False)


class BadReference(ValueError):
    """A `${` that is no reference; the message says what stands there."""


class Missing(ValueError):
    """A variable that must be set: `name`, and `message`, what the file says of it ("" for nothing)."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class _Reference:
    name: str
    operator: str
    rest: str


def _parts(text: str) -> Iterator[str | _Reference]:
    """Plain texts and references, in order. Raises BadReference."""
    at = 0
    while True:
        dollar = text.find("$", at)
        if dollar < 0:
            yield text[at:]
            return
        yield text[at:dollar]
        if text.startswith("$$", dollar):
            yield "$"
            at = dollar + 2
        elif text.startswith("${", dollar):
            end = _closing(text, dollar)
            body = text[dollar + 2 : end]
            name = _NAME.match(body) if "\n" not in body else None
            tail = body[name.end() :] if name else ""
            operator = next((each for each in _OPERATORS if tail.startswith(each)), "")
            if name is None or (tail and not operator):
                raise BadReference(text[dollar : end + 1])
            yield _Reference(name[0], operator, tail[len(operator) :])
            at = end + 1
        elif plain := _NAME.match(text, dollar + 1):
            yield _Reference(plain[0], "", "")
            at = plain.end()
        else:
            yield "$"
            at = dollar + 1


def _closing(text: str, start: int) -> int:
    depth, at = 0, start
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 2
            continue
        if text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise BadReference(text[start : start + 24])


def substitute(
    text: str, lookup: Lookup, *, lenient: bool = False, unset: set[str] | None = None, depth: int = 0
) -> str:
    """`text` with its references replaced. `lookup` gives a variable's value or None.

    Raises BadReference, and Missing unless `lenient` (then a variable that is not set is empty, except for `?`; `unset`
    takes its name). `depth` is how many references it stands in already.
    """
    if "$" not in text:
        return text
    if depth > _DEEPEST:
        raise BadReference(text[:24])
    parts = (part if isinstance(part, str) else _value(part, lookup, lenient, unset, depth) for part in _parts(text))
    return "".join(parts)


def _value(reference: _Reference, lookup: Lookup, lenient: bool, unset: set[str] | None, depth: int) -> str:
    value = lookup(reference.name)
    operator = reference.operator
    absent = value is None or (operator.startswith(":") and value == "")

    def rest(*, lenient: bool = lenient) -> str:
        return substitute(reference.rest, lookup, lenient=lenient, unset=unset, depth=depth + 1)

    if operator.endswith("-"):
        return rest() if absent else value or ""
    if operator.endswith("+"):
        return "" if absent else rest()
    if operator.endswith("?") and absent:
        raise Missing(reference.name, rest(lenient=True))
    if value is None:
        if not lenient:
            raise Missing(reference.name)
        if unset is not None:
            unset.add(reference.name)
    return value or ""


def _references(text: str, depth: int = 0) -> Iterator[_Reference]:
    if "$" not in text or depth > _DEEPEST:
        return
    try:
        for part in _parts(text):
            if isinstance(part, _Reference):
                yield part
                yield from _references(part.rest, depth + 1)
    except BadReference:
        return  # `interpolate` tells of it


def names(document: Document) -> tuple[Name, ...]:
    """Every variable that the document's texts name, in order, each once; those within defaults too."""
    found: dict[str, Name] = {}
    for path, text in _texts(document.value, ()):
        for reference in _references(text):
            new = Name(
                name=reference.name,
                default=reference.rest if reference.operator.endswith("-") else None,
                required=reference.operator in ("", "?", ":?"),
                where=_place(document, path),
            )
            known = found.setdefault(reference.name, new)
            if known.default is None and new.default is not None:
                found[reference.name] = Name(
                    name=new.name, default=new.default, required=known.required, where=known.where
                )
    return tuple(found.values())


def uses(value: Any) -> dict[str, dict[str, Any]]:
    """The variables in the texts below `value` by name, in the words of `docker compose config --variables`; of what
    several places say of one the first counts, and it must be set where one says so."""
    found: dict[str, dict[str, Any]] = {}
    for _, text in _texts(value, ()):
        for reference in _references(text):
            operator, rest = reference.operator, reference.rest
            use = {"Name": reference.name, "DefaultValue": "", "PresenceValue": "", "Required": False}
            use = found.setdefault(reference.name, use)
            if operator.endswith("-"):
                use["DefaultValue"] = use["DefaultValue"] or rest
            elif operator.endswith("+"):
                use["PresenceValue"] = use["PresenceValue"] or rest
            elif operator:
                use["Required"] = True
    return dict(sorted(found.items()))


def named(value: Any) -> frozenset[str]:
    """The names of all variables in the texts below `value`."""
    return frozenset(reference.name for _, text in _texts(value, ()) for reference in _references(text))


def interpolate(document: Document, variables: Mapping[str, str], unset: dict[str, Span] | None = None) -> Document:
    """The document with every reference replaced; places stay. Keys are left alone, as Compose does.

    Where `unset` is given it takes the variables that are not set and have no default, each with its first place;
    nothing stands for them. Raises DevenvErrors with every variable that must be set and is not, and every `${` that
    is no reference.
    """
    errors: list[DevenvError] = []
    missing: set[str] = set()

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return replaced(value, path) if "$" in value else value
        if isinstance(value, Mapping):
            return {key: walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def replaced(text: str, path: Path) -> str:
        noted: set[str] = set()
        try:
            value = substitute(text, variables.get, lenient=unset is not None, unset=noted)
            if unset is not None:
                for name in sorted(noted):
                    unset.setdefault(name, _place(document, path))
            return value
        except Missing as error:
            if error.name not in missing:
                missing.add(error.name)
                errors.append(_not_set(error, document, path))
        except BadReference as error:
            errors.append(
                DevenvError(
                    f"`{error}` is no reference to a variable.",
                    hint="Write `$$` for a plain `$`, or `${NAME}`, `${NAME:-default}`, `${NAME:?why}`.",
                    where=_place(document, path),
                )
            )
        return text

    value = walk(document.value, ())
    raise_all(errors)
    return replace(document, value=value)


def _not_set(error: Missing, document: Document, path: Path) -> DevenvError:
    says = f": {error.message}" if error.message else "."
    return DevenvError(
        f"The variable `{error.name}` has no value{says}",
        hint=f"Set it in the shell (`export {error.name}=…`) or in the `.env` file of the project"
        + ("." if error.message else f", or write a default: `${{{error.name}:-…}}`."),
        where=_place(document, path),
    )


def _place(document: Document, path: Path) -> Span:
    return document.spans.get(path) or document.where(path)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
