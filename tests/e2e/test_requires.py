"""What a manifest requires of the machine, where the machine has not got it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.repository import made
from tests.engines import new_name

pytestmark = pytest.mark.engine

_MANIFEST = """\
name: {name}
requires: {{memory: 900t, tools: [no-such-tool]}}
services:
  api: {{build: ./api, ports: [8000], ready: {{http: /health}}}}
"""


def test_nothing_is_begun_on_a_machine_that_falls_short(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), _MANIFEST) as repository:
        told = repository.up(code=3)
        assert "900t is required" in told
        assert "`no-such-tool` is required" in told
        assert "devenv.yaml:2:" in told
        assert repository.things() == ([], [], [])
        repository.edit("devenv.yaml", "memory: 900t, tools: [no-such-tool]", "memory: 1m, tools: [sh]")
        repository.up()
