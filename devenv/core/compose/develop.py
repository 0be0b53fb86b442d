"""`develop` of a service: what is done when files on the host change.

Forms: compose-go `types/develop.go` (the order of keys) and `validate` of its loader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose import mounts, shell, values
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Path

ACTIONS = ("rebuild", "sync", "restart", "sync+restart", "sync+exec")


def _command(reader: Reader, value: Any, at: Path) -> list[str] | None:
    if isinstance(value, list):
        words = [values.word(reader, item, (*at, index)) for index, item in enumerate(value)]
        return [word for word in words if word is not None]
    if not isinstance(value, str):
        reader.not_a(at, "a text or a list of texts")
        return None
    try:
        return shell.words(value) or None
    except ValueError as error:
        reader.wrong(at, f"The command cannot be split into words: {error}.", "Write it as a list of its words.")
        return None


def _pairs(reader: Reader, value: Any, at: Path) -> dict[str, str | None] | None:
    return values.pairs(reader, value, at) or None  # names without a value stay so: they are the container's


_EXEC: dict[str, values.Read] = {
    "command": _command,
    "user": values.text,
    "privileged": values.boolean,
    "working_dir": values.text,
    "environment": _pairs,
}


def _exec(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    found = fields(reader, value, at, _EXEC)
    if found is None:
        return None
    if "command" not in value:
        reader.wrong(at, "The `exec` does not say what is run.", "Give it a `command`.")
    return {"command": None, **found}


_RULE: dict[str, values.Read] = {
    "path": mounts.path,
    "action": values.choice(*ACTIONS),
    "target": values.text,
    "exec": _exec,
    "include": values.one_or_more,
    "ignore": values.one_or_more,
    "initial_sync": values.boolean,
}


def _rule(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    rule = fields(reader, value, at, _RULE)
    if rule is None:
        return None
    for key in ("path", "action"):
        if not value.get(key):
            reader.wrong(at, f"The rule has no `{key}`.", "A rule says at least `path` and `action`.")
            return None
    if str(rule.get("action", "")).startswith("sync") and "target" not in rule:
        hint = "Say where in the container it goes."
        reader.wrong(at, f"A rule that says `{rule['action']}` needs a `target`.", hint)
    rule.setdefault("exec", {"command": None})
    return {key: rule[key] for key in _RULE if key in rule}


def develop(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`develop` in its normal form, with absolute paths; None where it says nothing."""
    if value is None:
        return None

    def watch(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            reader.not_a(at, "a list of rules")
            return None
        rules = [_rule(reader, item, (*at, index)) for index, item in enumerate(value)]
        return [rule for rule in rules if rule is not None] or None

    given: Mapping[str, Any] = value
    if isinstance(value, Mapping) and value.get("watch", "") is None:
        given = {key: item for key, item in value.items() if key != "watch"}
    return fields(reader, given, at, {"watch": watch})
