"""The manifest compiled: decoded and rendered. Loaded where it was not compiled before as it stands (`app.memo`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from devenv.app.data import catalogue, templates
from devenv.app.places import data_folder
from devenv.core.decode import BaseStack, decode
from devenv.core.render import TEMPLATES, Rendered, render
from devenv.extensions.probes import PROBES
from devenv.host.files import read_text
from devenv.model.manifest import Manifest


def bases() -> Mapping[str, BaseStack]:
    """The stacks that `base:` may name."""
    return {
        file.parent.name: BaseStack(
            name=file.parent.name, folder=str(file.parent), file=str(file), text=read_text(file)
        )
        for file in sorted((data_folder() / "stacks" / "examples").glob("*/devenv.yaml"))
    }


def compile_manifest(
    path: Path, shown: str, folder: Path, existing: Mapping[str, str], *, force: bool = False
) -> tuple[Manifest, Rendered]:
    """The manifest at `path` (for messages `shown`) of the repository in `folder`. `existing` are the rendered files
    that are there, `force` says that those which a person edited are to be overwritten. Raises DevenvErrors (INPUT)."""
    manifest = decode(read_text(path), shown, folder=str(folder), catalogue=catalogue(), bases=bases(), kinds=PROBES)
    rendered = render(
        manifest,
        catalogue(),
        templates={name: templates()[name] for name in TEMPLATES},
        existing=existing,
        kinds=PROBES,
        wrapper=os.access(folder / "dev", os.X_OK),
        force=force,
    )
    return manifest, rendered
