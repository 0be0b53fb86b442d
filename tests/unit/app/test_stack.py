"""What is read beside the Compose files."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.app.stack import load_stack
from devenv.model.errors import DevenvError
from tests.unit.app.test_devcontainers import project, write

_COMPOSE = """\
services:
  app:
    build: {context: ., secrets: [token]}
    secrets: [word]
secrets:
  token: {file: ./token.txt}
  word: {file: ./word.txt}
  unused: {file: ./unused.txt}
"""


def test_what_lies_in_files_is_known_as_secret_to_builds_and_services_alike(tmp_path: Path) -> None:
    write(tmp_path, "compose.yaml", _COMPOSE)
    for name in ("token", "word", "unused"):
        write(tmp_path, f"{name}.txt", f"first-{name}\n\nab\nsecond-{name}\n")
    found = {secret.value for secret in load_stack(project(tmp_path), {}, "x").secrets}
    assert found == {"first-token", "second-token", "first-word", "second-word"}


@pytest.mark.parametrize(
    "text",
    [
        "include: [.]",
        "services: {a: {extends: {service: b, file: .}}}",
        "services: {a: {image: x, env_file: .}}",
        "include: [{path: other.yaml, env_file: .}]",
    ],
)
def test_a_folder_where_a_file_is_meant_is_told_as_one(tmp_path: Path, text: str) -> None:
    write(tmp_path, "compose.yaml", f"{text}\n")
    write(tmp_path, "other.yaml", "services: {a: {image: x}}\n")
    with pytest.raises(DevenvError, match=f"^{tmp_path} is a folder") as caught:
        load_stack(project(tmp_path), {}, "x")
    assert (caught.value.hint, caught.value.where is not None) == ("Name a file in it.", True)


def test_files_of_variables_count_where_their_service_is_asked_for(tmp_path: Path) -> None:
    write(
        tmp_path,
        "compose.yaml",
        "services:\n  a: {image: x}\n  b: {image: x, profiles: [p], env_file: [b.env, gone.env]}\n",
    )
    write(tmp_path, "b.env", "A=${NOBODY_SAID}\nB=${NOBODY_SAID:?say it}\n")
    stack = load_stack(project(tmp_path), {}, "x")
    assert (stack.left_out, stack.looked_up) == (("b",), {"NOBODY_SAID"})
    assert not any("NOBODY_SAID" in line for line in stack.notices)
    with pytest.raises(DevenvError, match=r"gone\.env is not there"):
        load_stack(project(tmp_path), {"COMPOSE_PROFILES": "p"}, "x")
    write(tmp_path, "gone.env", "")
    with pytest.raises(DevenvError, match="say it"):
        load_stack(project(tmp_path), {"COMPOSE_PROFILES": "p"}, "x")
