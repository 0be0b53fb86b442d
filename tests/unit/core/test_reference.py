"""docs/manifest.md is what the schema says. Write it anew: DEVENV_WRITE_CASES=1 and run this file."""

from __future__ import annotations

import os

import pytest

from devenv.core.reference import manifest_reference
from devenv.core.schema import devenv_keys, manifest_schema
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from tests.unit.core.compiling import ROOT, manifest

PAGE = ROOT / "docs" / "manifest.md"


def rows() -> list[str]:
    return [line for line in manifest_reference(PROBES).splitlines() if line.startswith("|")]


def test_the_page_is_made_from_the_schema() -> None:
    if os.environ.get("DEVENV_WRITE_CASES"):
        PAGE.write_text(manifest_reference(PROBES), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == manifest_reference(PROBES)


@pytest.mark.parametrize("key", [*devenv_keys.TOP, *devenv_keys.SERVICE, *manifest_schema(PROBES)["properties"]])
def test_every_key_is_on_the_page(key: str) -> None:
    assert f"\n| `{key}` | " in manifest_reference(PROBES)


def test_the_page_has_rows_of_four_cells() -> None:
    assert {line.replace("\\|", "").count("|") for line in rows()} == {5}


def test_every_example_is_yaml_and_means_what_the_schema_says() -> None:
    properties = manifest_schema(PROBES)["properties"]
    shapes = {**properties["services"]["additionalProperties"]["properties"], **properties}
    lines = [line.rsplit(" | ", 1)[1].removesuffix(" |").strip("` ") for line in rows()]
    assert len(lines) > 150
    read = [read_yaml(line.replace("\\|", "|"), "page").value for line in lines if ": " in line]
    for name, shape in shapes.items():
        assert {name: shape["examples"][0]} in read, name


def test_its_example_is_a_manifest() -> None:
    text = manifest_reference(PROBES).split("```yaml\n")[1].split("```")[0]
    assert manifest(text).name == "shop"
