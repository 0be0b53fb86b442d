"""Containers of services that the file no longer has: said as Compose says them, removed where a person says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.plain import plain
from tests.engines import new_name

pytestmark = pytest.mark.engine


def test_orphans_are_said_ignored_or_removed(tmp_path: Path, docker_base: str) -> None:
    with plain(tmp_path, new_name(), "services:\n  web: {<<: *wait}\n  old: {<<: *wait}\n") as it:
        it.compose("up", "-d")
        it.furnish("services:\n  web: {<<: *wait}\n")
        assert "Found orphan containers" in it.compose("up", "-d")
        said = it.run("up")
        assert f"of no service any more: {it.name}-old-1 (`devenv up --remove-orphans`" in said.stderr
        assert "no service" not in it.run("up", env={"COMPOSE_IGNORE_ORPHANS": "true"}).stderr
        assert set(it.each()) == {"web-1", "old-1"}
        it.write(".env", "COMPOSE_REMOVE_ORPHANS=1\n")
        assert it.run("up").returncode == 0
        assert set(it.each()) == {"web-1"}
