from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.host.project import STDIN, find_project, here
from devenv.model.errors import DevenvError


def _touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_the_nearest_manifest_upward(tmp_path: Path) -> None:
    _touch(tmp_path / "devenv.yaml", tmp_path / "a/devenv.yaml", tmp_path / "a/b/c/file")
    found = find_project(tmp_path / "a/b/c", env={})
    assert (found.folder, found.manifest, found.compose) == (tmp_path / "a", tmp_path / "a/devenv.yaml", ())


def test_a_manifest_wins_over_a_compose_file_beside_it_not_over_a_nearer_one(tmp_path: Path) -> None:
    _touch(tmp_path / "devenv.yaml", tmp_path / "compose.yaml", tmp_path / "a/compose.yaml")
    assert find_project(tmp_path, env={}).manifest == tmp_path / "devenv.yaml"
    assert find_project(tmp_path / "a", env={}).compose == (tmp_path / "a/compose.yaml",)


def test_compose_names_and_override(tmp_path: Path) -> None:
    _touch(tmp_path / "docker-compose.yml", tmp_path / "docker-compose.override.yml")
    found = find_project(tmp_path, env={})
    assert [path.name for path in found.compose] == ["docker-compose.yml", "docker-compose.override.yml"]


def test_the_wrapper_s_own_repository_where_there_is_none(tmp_path: Path) -> None:
    _touch(tmp_path / "repo/devenv.yaml", tmp_path / "else/file")
    env = {"DEVENV_CHECKOUT": str(tmp_path / "repo")}
    assert find_project(tmp_path / "else", env=env).folder == tmp_path / "repo"
    with pytest.raises(DevenvError, match=r"no devenv\.yaml"):
        find_project(tmp_path, directory="else", env=env)


def test_a_directory_is_taken_from_the_working_directory(tmp_path: Path) -> None:
    _touch(tmp_path / "a/devenv.yaml")
    assert find_project(tmp_path, directory="a", env={}).folder == tmp_path / "a"
    with pytest.raises(DevenvError, match="not a folder"):
        find_project(tmp_path, directory="b", env={})


def test_files_are_taken_as_given(tmp_path: Path) -> None:
    _touch(tmp_path / "x/one.yaml", tmp_path / "two.yaml", tmp_path / "x/devenv.yaml")
    found = find_project(tmp_path, files=("x/one.yaml", "two.yaml"), env={})
    assert (found.folder, found.compose) == (tmp_path / "x", (tmp_path / "x/one.yaml", tmp_path / "two.yaml"))
    assert find_project(tmp_path, files=("x/devenv.yaml",), env={}).manifest == tmp_path / "x/devenv.yaml"
    with pytest.raises(DevenvError, match="cannot be merged"):
        find_project(tmp_path, files=("x/devenv.yaml", "two.yaml"), env={})
    with pytest.raises(DevenvError, match="not there"):
        find_project(tmp_path, files=("none.yaml",), env={})


def test_what_compose_is_told_by_its_variable(tmp_path: Path) -> None:
    _touch(tmp_path / "compose.yaml", tmp_path / "a.yaml", tmp_path / "x/b.yaml", tmp_path / "sub/file")
    assert find_project(tmp_path, env={"COMPOSE_FILE": "a.yaml:x/b.yaml"}).compose == (
        tmp_path / "a.yaml", tmp_path / "x/b.yaml",
    )  # fmt: skip
    (tmp_path / ".env").write_text("COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yaml,a.yaml\n")
    for folder in (tmp_path, tmp_path / "sub"):
        found = find_project(folder, env={})
        assert (found.folder, found.compose) == (tmp_path, (tmp_path / "compose.yaml", tmp_path / "a.yaml"))
    assert find_project(tmp_path, env={"COMPOSE_FILE": "a.yaml"}).compose == (tmp_path / "a.yaml",)
    assert find_project(tmp_path, files=("compose.yaml",), env={}).compose == (tmp_path / "compose.yaml",)
    with pytest.raises(DevenvError, match=r"none\.yaml is not there") as missing:
        find_project(tmp_path, env={"COMPOSE_FILE": "none.yaml"})
    assert "COMPOSE_FILE" in missing.value.hint
    _touch(tmp_path / "devenv.yaml")
    assert find_project(tmp_path, env={"COMPOSE_FILE": "a.yaml"}).manifest == tmp_path / "devenv.yaml"


def test_the_standard_input_is_a_compose_file(tmp_path: Path) -> None:
    _touch(tmp_path / "x/one.yaml")
    assert find_project(tmp_path, files=("-",), env={}).folder == tmp_path
    found = find_project(tmp_path, files=("-", "x/one.yaml"), env={})
    assert (found.folder, found.compose) == (tmp_path / "x", (STDIN, tmp_path / "x/one.yaml"))


def test_files_of_variables(tmp_path: Path) -> None:
    _touch(tmp_path / "compose.yaml", tmp_path / "sub/file", tmp_path / "a.env", tmp_path / "b.env")
    here, sub = tmp_path, tmp_path / "sub"
    assert find_project(sub, env={}).env_folders == (sub, here)
    assert find_project(sub, env={"COMPOSE_DISABLE_ENV_FILE": "true"}).env_folders == ()
    assert find_project(sub, files=("../compose.yaml",), env={}).env_folders == (here,)
    named = find_project(here, env={"COMPOSE_ENV_FILES": "a.env,b.env"})
    assert (named.env_files, named.env_folders) == ((here / "a.env", here / "b.env"), ())
    found = find_project(here, env={"COMPOSE_ENV_FILES": "a.env"}, env_files=("b.env",))
    assert found.env_files == (here / "b.env",)
    with pytest.raises(DevenvError, match=r"none\.env is not there"):
        find_project(here, env={}, env_files=("none.env",))


def test_where_one_is_is_what_one_calls_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "link")
    assert here({"PWD": str(tmp_path / "link")}) == tmp_path / "link"
    for said in ("", "link", str(tmp_path), str(tmp_path / "none")):
        assert here({"PWD": said}) == tmp_path / "real"


def test_what_lies_beside_the_file_that_is_read_is_named(tmp_path: Path) -> None:
    _touch(*(tmp_path / name for name in ("docker-compose.yml", "compose.yml", "compose.override.yaml")))
    found = find_project(tmp_path, env={})
    assert found.compose == (tmp_path / "compose.yml", tmp_path / "compose.override.yaml")
    assert found.passed_over == (tmp_path / "docker-compose.yml",)


def test_what_is_named_and_is_no_file(tmp_path: Path) -> None:
    _touch(tmp_path / "compose.yaml")
    os.mkfifo(tmp_path / "pipe")
    assert find_project(tmp_path, env={}, env_files=["/dev/null"]).env_files == (Path("/dev/null"),)
    for files, env_files, message, hint in (
        (["."], [], "is a folder", "after -f"),
        (["pipe"], [], "is no file", "`-f -`"),
        ([], ["."], "is a folder", "--env-file"),
        ([], ["pipe"], "is no file", "--env-file"),
    ):
        with pytest.raises(DevenvError, match=message) as caught:
            find_project(tmp_path, files=files, env={}, env_files=env_files)
        assert hint in caught.value.hint
