from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.cli.completion import SCRIPTS, complete
from devenv.cli.main import run
from devenv.cli.verbs import VERBS

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = """\
name: shop
services: {web: {use: nginx}, db: {use: postgres}}
tasks: {test: {service: web, command: pytest}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devenv.yaml").write_text(MANIFEST)
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer" / "compose.yaml").write_text(
        "services: {web: {}, db: {}, workspace: {}}\nx-devenv: {tasks: {test: {}, fmt: {}}}\n"
    )
    return tmp_path


def _at(project: Path, line: str) -> list[str]:
    return complete(["-C", str(project), *line.split(" ")])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("up ", ["db", "web", "workspace"]),
        ("up w", ["web", "workspace"]),
        ("up web w", ["workspace"]),
        ("logs -f d", ["db"]),
        ("ps d", ["db"]),
        ("run ", ["fmt", "test"]),
        ("run test ", []),
        ("exec ", ["db", "web", "workspace"]),
        ("exec db ", []),
        ("completion ", ["bash", "fish", "zsh"]),
        ("up --dr", ["--dry-run"]),
        ("--output j", ["json"]),
        ("up --output ", ["json", "text"]),
        ("-f ", []),
        ("down ", []),
        ("help re", ["render", "reset", "restart"]),
        ("help up ", []),
        ("nonsense ", []),
        ("--nonsense up ", []),
        ("st", ["start", "status", "stop"]),
        ("--no", ["--no-install"]),
    ],
)
def test_what_is_offered(project: Path, line: str, offered: list[str]) -> None:
    assert _at(project, line) == offered


def test_hidden_options_are_not_offered(project: Path) -> None:
    offered = _at(project, "up --")
    assert "--dry-run" in offered
    assert "--detach" not in offered


def test_no_words_offer_the_commands() -> None:
    assert set(VERBS) < set(complete([]))
    assert complete(["--", "sche"]) == ["schema"]


def test_a_plain_compose_file_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {one: {}}\nx-devenv: {tasks: {t: {}}}\n")
    assert _at(tmp_path, "up ") == ["one"]
    assert _at(tmp_path, "run ") == ["t"]
    (tmp_path / "compose.yaml").write_text("services: [\n")
    assert _at(tmp_path, "up ") == []


def test_nothing_where_there_is_no_project(tmp_path: Path) -> None:
    assert _at(tmp_path / "gone", "up ") == []


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "__complete" in capsys.readouterr().out
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=SCRIPTS[shell], text=True, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_the_command_and_the_wrapper_and_no_stranger(project: Path) -> None:
    program = f"#!/bin/sh\n# devenv, for a test\nexec {sys.executable} -c \"import sys; sys.path.insert(0, '{ROOT}')\n"
    program += 'from devenv.cli.main import main; main()" "$@"\n'
    for name, text in (("devenv", program), ("dev", program), ("other/dev", program.replace("# devenv", "# other"))):
        file = project / "bin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def typed(program: str) -> str:
        script = f'{SCRIPTS["bash"]}\nCOMP_WORDS=({program} logs -f w); COMP_CWORD=3; _devenv; echo "${{COMPREPLY[*]}}"'
        env = {**os.environ, "PATH": f"{project}/bin:{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-c", script], cwd=project, env=env, text=True, capture_output=True, check=True, timeout=60
        ).stdout.strip()

    assert typed("devenv").split() == ["web", "workspace"]
    assert typed("./bin/dev").split() == ["web", "workspace"]
    assert typed("./bin/other/dev") == ""
