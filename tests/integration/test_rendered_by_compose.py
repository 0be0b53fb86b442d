"""What devenv renders, read by Docker Compose itself (its program comes with the development dependencies)."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devenv.core.render.env import render_env
from devenv.core.render.yaml import emit
from tests.unit.core.compiling import CASES, rendered, templates
from tests.unit.core.test_render_cases import FOLDERS, based

COMPOSE = Path(sysconfig.get_path("scripts")) / "docker-compose"
VALUES = {"DB_PASSWORD": "s e$c'r\"et", "PASSED": "1"}


def compose(folder: Path, *arguments: str, file: str = ".devcontainer/compose.yaml", cwd: Path | None = None) -> str:
    """What `docker compose -f FILE …` says, from a shell that sets nothing; it must end 0 and complain of nothing."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [str(COMPOSE), "-f", str(folder / file), *arguments]
    found = subprocess.run(
        command, cwd=cwd or folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout


def written(folder: Path, files: Mapping[str, str], values: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / ".devcontainer" / ".env").write_text(render_env(values, templates=templates()))
    return folder


@pytest.mark.parametrize("case", FOLDERS, ids=lambda case: case.name)
def test_compose_reads_the_rendered_file_as_it_is_meant(case: Path, tmp_path: Path) -> None:
    found = rendered((case / "devenv.yaml").read_text(), *based(case))
    values = {v.name: VALUES.get(v.name, v.default or "") for v in found.variables if v.default or v.name in VALUES}
    folder = written(tmp_path / "a folder", found.files, values)
    for name in ("api.env", "more.env"):
        (folder / name).write_text("")
    (folder / ".devcontainer").joinpath("base").mkdir()
    assert compose(folder, "config", "-q") == ""
    everywhere = [compose(folder, "config", cwd=cwd) for cwd in (folder, folder / ".devcontainer", Path("/"))]
    assert len(set(everywhere)) == 1
    project = json.loads(compose(folder, "--profile", "*", "config", "--format", "json"))
    ours = rendered_value(case)
    assert sorted(project["services"]) == sorted(ours["services"])
    assert project["name"] == found.variables[0].default
    for service in project["services"].values():
        for mount in service.get("volumes", ()):
            if mount["type"] == "bind":
                assert mount["source"].startswith(str(folder)), mount
        for port in service.get("ports", ()):
            assert port.get("host_ip") == "127.0.0.1" or port["target"] in (5433, 7000)
    assert compose(folder, "config", "--hash", "*").count("\n") == len(project["services"])


def rendered_value(case: Path) -> Any:
    import yaml

    return yaml.safe_load((case / "compose.yaml").read_text())


def test_a_secret_without_a_value_is_named_by_compose(tmp_path: Path) -> None:
    found = rendered((CASES / "everything" / "devenv.yaml").read_text())
    folder = written(tmp_path, found.files, {})
    (folder / "api.env").write_text("")
    command = [str(COMPOSE), "-f", str(folder / ".devcontainer/compose.yaml"), "config", "-q"]
    told = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode != 0
    assert "the secret db_password has no value, set DB_PASSWORD" in told.stderr


HARD = [
    "", "a b", "$HOME", "a'b", 'a"b', "a\nb", "a\\b", "\\n", "ünï ☃ 𝄞", "a#b", " lead", "trail ", "${X:-y}",
    "a'\n$b\"\\",
    "it's $5", "\t", "\r\n", "`x`", "'", '"', "$$", "\\$", "'$A\\", "a=b", "!x", "\u00a0", "\x07", "''' $(ls) \"",
    "\\\"",
    "back\\\\slash'", "#", "a #b", "'a' b", "null", "true", "1e3", "~", "-", "a: b", "- a", "x\n\n", "\n",
]  # fmt: skip


def test_every_value_in_the_env_file_comes_back_from_compose(tmp_path: Path) -> None:
    values = {f"V{index}": value for index, value in enumerate(HARD)}
    assert through_compose(tmp_path, values) == values


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=40, max_size=40))
@example(HARD)
def test_any_value_in_the_env_file_comes_back_from_compose(tmp_path: Path, texts: list[str]) -> None:
    values = {f"V{index}": value for index, value in enumerate(texts)}
    assert through_compose(tmp_path, values) == values


def through_compose(folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    body = {"name": "x", "services": {"a": {"image": "x", "environment": {n: f"${{{n}}}" for n in values}}}}
    (folder / "compose.yaml").write_text(emit(body))
    (folder / ".env").write_bytes(render_env(values, templates=templates()).encode())
    found = json.loads(compose(folder, "config", "--format", "json", file="compose.yaml"))
    return {name: text.replace("$$", "$") for name, text in found["services"]["a"]["environment"].items()}


VISIBLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(VISIBLE | st.sampled_from("\n:#-'\"{}[] ")), max_size=30),
    st.dictionaries(st.from_regex(r"\A[a-z~0-9.:-]{1,9}\Z"), st.text("ab \n:#", max_size=9), max_size=20),
)  # fmt: skip
def test_any_text_that_is_written_as_yaml_comes_back_from_compose(
    tmp_path: Path, texts: list[str], named: dict[str, str]
) -> None:
    labels = {f"t{index}": value for index, value in enumerate(texts)} | {
        f"n{key}": item for key, item in named.items()
    }
    escaped = {key: value.replace("$", "$$") for key, value in labels.items()}
    (tmp_path / "compose.yaml").write_text(emit({"name": "x", "services": {"a": {"image": "x", "labels": escaped}}}))
    found = json.loads(compose(tmp_path, "config", "--format", "json", file="compose.yaml"))
    back = found["services"]["a"].get("labels", {})
    assert {name: text.replace("$$", "$") for name, text in back.items()} == labels
