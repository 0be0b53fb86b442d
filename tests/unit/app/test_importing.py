"""`devenv import`: stacks as teams have them become a devenv.yaml, and every difference is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from devenv.app.context import Context
from devenv.app.importing import import_
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError
from tests.unit.app.heard import Heard

STACKS = Path(__file__).parents[2] / "cases" / "stacks"


def told(folder: Path, kind: str = "compose", *files: str, **options: Any) -> dict[str, Any]:
    ui = Heard()
    assert import_(Context(ui=ui, directory=str(folder), output="json"), kind, files, **options) == 0
    found: dict[str, Any] = json.loads(ui.texts[0])
    return found


@pytest.fixture
def stack(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("COMPOSE_FILE", "COMPOSE_PROFILES", "POSTGRES", "REDIS", "PYTHON", "BASE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / str(request.param)
    shutil.copytree(STACKS / str(request.param), folder)
    monkeypatch.chdir(folder)
    return folder


GIVEN = re.compile(
    r"`\w+`: (it has a healthcheck: .*|`ports`: 127\.0\.0\.1:\d+:\d+ is new(, \d+ is gone)?"
    r"|`volumes`: [\w-]+-data:\S+ is new|`(shm_size|stop_grace_period)` is .*, was not"
    r"|`depends_on\.\w+` is .*, was not)|volume `\w+-data` is new"
)
"""What the catalogue gives beyond the image, and a port that devenv chooses."""


@pytest.mark.parametrize("stack", sorted(path.name for path in STACKS.iterdir()), indirect=True)
def test_a_team_s_stack_is_the_same_but_for_what_is_told(stack: Path) -> None:
    found = told(stack)
    text = (stack / "devenv.yaml").read_text()
    assert text == found["text"]
    assert [line for line in found["changed"] if not GIVEN.fullmatch(line)] == []
    written = (stack / "compose.yaml").read_text()
    if stack.name != "library":  # made of several files: written anew
        lost = {*written.split("\n")} - {*text.split("\n")}
        assert len(lost) <= 4, lost
        assert all(line in text for line in written.split("\n") if line.lstrip().startswith("#"))
    else:
        assert any("MAIL_DOMAIN" in line for line in found["unsaid"])
        assert "extends:" not in text
        assert "include:" not in text


@pytest.mark.parametrize("stack", ["broker"], indirect=True)
def test_nothing_that_is_there_is_overwritten(stack: Path) -> None:
    (stack / "devenv.yaml").write_text("name: mine\n")
    with pytest.raises(DevenvError, match="is there already") as caught:
        told(stack)
    assert "--dry-run" in caught.value.hint
    assert "use: redis" in told(stack, print_=True)["text"]
    assert (stack / "devenv.yaml").read_text() == "name: mine\n"


@pytest.mark.parametrize("stack", ["broker"], indirect=True)
def test_people_are_told_in_sentences(stack: Path) -> None:
    ui = Heard()
    import_(Context(ui=ui, directory=str(stack)), "compose")
    assert ui.texts[0] == "wrote devenv.yaml"
    assert "  - `broker`: `stop_grace_period` is 30s, was not" in ui.texts
    assert any(line.startswith("compose.yaml stays as it is") for line in ui.texts)
    (stack / "devenv.yaml").unlink()
    ui = Heard()
    import_(Context(ui=ui, directory=str(stack)), "compose", print_=True)
    assert [text.partition("\n")[0] for text in ui.texts] == ["# Written by `devenv import` from compose.yaml."]
    assert "Is another than it was:" in ui.noticed
    assert not (stack / "devenv.yaml").exists()


@pytest.mark.parametrize("stack", ["broker"], indirect=True)
def test_editors_find_the_schema_where_the_repository_has_it(stack: Path) -> None:
    schema = stack / ".devcontainer" / "devenv" / "schema.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    text = (stack / "compose.yaml").read_text()
    (stack / "compose.yaml").write_text(f"# yaml-language-server: $schema=https://elsewhere.test/compose.json\n{text}")
    lines = told(stack)["text"].split("\n")
    assert [line for line in lines if "language-server" in line] == [
        "# yaml-language-server: $schema=.devcontainer/devenv/schema.json"
    ]


def test_what_the_two_kinds_of_files_read_alike_is_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.delenv("WORD", raising=False)
    (tmp_path / "compose.yaml").write_text(
        "name: shop\nservices:\n  a:\n    image: x\n    volumes: ['~/data:/data', 'data:/d']\n"
        "    labels: {a: '${WORD}', b: '${COMPOSE_PROJECT_NAME}'}\n"
        "volumes:\n  data: {driver: local, driver_opts: {type: none, o: bind, device: ./lies}}\n"
    )
    found = told(tmp_path)
    assert found["changed"] == []
    assert [line.partition(":")[0] for line in found["unsaid"]] == ["`${WORD}` has no value"]


def test_what_files_of_variables_name_is_the_same_before_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOST_SAID": "there", "BARE": "b", "ALONE": "one"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "compose.yaml").write_text(
        "name: shop\nservices:\n  a:\n    image: x\n    env_file: [a.env, {path: raw.env, format: raw}]\n"
    )
    (tmp_path / "a.env").write_text("URL=http://${HOST_SAID}/${SET_NOWHERE:-${ALONE}}\nBARE\nNEEDED=${BARE:?say it}\n")
    (tmp_path / "raw.env").write_text("AS_IS=${HOST_SAID}\nALONE\n")
    assert told(tmp_path)["changed"] == []


def test_what_a_devenv_yaml_cannot_say_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "name: shop\nservices:\n  a:\n    image: x\njobs:\n  b: {image: x, triggers: [manual]}\n"
    )
    with pytest.raises(DevenvError, match="`jobs` cannot be used") as caught:
        told(tmp_path)
    assert str(caught.value.where).endswith("compose.yaml:5:1")
    assert not (tmp_path / "devenv.yaml").exists()


def test_what_cannot_be_seeded_is_told_where_the_person_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: shop\nservices:\n  db:\n    image: busybox\n")
    (tmp_path / "b.yaml").write_text("services:\n  db:\n    x-devenv:\n      seeder: busybox\n      seed: a.sql\n")
    with pytest.raises(DevenvError, match="cannot seed `db`") as caught:
        import_(
            Context(ui=Heard(), directory=str(tmp_path), files=(str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"))),
            "compose",
        )
    assert str(caught.value.where).endswith("b.yaml:5:7")


KNOWN = {
    "credential-spec-file", "include-paths",  # Windows alone, and told as it is written
    "profiles-none-reads-no-files",  # all profiles are compared, and a file of one is not there
    "include-env-file-list", "include-interpolated-path",  # what only the variables of an included project know
    "dotenv-forms", "interpolation-not-in-keys", "interpolation-of-types",  # empty, in a key, a container's port
    "jobs", "provider", "ports-short",  # refused in a devenv.yaml; ports that devenv chooses
}  # fmt: skip
"""Where a devenv.yaml says something else, or refuses it: each is told."""


def others(case: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is another than it was in the stack of `case`, where it is one."""
    said = case / "case.yaml"
    about = read_yaml(said.read_text(), "case.yaml").value if said.exists() else {}
    if case.name.startswith("invalid") or "args" in about or "git" in about or about.get("invalid"):
        return []
    shutil.copytree(case, folder)
    with monkeypatch.context() as here:
        here.chdir(folder)
        for name, item in (about.get("env") or {}).items():
            here.setenv(name, str(item))
        try:
            return [line for line in told(folder)["changed"] if not GIVEN.fullmatch(line)]
        except DevenvError as error:
            return [f"refused: {error.message}"]


def test_hardly_any_way_to_write_a_compose_file_becomes_another_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        case.name: changed
        for case in sorted((STACKS.parent / "compose").iterdir())
        if (changed := others(case, tmp_path / case.name, monkeypatch))
    }
    assert sorted(found) == sorted(KNOWN), found


def test_a_devcontainer_json_is_spoken_of_only_where_one_lies(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  app:\n    image: busybox\nx-devenv:\n  workspace:\n    service: app\n"
    )

    def heard() -> str:
        ui = Heard()
        import_(Context(ui=ui, directory=str(tmp_path)), "compose", print_=True)
        return "\n".join(ui.noticed)

    assert "devcontainer.json" not in heard()
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer/devcontainer.json").write_text(
        '{"dockerComposeFile": "../compose.yaml", "service": "app"}'
    )
    assert "there is a devcontainer.json too" in heard()


def test_where_nothing_is_there_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="There is no"):
        told(tmp_path)
    with pytest.raises(DevenvError, match="has no devcontainer"):
        told(tmp_path, "devcontainer")
    with pytest.raises(DevenvError, match=r"x\.json is not there"):
        told(tmp_path, "devcontainer", "x.json")
    with pytest.raises(DevenvError, match="makes one workspace"):
        told(tmp_path, "devcontainer", "a", "b")


ALONE = """\
// ours
{
  "name": "Shop", "build": {"dockerfile": "Dockerfile", "context": "..", "args": {"V": "${localEnv:V:3.12}"}},
  "features": {"./tool": {"version": "1"}, "ghcr.io/devcontainers/features/git:1": {}},
  "containerEnv": {"A": "b$c", "W": "${containerWorkspaceFolder}"},
  "remoteEnv": {"PATH": "${containerEnv:PATH}:/x"},
  "mounts": ["source=cache,target=/cache,type=volume", "source=${localWorkspaceFolder}/src,target=/src,type=bind"],
  "runArgs": ["--cap-add=SYS_PTRACE", "--shm-size=1g"],
  "forwardPorts": [8000], "appPort": ["9000:9000"], "containerUser": "root", "capAdd": ["NET_ADMIN"],
  "customizations": {"vscode": {"extensions": ["ms-python.python"], "settings": {"a": 1}, "b": 2},
    "jetbrains": {"c": 3}},
  "postCreateCommand": "make deps", "initializeCommand": "echo hi", "remoteUser": "vscode", "init": true,
  "updateRemoteUserUID": false, "overrideCommand": false
}
"""


def test_a_devcontainer_of_a_dockerfile_becomes_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / ".devcontainer").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".devcontainer" / "devcontainer.json").write_text(ALONE)
    found = told(folder, "devcontainer")
    value = read_yaml(found["text"], "devenv.yaml").value
    assert value == {
        "name": "shop",
        "services": {
            "workspace": {
                "build": {"context": ".", "dockerfile": "./.devcontainer/Dockerfile", "args": {"V": "${V:-3.12}"}},
                "cap_add": ["SYS_PTRACE", "NET_ADMIN"],
                "shm_size": "1g",
                "ports": ["9000:9000"],
                "init": True,
                "user": "root",
                "environment": {"A": "b$$c", "W": "/workspaces/shop"},
                "volumes": [
                    {"type": "volume", "target": "/cache", "source": "cache"},
                    {"type": "bind", "target": "/src", "source": "./src", "bind": {"create_host_path": False}},
                ],
            }
        },
        "volumes": {"cache": {"name": "cache"}},
        "workspace": {
            "user": "vscode",
            "folder": "/workspaces/shop",
            "name": "Shop",
            "forwardPorts": [8000],
            "remoteEnv": {"PATH": "${containerEnv:PATH}:/x"},
            "postCreateCommand": "make deps",
            "features": {"./.devcontainer/tool": {"version": "1"}, "ghcr.io/devcontainers/features/git:1": {}},
            "extensions": ["ms-python.python"],
            "settings": {"a": 1},
            "customizations": {"jetbrains": {"c": 3}, "vscode": {"b": 2}},
        },
    }
    assert found["changed"] == []
    named = " ".join(found["unsaid"])
    for key in ("initializeCommand", "updateRemoteUserUID", "overrideCommand"):
        assert f"`{key}" in named
        assert f"`{key}" in re.sub(r"\n#  *", " ", found["text"])


def test_a_devcontainer_of_compose_files_brings_these_along(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / ".devcontainer").mkdir(parents=True)
    said = {
        "dockerComposeFile": ["compose.yaml", "../more.yaml"], "service": "app", "workspaceFolder": "/work",
        "runServices": ["db"], "mounts": [{"type": "volume", "source": "x", "target": "/x"}], "remoteUser": "dev",
        "containerEnv": {"Z": "1"}, "overrideCommand": True,
    }  # fmt: skip
    (folder / ".devcontainer" / "devcontainer.json").write_text(json.dumps(said))
    (folder / ".devcontainer" / "compose.yaml").write_text(
        "services:\n  app:\n    build: ..\n    volumes: ['..:/work', './tool:/tool']\n    environment: [A=b]\n"
        "  db: {image: 'redis:8'}\n"
    )
    (folder / "more.yaml").write_text("services:\n  app: {environment: ['C=redis://db:6379/0'], command: sleep 1}\n")
    found = told(folder, "devcontainer")
    value = read_yaml(found["text"], "devenv.yaml").value
    assert value == {
        "name": "shop_devcontainer",
        "services": {
            "app": {
                "build": ".",
                "volumes": [".:/work", "./.devcontainer/tool:/tool", {"type": "volume", "target": "/x", "source": "x"}],
                "environment": {"A": "b", "C": "{{ db.url }}", "Z": "1"},
                "command": [],
                "entrypoint": ["sleep", "infinity"],
            },
            "db": {"use": "redis@8"},
        },
        "volumes": {"x": {}},
        "workspace": {"service": "app", "user": "dev", "folder": "/work"},
    }
    assert [line for line in found["changed"] if not GIVEN.fullmatch(line)] == []
    assert any("runServices" in line for line in found["unsaid"])
