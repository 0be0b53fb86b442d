"""Data cases: each folder of tests/cases/render/ with a devenv.yaml, and what it gives, byte for byte.

After a change that is meant, write them anew: DEVENV_WRITE_CASES=1 and run this file.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.core.decode import BaseStack
from devenv.core.rendered import COMPOSE_FILE, DEVCONTAINER_FILE
from tests.unit.core.compiling import CASES, rendered

FOLDERS = sorted(path.parent for path in CASES.glob("*/devenv.yaml"))


def based(folder: Path) -> list[BaseStack]:
    """The base that lies beside a case, if there is one."""
    base = folder / "base.yaml"
    return (
        [BaseStack(name="base", folder="/stacks/base", file="base.yaml", text=base.read_text())]
        if base.exists()
        else []
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_manifest_gives_these_files(folder: Path) -> None:
    bases = based(folder)
    found = rendered((folder / "devenv.yaml").read_text(), *bases)
    for path in (COMPOSE_FILE, DEVCONTAINER_FILE):
        expected = folder / Path(path).name
        if os.environ.get("DEVENV_WRITE_CASES"):
            if path in found.files:
                expected.write_text(found.files[path])
            continue
        assert found.files.get(path) == (expected.read_text() if expected.exists() else None)
    again = rendered((folder / "devenv.yaml").read_text(), *bases, existing=found.files)
    assert again.files == found.files
    assert (again.writes, again.differences) == ((), ())
