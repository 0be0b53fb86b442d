"""`pre_start`, `post_start` and `pre_stop` on a real engine: when each runs, beside the real Compose, and how one
fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.plain import Plain, plain
from tests.engines import new_name

pytestmark = pytest.mark.engine

STACK = """\
services:
  web:
    <<: *wait
    scale: 2
    volumes: ["./said:/said"]
    environment: {A: "1"}
    pre_start: [{command: [sh, -c, "echo pre $$A $$B >>/said/log"], environment: {B: "2"}}]
    post_start:
    - command: [sh, -c, "echo post $$(id -u) $$(pwd) $$C >>/said/log"]
      user: "1000"
      working_dir: /tmp
      environment: [C=3]
    pre_stop: [{command: [sh, -c, "echo stop >>/said/log"]}]
  proxy: {<<: *wait, depends_on: [web]}
"""
POST = "post 1000 /tmp 3"


def said(project: Plain) -> list[str]:
    """What the hooks wrote since it was asked last."""
    log = project.folder / "said/log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.write_text("")
    log.chmod(0o666)
    return lines


def test_hooks_run_when_compose_runs_them(tmp_path: Path, docker_base: str) -> None:
    (tmp_path / "said").mkdir()
    with plain(tmp_path, new_name(), STACK) as it:
        said(it)
        it.up()
        assert said(it) == ["pre 1 2", POST, POST]
        before = it.held()
        assert set(before) == {"web-1", "web-2", "proxy-1"}
        it.compose("up", "-d")
        it.up()
        assert (it.held(), said(it)) == (before, [])
        it.says("stop", "web")
        assert said(it) == ["stop", "stop"]
        it.compose("up", "-d")
        assert said(it) == ["pre 1 2", POST, POST]
        it.up()
        assert said(it) == []
        it.each()["web-2"].remove(force=True)
        it.up()
        assert said(it) == [POST]
        it.edit("compose.yaml", '{A: "1"}', '{A: "4"}')
        it.up()
        assert said(it) == ["stop", "stop", "pre 4 2", POST, POST]
        it.says("down")
        assert said(it) == ["stop", "stop"]
        assert it.each() == {}


def test_a_hook_that_fails_is_told_and_tried_again(tmp_path: Path, docker_base: str) -> None:
    (tmp_path / "said").mkdir()
    text = STACK.replace("    scale: 2\n", "").replace("echo pre", "echo before; test -e /said/may && echo pre")
    with plain(tmp_path, new_name(), text) as it:
        said(it)
        told = it.up(code=1)
        assert "the hook pre_start 1 of web ended with exit code 1, so web was not started" in told
        assert "before" in told, "what it said"
        assert it.each()["web-pre_start-0"].attrs["State"]["ExitCode"] == 1
        assert it.each()["proxy-1"].status == "created"
        (tmp_path / "said/may").touch()
        it.edit("compose.yaml", "echo post", "echo oh; test -e /said/well && echo post")
        told = it.up(code=1)
        assert "the hook post_start 1 of web ended with exit code 1: its container was stopped" in told
        assert set(it.each()) == {"web-1", "proxy-1"}
        (tmp_path / "said/well").touch()
        it.up()
        assert {name: one.status for name, one in it.each().items()} == {"web-1": "running", "proxy-1": "running"}
        it.edit("compose.yaml", "echo stop >>/said/log", "exit 5")
        stopped = it.run("stop", "web")
        assert stopped.returncode == 1
        assert "the hook pre_stop 1 of web ended with exit code 5: so it was not stopped" in stopped.stderr
        assert it.each()["web-1"].status == "running"
