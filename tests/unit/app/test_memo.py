from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.app import memo
from devenv.app.memo import Memo
from devenv.core.rendered import Variable
from devenv.model.errors import Span

_MEMO = Memo(
    name="shop",
    variables=(
        Variable(name="A", kind="user", required=True, where=Span(file="devenv.yaml", line=3, column=5)),
        Variable(name="DEVENV_PORT_WEB_80", kind="port", service="web", container_port=80, preferred=8080),
    ),
    notices=("web: open",),
    copies=((".devcontainer/base/a", "/base/a"),),
    copied="seen",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for path in ("data/stacks/services/db/service.yaml", "data/templates/compose.yaml.j2"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    return tmp_path / "data"


def test_what_was_kept_is_given_back_for_its_own_mark_alone(tmp_path: Path) -> None:
    memo.keep(tmp_path, "mark", _MEMO)
    assert memo.recall(tmp_path, "mark") == _MEMO
    found = memo.recall(tmp_path, "mark")
    assert found is not None
    assert found.variables[0].where == Span(file="devenv.yaml", line=3, column=5)
    assert memo.recall(tmp_path, "other") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mark": "mark"}', '{"mark": "mark", "name": 1, "variables": [1]}'])
def test_what_cannot_be_read_is_no_memo(tmp_path: Path, text: str) -> None:
    (tmp_path / ".devenv").mkdir()
    (tmp_path / ".devenv/rendered.json").write_text(text)
    assert memo.recall(tmp_path, "mark") is None


def test_every_input_changes_the_mark(tmp_path: Path, data: Path) -> None:
    manifest = tmp_path / "devenv.yaml"
    manifest.write_text("name: a\n")
    marks = [memo.fingerprint(manifest, tmp_path, {}, data)]
    assert memo.fingerprint(manifest, tmp_path, {}, data) == marks[0]
    manifest.write_text("name: b\n")
    marks.append(memo.fingerprint(manifest, tmp_path, {}, data))
    marks.append(memo.fingerprint(manifest, tmp_path, {"compose.yaml": "x"}, data))
    marks.append(memo.fingerprint(manifest, tmp_path, {"compose.yaml": "y"}, data))
    os.utime(data / "templates/compose.yaml.j2", ns=(1, 1))
    marks.append(memo.fingerprint(manifest, tmp_path, {}, data))
    os.utime(data / "stacks/services/db/service.yaml", ns=(1, 1))
    marks.append(memo.fingerprint(manifest, tmp_path, {}, data))
    (tmp_path / "dev").write_text("#!/bin/sh\n")
    (tmp_path / "dev").chmod(0o755)
    marks.append(memo.fingerprint(manifest, tmp_path, {}, data))
    assert len(set(marks)) == len(marks)
