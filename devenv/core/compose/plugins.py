"""Keys that Docker Compose hands to plugins: `provider` (a service that some other program makes) and `models`
(language models that Docker's Model plugin runs). Read and printed as Compose does; the programs themselves are asked
by `host.provider` and `host.models`.

Source: compose-go `types/types.go`, `types/models.go`; docker/compose `pkg/compose/plugins.go`, `pkg/compose/model.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.values import Reader, fields
from devenv.core.scalars import text_of
from devenv.model.manifest import Path


def provider(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """The `provider` of a service: its `type`, and each of its `options` as a list of texts."""
    found = fields(reader, value, at, {"type": values.text, "options": _options})
    if found is not None and "type" not in found:
        reader.wrong(at, "A provider has no `type`.", "Name the program that makes the service.")
        return None
    return found


def _options(reader: Reader, value: Any, at: Path) -> dict[str, list[str]] | None:
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping")
        return None
    found: dict[str, list[str]] = {}
    for name, given in sorted(value.items()):
        items = given if isinstance(given, list) else [given]
        if any(item is None or isinstance(item, (dict, list)) for item in items):
            reader.not_a((*at, name), "a text or a list of texts")
        else:
            found[name] = [text_of(item) for item in items]
    return found or None


_VARIABLES: dict[str, values.Read] = {"endpoint_var": values.text, "model_var": values.text}


def used_models(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """The `models` of a service: which, and the variables in which it wants to hear of them."""
    if isinstance(value, list):
        return dict.fromkeys(sorted(values.strings(reader, value, at) or ())) or None
    if not isinstance(value, Mapping):
        reader.not_a(at, "a list or a mapping of models")
        return None
    return {
        name: None if item is None else fields(reader, item, (*at, name), _VARIABLES) or None
        for name, item in sorted(value.items())
    } or None


_MODEL: dict[str, values.Read] = {
    "name": values.text,
    "model": values.text,
    "context_size": values.integer,
    "runtime_flags": values.strings,
}


def models(reader: Reader, value: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The `models` at the top of a file."""
    found = {}
    for name, item in sorted(value.items()):
        model = fields(reader, item, ("models", name), _MODEL) or {}
        found[name] = model
        if not model.get("model"):
            reader.wrong(("models", name), f"The model `{name}` has no `model`.", "Name what is run: `ai/smollm2`.")
    return found
