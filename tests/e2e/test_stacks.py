"""Compose files as real projects have them: what devenv makes of each is what the real Docker Compose makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.stack_points import CASES, compare
from tests.engines import new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_same_is_made(case: str, tmp_path: Path, docker_base: str) -> None:
    folder = tmp_path / case
    shutil.copytree(CASES / case, folder)
    compare(folder, new_name())
