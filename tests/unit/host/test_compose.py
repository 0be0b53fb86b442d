"""The Docker Compose of this host: which one it is, and that nothing that it does can harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.host import compose

DIGEST = "0123456789abcdef" * 4


def program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def found(path: Path) -> compose.Installed:
    one = compose.find({"PATH": str(path.parent)}, system=())
    assert one is not None
    return one


def test_the_plugin_of_the_users_own_comes_first(tmp_path: Path) -> None:
    home, system, command, more = (tmp_path / name for name in ("home", "system", "bin", "more"))
    env = {"HOME": str(home), "PATH": str(command)}
    assert compose.find(env, system=[str(system)]) is None
    for place in (command, system, home / ".docker" / "cli-plugins", more):
        one = program(place / "docker-compose")
        if place == more:
            (home / ".docker" / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(more)]}))
        seen = compose.find(env, system=[str(system)])
        assert seen is not None
        assert seen.path == str(one)
    elsewhere = {**env, "DOCKER_CONFIG": str(tmp_path / "config")}
    seen = compose.find(elsewhere, system=[str(system)])
    assert seen is not None
    assert seen.path == str(system / "docker-compose")


@pytest.mark.parametrize("config", ["[]", "no JSON", '{"cliPluginsExtraDirs": null}', '{"cliPluginsExtraDirs": 3}'])
def test_a_configuration_that_says_nothing(tmp_path: Path, config: str) -> None:
    one = program(tmp_path / "cli-plugins" / "docker-compose")
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    seen = compose.find({"DOCKER_CONFIG": str(tmp_path), "PATH": "/nowhere"}, system=())
    assert seen is not None
    assert seen.path == str(one)


def test_what_is_no_program_is_none(tmp_path: Path) -> None:
    program(tmp_path / "docker-compose").chmod(0o644)
    assert compose.find({"PATH": str(tmp_path)}, system=[str(tmp_path)]) is None


def test_another_program_has_another_mark(tmp_path: Path) -> None:
    path = program(tmp_path / "docker-compose", "one")
    first = found(path)
    assert found(path) == first
    program(path, "another")
    assert found(path).mark != first.mark


@pytest.mark.parametrize(
    ("says", "version"),
    [("5.6.1", "5.6.1"), ("v2.12.0", "2.12.0"), ("2.26.1-4", "2.26.1-4"), ("1.29.2", ""), ("1.0.6", ""), ("what?", ""),
     ("10.0.0", "10.0.0"), ("", "")],
)  # fmt: skip
def test_the_first_compose_is_not_asked(tmp_path: Path, says: str, version: str) -> None:
    path = program(tmp_path / "docker-compose", f'[ "$*" = "version --short" ] && echo "{says}"')
    assert compose.version(found(path)) == version


def test_it_is_asked_about_all_profiles_in_the_environment_that_is_given(tmp_path: Path) -> None:
    path = program(tmp_path / "docker-compose", f'echo "$*" >asked; echo "$WORD {DIGEST}"; echo "not a hash"')
    said = compose.hashes(
        found(path), ["/p/a.yaml", "/p/b.yaml"], project="shop", folder=str(tmp_path), env={"WORD": "web"},
        env_files=["/p/x.env"],
    )  # fmt: skip
    assert said == {"web": DIGEST}
    assert (tmp_path / "asked").read_text() == (
        "--env-file /p/x.env -f /p/a.yaml -f /p/b.yaml "
        f"--project-directory {tmp_path} -p shop --profile * config --hash *\n"
    )


@pytest.mark.parametrize("script", [f"echo web {DIGEST}; exit 1", "printf '\\377'", "exec /not/there", "sleep 9"])
def test_what_fails_or_is_slow_says_nothing(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "LIMIT", 0.5)
    path = program(tmp_path / "docker-compose", script)
    assert compose.hashes(found(path), ["a"], project="p", folder=str(tmp_path), env={}) == {}


def test_a_program_that_cannot_be_run_says_nothing(tmp_path: Path) -> None:
    one = compose.Installed(path=str(tmp_path / "gone"), mark="")
    assert compose.version(one) == ""
    assert compose.hashes(one, [], project="p", folder="/", env={"A": "\0"}) == {}
