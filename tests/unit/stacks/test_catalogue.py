"""What devenv brings along holds to its own rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from devenv.app import compiling, data
from devenv.core.catalogue import read_service
from devenv.core.decode import decode
from devenv.core.dockerfile import bases
from devenv.core.render import TEMPLATES, render
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError

STACKS = Path(__file__).resolve().parents[3] / "stacks"
SERVICES = sorted(path.parent.name for path in STACKS.glob("services/*/service.yaml"))
EXAMPLES = sorted(path.parent.name for path in STACKS.glob("examples/*/devenv.yaml"))
SHOP = STACKS / "examples" / "shop"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_fits_its_schema_and_makes_its_default(name: str) -> None:
    file = STACKS / "services" / name / "service.yaml"
    service = read_service(read_yaml(file.read_text(encoding="utf-8"), str(file)), str(file.parent), kinds=PROBES)
    assert service.name == name
    assert service.default in service.versions
    assert service.recipe is not None
    # What nobody asks another version of must be there without a registry, in the same version.
    assert service.recipe.version.startswith(service.default)
    assert service.recipe.suite == "trixie"
    if not service.recipe.bootstrap:
        text = (file.parent / "Dockerfile").read_text(encoding="utf-8")
        assert bases(text) == ("debian:trixie-slim",)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_stack_is_a_manifest_without_errors(name: str) -> None:
    folder = STACKS / "examples" / name
    text = (folder / "devenv.yaml").read_text(encoding="utf-8")
    manifest = decode(text, "devenv.yaml", folder=str(folder), catalogue=data.catalogue(), bases={}, kinds=PROBES)
    rendered = render(
        manifest,
        data.catalogue(),
        templates={key: data.templates()[key] for key in TEMPLATES},
        existing={},
        kinds=PROBES,
    )
    assert ".devcontainer/compose.yaml" in rendered.files


def test_a_stack_that_is_not_there_is_no_base() -> None:
    with pytest.raises(DevenvError, match="no stack `shpo`"):
        decode(
            "base: shpo\n",
            "devenv.yaml",
            folder="/x",
            catalogue=data.catalogue(),
            bases=compiling.bases(),
            kinds=PROBES,
        )


def test_the_shop_s_page_is_made_for_the_shop_s_api() -> None:
    page = (SHOP / "web" / "html" / "index.html").read_text(encoding="utf-8")
    api = (SHOP / "api" / "shop" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"$', api, re.MULTILINE)
    assert version is not None
    assert f'<meta name="version" content="{version[1]}">' in page


def test_the_shop_s_page_follows_orders() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    tests = sorted(str(path) for path in (SHOP / "web" / "tests").glob("*.mjs"))
    ended = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_shop_s_docs_and_runbooks_are_there() -> None:
    text = (SHOP / "devenv.yaml").read_text(encoding="utf-8")
    for path, anchor in re.findall(r"(?:docs|runbook): (docs/[a-z-]+\.md)(?:#([a-z]+))?$", text, re.MULTILINE):
        page = (SHOP / path).read_text(encoding="utf-8")
        assert not anchor or f"\n## {anchor}\n" in page
