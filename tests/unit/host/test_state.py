from __future__ import annotations

from pathlib import Path

import pytest

from devenv.host.state import cache_dir, state_dir
from devenv.model.errors import DevenvError, ExitCode


def test_the_folders_follow_the_variables_and_are_private(tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "c"), "HOME": str(tmp_path)}
    assert cache_dir(env) == tmp_path / "c/devenv"
    assert state_dir(env) == tmp_path / ".local/state/devenv"
    assert state_dir(env).stat().st_mode & 0o777 == 0o700


def test_a_relative_variable_is_ignored(tmp_path: Path) -> None:
    assert cache_dir({"XDG_CACHE_HOME": "here", "HOME": str(tmp_path)}) == tmp_path / ".cache/devenv"


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DevenvError, match="cannot be made") as caught:
        cache_dir({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert caught.value.code == ExitCode.UNFIT
    assert "XDG_CACHE_HOME" in caught.value.hint
