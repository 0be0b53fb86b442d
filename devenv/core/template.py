"""`{{ … }}` in a manifest: expressions alone, in a sandbox, bounded, with a place for each thing that is wrong.

    Scope(names)          what an expression may name: service → its values
    evaluate(text, scope) the text with every `{{ … }}` replaced, and which services it named

What comes out is text for a Compose file: a `$` that is meant as such is `$$` there, and a reference such as
`${DEVENV_PORT_DB_5432:-5432}` stays one. So that an expression works on what a value *is*, names hold values with `$`
as it is, and references as tokens that are put back at the end; an expression that computes with a reference is
refused, because what it will be is known only when the stack starts.

Plain references (`{{ db.url }}`) are looked up here; only other expressions load Jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core.longform import REFERENCE
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError

MAX_EXPRESSION = 2_000
MAX_RESULT = 65_536
_MAX_NESTING = 40
_MAX_NUMBER = 2**63

_PLAIN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)\s*")
_GO = re.compile(r"-?\s*\.")
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TOKEN = re.compile("\ue000([0-9]+)\ue001")
FILTERS = (
    "upper",
    "lower",
    "trim",
    "replace",
    "default",
    "urlencode",
    "int",
    "string",
    "join",
    "first",
    "last",
    "length",
)


class TemplateError(DevenvError):
    """An expression that cannot be evaluated; `offset` is where it begins in the text, `follows` that
    it only follows from an error that was told before."""

    def __init__(self, message: str, *, hint: str, offset: int = 0, follows: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset
        self.follows = follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """`text` as Compose reads it; `services` that its expressions reach inside the network, in their
    order (`host_port` and `host_url` are for who is outside of it)."""

    text: str
    services: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Scope:
    """What an expression may name. `names` maps a service to its values as Compose text (`$$` is a dollar).

    A service with a `-` or `.` in its name is found with `_` in its place too. `missing` says for a value that a
    service could have but has not why that is ("api.url" → "it publishes no port"). `unknown` are services that could
    not be read whole.
    """

    names: Mapping[str, Mapping[str, str]]
    missing: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    _references: list[str] = field(default_factory=list)
    _touched: list[str] = field(default_factory=list)
    _used: list[str] = field(default_factory=list)

    def service(self, name: str) -> str | None:
        """The service that `name` means, if there is one."""
        if name in self.names:
            return name
        spelled = [service for service in self.names if re.sub(r"[^A-Za-z0-9_]", "_", service) == name]
        return spelled[0] if len(spelled) == 1 else None

    def look_up(self, name: str, attribute: str) -> str:
        """The value with its references as tokens. Raises TemplateError for what is not there."""
        service = self.service(name)
        if name in self.unknown and (service is None or attribute not in self.names[service]):
            raise TemplateError(f"`{name}` could not be read.", hint="Mend it first.", follows=True)
        if service is None:
            known = [n for n in self.names if n.isidentifier()] + [
                re.sub(r"[^A-Za-z0-9_]", "_", n) for n in self.names if not n.isidentifier()
            ]
            hint = did_you_mean(name, known, what="Services") or "A service is named here, as in `{{ db.url }}`."
            raise TemplateError(f"`{name}` in `{{{{ }}}}` is no service of this stack.", hint=hint)
        values = self.names[service]
        if attribute not in values:
            why = self.missing.get(f"{service}.{attribute}")
            if why:
                raise TemplateError(
                    f"`{name}.{attribute}` has no value: {why}.",
                    hint="Give the service a port, or write the address out.",
                )
            hint = did_you_mean(attribute, values, what=f"`{name}` has") or f"`{name}` has no such value."
            raise TemplateError(f"`{name}` has no `{attribute}`.", hint=hint)
        if not attribute.startswith("host_"):
            self._used.append(service)
        return REFERENCE.sub(self._take, values[attribute])

    def _take(self, match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match[0] not in self._references:
            self._references.append(match[0])
        token = f"\ue000{self._references.index(match[0])}\ue001"
        self._touched.append(token)
        return token


def has_expression(text: str) -> bool:
    """Whether `text` holds anything for `evaluate`."""
    return "{{" in text or "{%" in text or "{#" in text


def evaluate(text: str, scope: Scope, *, final: bool = False) -> Evaluated:
    """`text` with every `{{ … }}` replaced by its value; `{{.Name}}` (Go templates) stays as it is.

    `final`: what comes out is no Compose text: a `$` is a `$`, and a reference has no place in it.

    Raises TemplateError: statements and comments, names that are not there, too large, or computed from a reference.
    """
    if statement := _STATEMENT.search(text):
        raise TemplateError(
            f"`{statement[0][:2]}` is not evaluated: only expressions in `{{{{ }}}}` are.",
            hint="Write the value out, or as an expression such as `{{ db.url }}`.",
            offset=statement.start(),
        )
    if _TOKEN.search(text):
        raise TemplateError("A private character (U+E000) stands in a template.", hint="Take it out.")
    scope._used.clear()
    parts: list[str] = []
    for start, piece, expression in _pieces(text):
        if expression is None or _GO.match(expression):
            parts.append(piece)
            continue
        try:
            parts.append(_result(expression, scope, final))
        except TemplateError as error:
            error.offset = start
            raise
    return Evaluated(text="".join(parts), services=tuple(dict.fromkeys(scope._used)))


def plain(text: str, values: Mapping[str, str]) -> str:
    """A frame of ours (`templates/`) with each `{{ name }}` replaced: nothing else is in them.

    Raises KeyError for a name that `values` has not: the frame and its caller do not fit.
    """
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: values[match[1]], text)


def _result(expression: str, scope: Scope, final: bool) -> str:
    scope._touched.clear()
    reference = _PLAIN.fullmatch(expression)
    raw = scope.look_up(reference[1], reference[2]) if reference else _jinja(expression, scope)
    if len(raw) > MAX_RESULT:
        raise _too_large()
    if any(token not in raw for token in scope._touched):
        raise TemplateError(
            f"`{{{{{expression}}}}}` computes with a value that is known only when the stack starts.",
            hint="Use the value as it is: a port or secret can be put in, not calculated with.",
        )
    if final:
        if scope._touched:
            raise TemplateError(
                f"`{{{{{expression}}}}}` is known only when the stack starts; here it would have to be known now.",
                hint="Name a value inside the network, such as `{{ db.url }}`, or set it in the service's environment.",
            )
        return raw
    return _TOKEN.sub(lambda match: scope._references[int(match[1])], raw.replace("$", "$$"))


def _too_large() -> TemplateError:
    return TemplateError(f"An expression gives more than {MAX_RESULT} characters.", hint="Put such a text into a file.")


def _pieces(text: str) -> Iterator[tuple[int, str, str | None]]:
    """(offset, piece, expression inside or None) from left to right."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            yield position, text[position:start], None
        end = _end(text, start)
        yield start, text[start:end], text[start + 2 : end - 2]
        position = end
    if position < len(text):
        yield position, text[position:], None


def _end(text: str, start: int) -> int:
    """Where the expression that begins at `start` ends: quotes and brackets inside are skipped."""
    depth = 0
    quote = ""
    position = start + 2
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif not depth and text.startswith("}}", position):
            if position - start > MAX_EXPRESSION:
                raise TemplateError(
                    f"An expression has more than {MAX_EXPRESSION} characters.", hint="Write it shorter.", offset=start
                )
            return position + 2
        elif character in "([{":
            depth += 1
            if depth > _MAX_NESTING:
                raise TemplateError("An expression is nested too deeply.", hint="Write it flatter.", offset=start)
        elif character in ")]}":
            depth -= 1
        position += 1
    raise TemplateError(
        "`{{` is never closed.", hint='Close it with `}}`; a literal one is written `{{ "{{" }}`.', offset=start
    )


class _Service:
    """A service's values for Jinja2, by attribute or by key."""

    __slots__ = ("_name", "_scope")

    def __init__(self, name: str, scope: Scope) -> None:
        self._name, self._scope = name, scope

    def __getitem__(self, attribute: str) -> Any:
        return _Value(self._scope.look_up(self._name, attribute))


class _Services:
    """`services["my-db"]`."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, name: str) -> _Service:
        if self._scope.service(name) is None:
            self._scope.look_up(name, "")
        return _Service(name, self._scope)


class _Value(str):
    """A text that says no to being a number as long as it holds a reference."""

    def __int__(self) -> int:
        if _TOKEN.search(self):
            raise TemplateError(
                "An expression makes a number of a value that is known only when the stack starts.",
                hint="Use the value as it is: a port or secret can be put in, not calculated with.",
            )
        return int(str(self))

    def __float__(self) -> float:
        return float(int(self))


def _jinja(expression: str, scope: Scope) -> str:
    """Evaluate with Jinja2's sandbox, of which only values, operators and a few filters are left."""
    import jinja2
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.tests = {name: environment.tests[name] for name in ("defined", "none", "string", "number")}
    environment.filters = _filters(environment.filters)
    allowed = (
        nodes.Template, nodes.Output, nodes.Const, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem,
        nodes.Filter, nodes.Test, nodes.Concat, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
        nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Neg, nodes.List, nodes.Tuple,
    )  # fmt: skip
    try:
        tree = environment.parse("{{" + expression + "}}")
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, allowed):
                raise TemplateError(
                    f"`{{{{{expression}}}}}` uses {type(node).__name__.lower()}, which is not evaluated here.",
                    hint="Values, texts, `~`, `+`, `if … else` and filters such as `upper` are.",
                )
            if isinstance(node, nodes.Filter) and node.name not in FILTERS:
                raise TemplateError(
                    f"There is no filter `{node.name}`.", hint=did_you_mean(node.name, FILTERS, what="Filters")
                )
            if isinstance(node, (nodes.Add, nodes.Mul, nodes.Sub)):
                _check_operands(node)
            if isinstance(node, nodes.Name) and node.name != "services" and scope.service(node.name) is None:
                scope.look_up(node.name, "")
        names: dict[str, Any] = {node.name: _Service(node.name, scope) for node in tree.find_all(nodes.Name)}
        names["services"] = _Services(scope)
        found = environment.compile_expression(expression, undefined_to_none=False)(**names)
        if isinstance(found, (jinja2.Undefined, _Service, _Services)):
            raise TemplateError(
                f"`{{{{{expression}}}}}` is no value.", hint="Name a value of a service, as in `{{ db.url }}`."
            )
        return "true" if found is True else "false" if found is False else "" if found is None else str(found)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"`{{{{{expression}}}}}` cannot be read: {error.message}.",
            hint='An expression looks like `{{ db.url }}`; a literal `{{` is written `{{ "{{" }}`.',
        ) from error
    except (jinja2.TemplateError, ValueError, TypeError, ArithmeticError, RecursionError, KeyError) as error:
        raise TemplateError(
            f"`{{{{{expression}}}}}` cannot be evaluated: {error}.", hint="Name values as in `{{ db.url }}`."
        ) from error


def _check_operands(node: Any) -> None:
    """`*` on texts and lists grows without end; it is for numbers that stand there."""
    from jinja2 import nodes

    if isinstance(node, nodes.Mul) and not all(_is_number(side) for side in (node.left, node.right)):
        raise TemplateError("`*` is for two numbers here.", hint="Write the text out.")


def _is_number(node: Any) -> bool:
    from jinja2 import nodes

    if isinstance(node, nodes.Filter):
        return node.name in ("int", "length")
    return isinstance(node, nodes.Const) and isinstance(node.value, (int, float)) and abs(node.value) < _MAX_NUMBER


def _filters(known: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    def replace(text: object, old: object, new: object) -> str:
        before, by = str(text), str(new)
        if len(before) + before.count(str(old)) * len(by) > MAX_RESULT:
            raise _too_large()
        return _Value(before.replace(str(old), by))

    def join(items: Any, between: object = "") -> str:
        parts = [str(item) for item in items]
        if sum(map(len, parts)) + len(parts) * len(str(between)) > MAX_RESULT:
            raise _too_large()
        return _Value(str(between).join(parts))

    def urlencode(text: object) -> str:
        from urllib.parse import quote

        whole = str(text)
        if _TOKEN.search(whole):
            raise TemplateError(
                "`urlencode` of a value that is known only when the stack starts.", hint="Use the value as it is."
            )
        return quote(whole, safe="")

    return {**{name: known[name] for name in FILTERS}, "replace": replace, "join": join, "urlencode": urlencode}
