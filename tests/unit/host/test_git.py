from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from devenv.host.git import fetched
from devenv.model.errors import DevenvError, ExitCode
from tests.gitweb import serving, without


@pytest.fixture
def repository(tmp_path: Path) -> tuple[str, str]:
    """The address of a repository with one file, and its commit."""
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "compose.yaml").write_text("services: {}\n")
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "one"]):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=folder, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return f"file://{folder}", head.stdout.strip()


def _env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), **more}


def test_a_commit_lies_where_compose_keeps_it_and_is_fetched_once(tmp_path: Path, repository: tuple[str, str]) -> None:
    url, commit = repository
    env = _env(tmp_path)
    folder = fetched(url, commit, env)
    assert folder == tmp_path / "cache/docker-compose" / commit
    assert (folder / "compose.yaml").read_text() == "services: {}\n"
    (folder / "mine").touch()
    assert fetched("file:///gone", commit, env) == folder
    assert (folder / "mine").exists()
    assert [path.name for path in folder.parent.iterdir()] == [commit]


def test_one_that_was_begun_is_fetched_whole(tmp_path: Path, repository: tuple[str, str]) -> None:
    url, commit = repository
    begun = tmp_path / ".cache/docker-compose" / commit
    (begun / ".git").mkdir(parents=True)
    (begun / ".git/HEAD").write_text("ref: refs/heads/master\n")
    env = {name: value for name, value in _env(tmp_path).items() if name != "XDG_CACHE_HOME"}
    assert (fetched(url, commit, env) / "compose.yaml").is_file()


def test_what_cannot_be_fetched_gets_a_sentence(tmp_path: Path, repository: tuple[str, str]) -> None:
    url, commit = repository
    with pytest.raises(DevenvError, match="cannot be fetched") as caught:
        fetched(f"{url}-none", commit, _env(tmp_path))
    assert caught.value.code == ExitCode.UNFIT
    assert not (tmp_path / "cache/docker-compose" / commit).exists()
    with pytest.raises(DevenvError, match=r"http://me:\*\*\*@127.0.0.1:1/x.git cannot be fetched") as hidden:
        fetched("http://me:secret-word@127.0.0.1:1/x.git", commit, _env(tmp_path))
    assert "secret-word" not in hidden.value.message
    with pytest.raises(DevenvError, match="no git on this machine"):
        fetched(url, commit, _env(tmp_path, PATH=str(tmp_path)))
    (tmp_path / "file").touch()
    with pytest.raises(DevenvError, match="cannot be written"):
        fetched(url, commit, _env(tmp_path, XDG_CACHE_HOME=str(tmp_path / "file")))


def test_called_in_a_hook_of_a_repository_that_one_stays_as_it_is(tmp_path: Path, repository: tuple[str, str]) -> None:
    url, commit = repository
    mine = tmp_path / "mine"
    for words in (["init", "--quiet", "-b", "own", str(mine)], ["-C", str(mine), "remote", "add", "origin", "mine:x"]):
        subprocess.run(["git", *words], check=True)
    state = {name: (mine / ".git" / name).read_bytes() for name in ("HEAD", "config")}
    hook = _env(tmp_path, GIT_DIR=str(mine / ".git"), GIT_INDEX_FILE=str(mine / ".git/index"), GIT_PREFIX="")
    folder = fetched(url, commit, hook)
    assert (folder / "compose.yaml").is_file()
    assert (folder / ".git/HEAD").read_text().strip() == commit
    assert {name: (mine / ".git" / name).read_bytes() for name in state} == state
    assert not (mine / ".git/index").exists()


@pytest.mark.parametrize(
    ("said", "user", "password"),
    [
        ("tok-9f3a", "tok-9f3a", ""),
        ("tok-9f3a:", "tok-9f3a", ""),
        ("tok-9f3a:x-oauth-basic", "tok-9f3a", "x-oauth-basic"),
        ("anna:tok%409f3a", "anna", "tok@9f3a"),
    ],
)
def test_a_token_is_seen_by_nobody(
    tmp_path: Path, repository: tuple[str, str], said: str, user: str, password: str
) -> None:
    _, commit = repository
    own = _env(tmp_path, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="core.abbrev", GIT_CONFIG_VALUE_0="9")
    with serving(tmp_path, user, password) as web:
        folder = fetched(f"http://{said}@{web.host}/repo", commit, own)
        assert (folder / "compose.yaml").is_file()
        assert any(f"git-remote-http origin http://{web.host}/repo" in line for line in web.seen)
        assert not [line for line in web.seen if "9f3a" in line and "pytest" not in line]
        without("9f3a", tmp_path / "cache")
        with pytest.raises(DevenvError, match=rf"http://.*\*\*\*.*@{web.host}/none cannot be fetched") as failed:
            fetched(f"http://{said}@{web.host}/none", "0" * 40, own)
    assert "9f3a" not in failed.value.message


def test_a_name_alone_is_asked_of_the_person_s_own_helpers(tmp_path: Path, repository: tuple[str, str]) -> None:
    _, commit = repository
    with serving(tmp_path, "anna", "kept") as web:
        (tmp_path / "passwords").write_text(f"http://anna:kept@{web.host}\n")
        (tmp_path / ".gitconfig").write_text(f"[credential]\n\thelper = store --file {tmp_path}/passwords\n")
        assert (fetched(f"http://anna@{web.host}/repo", commit, _env(tmp_path)) / "compose.yaml").is_file()
