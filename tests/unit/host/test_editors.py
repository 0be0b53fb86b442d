"""Editors: found on the PATH, started on their own, told in words where neither goes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devenv.host.editors import EDITORS, container_address, program, start
from devenv.model.errors import DevenvError, ExitCode


def put(folder: Path, name: str, script: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("name", EDITORS)
def test_an_editor_that_is_not_there_says_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevenvError, match="on the PATH") as caught:
        program(name)
    assert caught.value.code is ExitCode.UNFIT
    assert ("Reopen in Container" if EDITORS[name].remote else "JetBrains Toolbox") in caught.value.hint
    there = put(tmp_path, EDITORS[name].programs[-1], "true")
    assert program(name) == str(there)


def test_a_container_is_named_as_editors_do() -> None:
    folder = Path("/r/shop")
    hexed = str(folder).encode().hex()
    for file in (folder / ".devcontainer" / "devcontainer.json", folder / ".devcontainer.json"):
        assert container_address(folder, file, "c", "/w") == f"vscode-remote://dev-container+{hexed}/w"
    other = folder / ".devcontainer" / "api" / "devcontainer.json"
    kind, _, rest = container_address(folder, other, "c", "/w").partition("+")
    assert kind == "vscode-remote://dev-container"
    assert json.loads(bytes.fromhex(rest.removesuffix("/w"))) == {
        "hostPath": "/r/shop", "configFile": {"$mid": 1, "path": str(other), "scheme": "file"},
    }  # fmt: skip
    kind, _, rest = container_address(folder, None, "shop-web-1", "/").partition("+")
    assert kind == "vscode-remote://attached-container"
    assert json.loads(bytes.fromhex(rest.removesuffix("/"))) == {"containerName": "/shop-web-1"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it is left to itself on purpose
def test_an_editor_lives_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devenv.host.editors._SOON", 0.5)
    editor = put(tmp_path, "code", f'echo "$@" > {tmp_path}/words; exec sleep "$3"')
    start([str(editor), "a", "b c", "0"])
    assert (tmp_path / "words").read_text() == "a b c 0\n"
    start([str(editor), "a", "b", "2"])


def test_one_that_fails_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="ended with 7") as caught:
        start([str(put(tmp_path, "code", "exit 7")), "x"])
    assert caught.value.hint == f"Try it by hand: {tmp_path}/code x"
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/shell\n")
    os.chmod(broken, 0o755)
    with pytest.raises(DevenvError, match="could not be started"):
        start([str(broken)])
