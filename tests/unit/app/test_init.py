"""`devenv init`: what it writes where, what it asks, and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from devenv.app.context import Context
from devenv.app.init import init
from devenv.core.init.correct import project_name
from devenv.model.errors import DevenvError
from tests.unit.app.heard import Heard as Listening

CASES = Path(__file__).parents[2] / "cases" / "init"
OURS = ".devcontainer/devenv"


class Heard(Listening):
    """Answers questions with `answers`, by a word in them; the default where none is there."""

    def __init__(self, **answers: str) -> None:
        super().__init__()
        self.answers = answers

    def ask(self, question: str) -> bool:
        return self.answer(question, "no") == "yes"

    def answer(self, question: str, default: str) -> str:
        self.questions.append(question)
        return next((answer for word, answer in self.answers.items() if word in question), default)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "My Notes"
    shutil.copytree(CASES / "python", folder)
    return folder


def run(folder: Path, ui: Heard | None = None, **options: Any) -> Heard:
    ui = ui or Heard()
    context = {key: options.pop(key) for key in ("yes", "output", "files", "project") if key in options}
    assert init(Context(ui=ui, directory=str(folder), **context), **options) == 0
    return ui


def there(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_is_written_and_the_wrapper_can_be_run(notes: Path) -> None:
    before = there(notes)
    ui = run(notes)
    new = there(notes) - before
    (package,) = [path for path in new if path.endswith(".whl")]
    assert new == {
        "devenv.yaml", "Dockerfile.dev", "Dockerfile.dev.dockerignore", "dev", package,
        f"{OURS}/requirements.lock", f"{OURS}/schema.json",
    }  # fmt: skip
    assert "\nname: my-notes\n" in (notes / "devenv.yaml").read_text()
    assert os.access(notes / "dev", os.X_OK)
    assert json.loads((notes / OURS / "schema.json").read_text())["properties"]["services"]
    assert ui.printed.endswith("Look at devenv.yaml, then: ./dev up\n")
    assert ui.noticed == []


def test_a_dry_run_prints_and_writes_nothing(notes: Path) -> None:
    before = there(notes)
    ui = run(notes, dry_run=True)
    assert there(notes) == before
    assert "# ---- devenv.yaml\n# yaml-language-server" in ui.printed
    assert "# ---- Dockerfile.dev\n" in ui.printed
    data = json.loads(run(notes, dry_run=True, output="json").printed)
    assert set(data["files"]) == {"devenv.yaml", "Dockerfile.dev", "Dockerfile.dev.dockerignore"}


def test_at_a_terminal_the_best_guesses_are_defaults(notes: Path) -> None:
    ui = run(notes, no_wrapper=True)
    assert ui.questions == [
        "Name of the project",
        "Port that the program listens at",
        "Run PostgreSQL beside it (psycopg-binary in requirements.txt)? yes or no",
        "Load migrations/001_notes.sql, migrations/002_first.sql into the database? yes or no",
    ]
    first = (notes / "devenv.yaml").read_text()
    quiet = run(notes, no_wrapper=True, force=True, yes=True)
    assert quiet.questions == []
    assert (notes / "devenv.yaml").read_text() == first


class Typing(Heard):
    """Types these lines, one for each question, then nothing but Enter."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.lines = list(lines)

    def answer(self, question: str, default: str) -> str:
        self.questions.append(question)
        return (self.lines.pop(0) if self.lines else "") or default


def test_what_makes_no_sense_is_asked_again(notes: Path) -> None:
    ui = run(notes, Typing("Notes 2", "x", "99999", "08001", "perhaps", "N"), no_wrapper=True)
    assert [notice.split(":")[0] for notice in ui.noticed] == [
        "the project is called notes-2", "`x` is no port", "`99999` is no port", "`perhaps` is neither yes nor no",
    ]  # fmt: skip
    text = (notes / "devenv.yaml").read_text()
    assert "ports: [8001]" in text
    assert "postgres" not in text


def test_what_the_person_says_counts(notes: Path) -> None:
    run(notes, Heard(Name="Shop Two", Port="8001", Load="n"), no_wrapper=True)
    text = (notes / "devenv.yaml").read_text()
    assert "\nname: shop-two\n" in text
    assert "ports: [8001]  # as you said" in text
    assert '"--port", "8001"' in (notes / "Dockerfile.dev").read_text()
    assert "use: postgres" in text
    assert "seed:" not in text
    run(notes, Heard(PostgreSQL="no"), no_wrapper=True, force=True)
    text = (notes / "devenv.yaml").read_text()
    assert "postgres" not in text
    assert "DATABASE_URL" not in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("devenv.yaml", "`devenv up` uses it"),
        ("compose.yaml", "stands in it under `x-devenv:`"),
        ("docker-compose.yml", "--wrapper` writes ./dev alone"),
    ],
)
def test_a_manifest_that_is_there_is_left_alone(notes: Path, name: str, hint: str) -> None:
    (notes / name).write_text("services: {}\n")
    before = there(notes)
    with pytest.raises(DevenvError, match=name) as refused:
        run(notes)
    assert hint in refused.value.hint
    assert there(notes) == before
    run(notes, wrapper=True)
    assert there(notes) - before == {f"{OURS}/{path.name}" for path in (notes / OURS).iterdir()} | {"dev"}


def test_a_stack_that_a_devcontainer_names_is_left_alone(notes: Path) -> None:
    (notes / ".devcontainer").mkdir()
    (notes / ".devcontainer/devcontainer.json").write_text('{"dockerComposeFile": "x.yaml", "service": "a"}')
    before = there(notes)
    with pytest.raises(DevenvError, match="names the Compose files of a stack"):
        run(notes)
    assert there(notes) == before


def test_other_files_are_not_overwritten_without_a_yes(notes: Path) -> None:
    (notes / "Dockerfile.dev.dockerignore").write_text("mine\n")
    (notes / "dev").write_text("#!/bin/sh\necho mine\n")
    ui = run(notes)
    assert (notes / "Dockerfile.dev.dockerignore").read_text() == "mine\n"
    assert "mine" in (notes / "dev").read_text()
    assert not (notes / OURS / "requirements.lock").exists()
    assert (notes / OURS / "schema.json").exists()
    assert [notice.split(" ")[0] for notice in ui.noticed] == ["Dockerfile.dev.dockerignore", "`dev`"]
    assert ui.printed.endswith("Look at devenv.yaml, then: devenv up\n")
    (notes / "devenv.yaml").unlink()
    run(notes, Heard(Overwrite="yes"))
    assert "mine" not in (notes / "Dockerfile.dev.dockerignore").read_text() + (notes / "dev").read_text()


def test_a_folder_called_dev_stays(notes: Path) -> None:
    (notes / "dev").mkdir()
    assert "stays" in run(notes).noticed[-1]
    with pytest.raises(DevenvError, match="is a folder"):
        run(notes, force=True)


def test_a_second_wrapper_takes_the_first_one_s_place(notes: Path, tmp_path: Path) -> None:
    run(notes)
    (first,) = (notes / OURS).glob("*.whl")
    other = tmp_path / "devenv_stack-9.9-py3-none-any.whl"
    other.write_bytes(b"another")
    run(notes, wrapper=True, wheel=str(other))
    assert not first.exists()
    assert (notes / OURS / other.name).read_bytes() == b"another"
    lock = (notes / OURS / "requirements.lock").read_text()
    assert "--find-links .\ndevenv-stack==9.9 \\\n    --hash=sha256:" in lock
    assert "\n# devenv 9.9, for" in (notes / "dev").read_text()


def test_a_wheel_at_an_address_is_not_put_into_the_repository(notes: Path) -> None:
    address = "https://packages.test/devenv_stack-1.2-py3-none-any.whl"
    run(notes, wheel=f"{address}#sha256={'a' * 64}")
    assert not list((notes / OURS).glob("*.whl"))
    lock = (notes / OURS / "requirements.lock").read_text()
    assert f"--find-links {address}\ndevenv-stack==1.2 \\\n    --hash=sha256:{'a' * 64}\n" in lock
    for wrong in (address, "https://packages.test/rich-1.2-py3-none-any.whl#sha256=" + "a" * 64):
        with pytest.raises(DevenvError, match="does not name a wheel of devenv with its hash"):
            run(notes, wrapper=True, wheel=wrong)


def test_what_cannot_be_meant(notes: Path) -> None:
    with pytest.raises(DevenvError, match="takes no -f"):
        run(notes, files=("compose.yaml",))
    with pytest.raises(DevenvError, match="is not a folder"):
        init(Context(ui=Heard()), str(notes / "requirements.txt"))


def test_the_project_is_called_as_p_says(notes: Path) -> None:
    run(notes, project="other", no_wrapper=True)
    assert "\nname: other\n" in (notes / "devenv.yaml").read_text()


@pytest.mark.parametrize(
    ("folder", "name"), [("My Notes", "my-notes"), ("ünï", "n"), ("...", "app"), ("a_b-C", "a_b-c")]
)
def test_a_folder_s_name_becomes_a_project_s(folder: str, name: str) -> None:
    assert project_name(folder) == name


def test_json_tells_what_was_written(notes: Path) -> None:
    data = json.loads(run(notes, output="json").printed)
    assert "devenv.yaml" in data["written"]
    assert data["unsure"] == []
