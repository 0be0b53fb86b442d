"""A service that a provider makes: what it gives is in those that depend on it; without its program it is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.plain import plain
from tests.engines import new_name

pytestmark = pytest.mark.engine

STACK = """\
services:
  db: {provider: {type: devenv-test-provider, options: {size: 1}}}
  api: {<<: *wait, depends_on: [db]}
"""
PROGRAM = """\
#!/bin/sh
echo "$3" >>"$0.calls"
case "$3" in
  up) echo '{"type": "setenv", "message": "URL=http://there"}' ;;
esac
"""


def test_a_provider_is_asked_and_what_it_gives_is_there(tmp_path: Path, docker_base: str) -> None:
    (tmp_path / "bin").mkdir()
    with plain(tmp_path / "project", new_name(), STACK) as it:
        refused = it.run("up")
        assert refused.returncode == 3
        assert "`db` is made by the provider `devenv-test-provider`" in refused.stderr
        assert it.each() == {}
        program = tmp_path / "bin/devenv-test-provider"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        assert it.run("up", env=env).returncode == 0
        assert "DB_URL=http://there" in it.each()["api-1"].attrs["Config"]["Env"]
        before = it.held()
        assert "nothing to do" in it.run("up", env=env).stdout
        assert it.held() == before
        assert it.run("down", env=env).returncode == 0
        calls = Path(f"{program}.calls").read_text().split()
        assert [word for word in calls if word in ("up", "down")] == ["up", "up", "down"]
