"""The runner of models: what it is told, and what is said where it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.host.models import provide
from devenv.model.errors import DevenvError, ExitCode

MODELS = {
    "llm": {"model": "ai/small", "context_size": 4096, "runtime_flags": ["--x", "--y"]},
    "known": {"model": "ai/known"},
}
PROGRAM = """#!/bin/sh
echo "$@" >> {folder}/said
case $1 in
ls) echo '[{{"tags": ["ai/known"]}}]' ;;
status) echo '{{"endpoint": "http://model-runner/v1/"}}' ;;
esac
"""


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str = PROGRAM) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    plugins = folder / "cli-plugins"
    plugins.mkdir()
    path = plugins / "docker-model"
    path.write_text(program.format(folder=folder))
    path.chmod(0o755)
    return folder / "said"


def test_what_is_missing_is_pulled_and_all_are_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = runner(tmp_path, monkeypatch)
    lines: list[str] = []
    assert provide(MODELS, say=lines.append) == "http://model-runner/v1/"
    assert said.read_text().splitlines() == [
        "ls --json",
        "pull ai/small",
        "configure --context-size 4096 ai/small -- --x --y",
        "configure ai/known",
        "status --json",
    ]
    assert lines == ["pulling the model ai/small"]


def test_a_look_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = runner(tmp_path, monkeypatch)
    provide(MODELS, say=pytest.fail, look_only=True)
    assert said.read_text().splitlines() == ["status --json"]


def test_no_runner_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(
        DevenvError, match="uses the models llm, known, and Docker Model Runner is not installed"
    ) as caught:
        provide(MODELS, say=pytest.fail)
    assert caught.value.code == ExitCode.UNFIT


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("#!/bin/sh\necho no space left >&2; exit 1\n", "`docker model ls --json` failed: no space left"),
        ("#!/bin/sh\necho nonsense\n", "does not say where it answers"),
        ("no program", "failed"),
    ],
)
def test_a_runner_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str) -> None:
    runner(tmp_path, monkeypatch, program)
    with pytest.raises(DevenvError, match=message):
        provide(MODELS, say=lambda line: None)
