"""Checks walked on a stack that runs, and after the `up` that changed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.repository import MANIFEST, made
from tests.engines import new_name

pytestmark = pytest.mark.engine

_CHECKS = """\
checks:
  greeting:
    - http: "{{{{ api.host_url }}}}/"
      expect: {{body: "^(hello|good morning)$"}}
      take: {{word: value}}
    - exec: {{service: api, command: 'test "$$GREETING" = "{{word}}"'}}
  notes:
    description: Every note has its product
    steps:
      - sql: {{service: db, query: "SELECT count(*) FROM notes JOIN products p ON p.id = product"}}
        expect: {{value: 10}}
"""


def test_they_are_walked_after_up_and_say_what_does_not_hold(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), MANIFEST + _CHECKS) as repository:
        told = repository.up()
        assert "check greeting: passed, 2 steps" in told
        assert "check notes: passed, 1 step (" in told
        assert "check" not in repository.up()  # nothing was done, so nothing is proved again

        passed = repository.run("check", "notes", "--output", "json")
        assert passed.returncode == 0, passed.stderr
        ends = [json.loads(line) for line in passed.stdout.splitlines()]
        assert [e["node"] for e in ends if e["event"] == "step_finished"] == ["check:notes"]

        repository.sql("DELETE FROM notes WHERE id = 3")
        failed = repository.run("check")
        assert failed.returncode == 1
        assert "check notes does not hold: step 1 of 1, SQL in db: gave '9', not '10'" in failed.stderr
        assert "greeting: passed" in failed.stderr

        repository.edit("devenv.yaml", '"hello"', '"good evening"')
        told = repository.up(code=1)
        assert "has nothing that matches '^(hello|good morning)$': good evening" in told
        assert "good evening" in repository.up(code=1)  # what does not hold is not forgotten
        assert repository.containers()["api"].status == "running"
        assert repository.run("check", "nots").returncode == 2
