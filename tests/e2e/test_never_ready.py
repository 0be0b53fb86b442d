"""A service that dies while it is waited for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.repository import made
from tests.engines import new_name

pytestmark = pytest.mark.engine

_MANIFEST = """\
name: {name}
services:
  steady:
    build: ./api
    environment: {{GREETING: hello}}
    ports: [8000]
    ready: {{http: /health}}
  doomed:
    build: ./api
    command: ["sh", "-c", "for i in $$(seq 30); do echo line $$i; done; sleep 2; echo the end; exit 1"]
    ready: {{tcp: 9999}}
  waiting:
    build: ./api
    depends_on: {{doomed: {{condition: service_healthy}}}}
"""


def test_its_death_ends_the_wait_with_its_last_words(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), _MANIFEST) as repository:
        result = repository.run("up", "--output", "json")
        assert result.returncode == 1, result.stdout + result.stderr
        events = [json.loads(line) for line in result.stdout.splitlines()]
        started = next(e["at"] for e in events if e["event"] == "step_finished" and e["node"] == "start:doomed")
        assert events[-1]["event"] == "run_finished"
        assert events[-1]["at"] - started < 4.0  # two seconds of life, two to notice
        ends = {e["node"]: e["outcome"] for e in events if e["event"] == "step_finished"}
        failed = ends["ready:doomed"]
        assert failed["outcome"] == "failed"
        assert failed["log"][-1] == "the end"
        assert len(failed["log"]) == 20
        assert failed["data"]["exit_code"] == 1
        assert ends["start:waiting"] == {"outcome": "skipped", "because": "ready:doomed"}
        assert ends["ready:steady"]["outcome"] == "done"
        assert repository.containers()["steady"].status == "running"

        told = repository.run("up")
        assert told.returncode == 1
        assert "the end" in told.stdout + told.stderr
        assert "waiting" in told.stdout + told.stderr
