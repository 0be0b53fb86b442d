from __future__ import annotations

from tests.unit.core.compose.stacks import errors, stack

FILE = """\
name: p
services:
  a: {image: x, models: [m], depends_on: [db]}
  db: {provider: {type: somewhere, options: {size: 1, at: [b, true]}}}
models: {m: {model: ai/m}, k: {model: ai/k}}
"""


def test_what_plugins_make_is_read() -> None:
    found = stack(FILE)
    assert found.services["db"].config["provider"] == {
        "type": "somewhere",
        "options": {"at": ["b", "true"], "size": ["1"]},
    }
    assert found.services["db"].scale == 0
    assert not found.services["db"].config.get("networks")
    assert found.services["a"].config["models"] == {"m": None}
    assert found.models == {"m": {"model": "ai/m"}}
    assert found.unmakeable == ()


def test_what_is_wrong_with_them_is_told_where_it_stands() -> None:
    (found,) = errors(FILE.replace("models: [m]", "models: [k2]"))
    assert "names the model `k2`" in found.message
    (found,) = errors(FILE.replace("type: somewhere, ", ""))
    assert "has no `type`" in found.message
    (found,) = errors(FILE.replace("{model: ai/m}", "{context_size: 1}"))
    assert "has no `model`" in found.message
    for text in ("models: 1", "models: {m: {x: y}}", "provider: {type: x, options: []}"):
        assert errors(f"name: p\nservices:\n  a: {{image: x, {text}}}\nmodels: {{m: {{model: ai/m}}}}\n")
