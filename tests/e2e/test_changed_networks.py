"""A network whose options changed is made anew with its containers; what they keep without a name stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.repository import made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

MANIFEST = f"""\
name: {{name}}
services:
  app:
    image: {BASE}
    init: true
    command: ["sleep", "600"]
    volumes: ["/kept"]
"""


def test_a_changed_network_is_made_anew_and_nothing_is_lost(tmp_path: Path, docker_base: str) -> None:
    with made(tmp_path / "repository", new_name(), MANIFEST) as repository:
        repository.up()
        repository.containers()["app"].exec_run(["sh", "-c", "echo word > /kept/file"])
        network = repository.client.networks.get(f"{repository.name}_default")
        repository.write(
            "devenv.yaml", MANIFEST.format(name=repository.name) + "networks:\n  default: {internal: true}\n"
        )
        told = repository.run("up", "--dry-run").stdout
        assert f"Remove network {repository.name}_default, internal changed" in told
        repository.up()
        again = repository.client.networks.get(f"{repository.name}_default")
        assert again.id != network.id
        assert again.attrs["Internal"] is True
        assert repository.containers()["app"].exec_run(["cat", "/kept/file"]).output == b"word\n"
        assert "nothing to do" in repository.up()
