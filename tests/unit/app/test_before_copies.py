"""What only looks needs nothing of a base to lie in the repository yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.cli.main import run


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that says no more than what it builds on; no engine answers."""
    (tmp_path / "devenv.yaml").write_text("name: mine\nbase: shop\n")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [["config", "--services"], ["up", "--dry-run"]])
def test_a_base_is_read_where_it_lies(repository: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(words)
    told = capsys.readouterr()
    assert code == 0, told.err
    assert "api" in told.out
    assert [path.name for path in repository.iterdir()] == ["devenv.yaml"]
