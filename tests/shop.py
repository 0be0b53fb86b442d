"""The shop's generated tables, as its manifest and its files of rules say them."""

from __future__ import annotations

from pathlib import Path

from devenv.app import data
from devenv.core.compose.load import load
from devenv.core.decode import decode
from devenv.core.render import TEMPLATES, render
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.stack import Seed

SHOP = Path(__file__).resolve().parents[1] / "stacks" / "examples" / "shop"
SCHEMA = SHOP / "db" / "schema.sql"
ROWS = {"products": 5_000, "customers": 20_000, "orders": 200_000}
"""At scale 1."""


def generated(scale: str = "1") -> tuple[Seed, ...]:
    """The seeds of the shop's database that make rows, in their order."""
    text = (SHOP / "devenv.yaml").read_text(encoding="utf-8")
    manifest = decode(text, "devenv.yaml", folder=str(SHOP), catalogue=data.catalogue(), bases={}, kinds=PROBES)
    templates = {key: data.templates()[key] for key in TEMPLATES}
    file = ".devcontainer/compose.yaml"
    rendered = render(manifest, data.catalogue(), templates=templates, existing={}, kinds=PROBES).files[file]
    rules = {str(path): path.read_text(encoding="utf-8") for path in (SHOP / "seeds").iterdir()}
    stack = load(
        [read_yaml(rendered, file)], variables={"DEVENV_SCALE": scale}, folder=str(SHOP),
        working_dir=str(SHOP / ".devcontainer"), files=[str(SHOP / file)], kinds=PROBES, project="shop",
        texts=rules, listings={},
    )  # fmt: skip
    return tuple(seed for seed in stack.services["db"].seeds if seed.kind == "generate")
