"""Builds that come out as before, and images that Docker Compose built: no container is replaced for them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.e2e.plain import plain
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

TEXT = """\
services:
  app:
    build: .
    init: true
    stop_grace_period: 1s
"""
DOCKERFILE = f'FROM {BASE}\nCOPY word /word\nCMD ["sh", "-c", "exec sleep infinity"]\n'


def test_what_compose_built_stays_and_only_what_comes_out_different_replaces_a_container(tmp_path: Path) -> None:
    with plain(tmp_path, new_name(), TEXT) as it:
        it.write("Dockerfile", DOCKERFILE)
        it.write("word", "one\n")
        it.compose("up", "-d", "--build")
        before = it.held()
        ahead = time.time() + 60
        os.utime(tmp_path / "word", (ahead, ahead))
        assert it.planned() == []
        it.says("up")
        assert it.held() == before

        it.write("word", "two\n")
        it.says("up")
        assert it.says("exec", "app", "cat", "/word") == "two\n"
        before = it.held()
        it.write("README.md", "copied nowhere\n")
        assert "app: replaced only where its build comes out different" in it.says("up", "--dry-run")
        it.says("up")
        assert it.held() == before
        assert it.planned() == []
        it.write("README.md", "and again\n")
        it.says("up", "--build")
        assert it.held() == before
        assert it.planned() == []
        it.compose("up", "-d")
        assert it.held() == before

        it.write("Dockerfile", DOCKERFILE + "RUN exit 7\n")
        it.says("up", code=1)
        assert it.held() == before
