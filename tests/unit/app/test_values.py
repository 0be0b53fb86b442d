from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.app import values
from devenv.app.project import Project
from devenv.core.rendered import Variable
from devenv.model import labels
from devenv.model.errors import DevenvError, DevenvErrors, Span
from devenv.model.manifest import Document
from devenv.model.observed import ObservedContainer


def _project(folder: Path, *, own: bool = True) -> Project:
    working_dir = folder / ".devcontainer" if own else folder
    file = working_dir / "compose.yaml"
    return Project(
        folder=folder,
        working_dir=working_dir,
        files=(file,),
        documents=(Document(file=str(file), value={}),),
        env_folders=(folder,),
    )


def _container(project: str, folder: Path, **more: object) -> ObservedContainer:
    marks = {labels.PROJECT: project, labels.WORKING_DIR: f"{folder}/.devcontainer"}
    return ObservedContainer(id="1", name="x", image="x", image_id="x", state="running", labels=marks, **more)  # type: ignore[arg-type]


def _name(
    folder: Path,
    holders: dict[str, list[ObservedContainer]],
    asked: str | None = None,
    own: bool = True,
    data: dict[str, list[str]] | None = None,
    kept: str = "",
) -> str:
    known = values.Given(shell={}, kept={"DEVENV_PROJECT": kept} if kept else {})
    return values.project_name(_project(folder, own=own), asked, known, holders, "shop", lambda: data or {})


def test_a_name_that_an_existing_folder_holds_gets_a_suffix(tmp_path: Path) -> None:
    mine, other, gone = tmp_path / "mine", tmp_path / "other", tmp_path / "gone"
    mine.mkdir()
    other.mkdir()
    assert _name(mine, {}) == "shop"
    assert _name(mine, {"shop": [_container("shop", mine)]}) == "shop"
    assert _name(mine, {"shop": [_container("shop", gone)]}) == "shop"
    assert _name(mine, {"shop": [_container("shop", other)]}).startswith("shop-")


def test_a_name_that_a_person_says_is_refused_where_another_folder_holds_it(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    held = {"theirs": [_container("theirs", other)], "shop": [_container("shop", other)]}
    with pytest.raises(DevenvError, match=r"theirs.*mine.*is held by .*other"):
        _name(mine, held, "theirs")
    with pytest.raises(DevenvError, match="is held by"):
        _name(mine, held, own=False)
    assert _name(mine, held, "free") == "free"


def test_data_hold_a_name_while_their_stack_is_down(tmp_path: Path) -> None:
    mine, other, gone = tmp_path / "mine", tmp_path / "other", tmp_path / "gone"
    mine.mkdir()
    other.mkdir()
    theirs = {"shop": [str(other)]}
    suffixed = _name(mine, {}, data=theirs)
    assert suffixed.startswith("shop-")
    assert _name(mine, {}, data={"shop": [str(gone)]}) == "shop"
    assert _name(mine, {}, data={suffixed: [str(mine)]}) == suffixed
    assert _name(mine, {"shop": [_container("shop", other)]}, data={"shop": [str(mine)]}) == suffixed
    assert _name(mine, {}, data={"named": [str(mine)]}, kept="named") == "named"
    with pytest.raises(DevenvError, match=r"data of the project `shop`.*mine.*belong to .*other") as refused:
        _name(mine, {}, own=False, data=theirs)
    assert "-p shop-2" in refused.value.hint
    assert _name(mine, {}, "shop", own=False, data=theirs) == "shop"


def _port(name: str, preferred: int) -> Variable:
    return Variable(name=name, kind="port", service=name.lower(), container_port=80, preferred=preferred)


def test_a_port_is_what_is_said_else_what_was_kept_else_what_is_preferred() -> None:
    wishes = [_port("A", 48101), _port("B", 48101), _port("C", 48103)]
    known = values.Given(shell={"A": "48105"}, kept={"B": "48107"}, labels={"C": "48109"})
    assert values.choose_ports(wishes, known, (), local=False) == {"A": "48105", "B": "48107", "C": "48109"}
    assert values.choose_ports(wishes, values.Given(shell={}), (), local=False) == {
        "A": "48101",
        "B": "48102",
        "C": "48103",
    }


def test_a_port_that_someone_listens_on_moves_and_our_own_does_not(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        wish = [_port("A", port)]
        assert values.choose_ports(wish, values.Given(shell={}), (), local=True) != {"A": str(port)}
        ours = _container("shop", tmp_path, ports={"80/tcp": (("127.0.0.1", port),)})
        assert values.choose_ports(wish, values.Given(shell={}), (ours,), local=True) == {"A": str(port)}


def test_values_come_from_the_shell_the_repository_and_what_was_kept_in_this_order(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=repository\nB=repository\n")
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer/.env").write_text("A=kept\nB=kept\nC=kept\n")
    known = values.given(_project(tmp_path))
    shell = values.Given(shell={"A": "shell"}, repository=known.repository, kept=known.kept)
    assert [shell.known(name) for name in "ABCD"] == ["shell", "repository", "kept", None]
    wanted = [Variable(name=name, kind="user") for name in "ABCD"]
    assert values.people(wanted, shell) == {"A": "shell", "B": "repository", "C": "kept"}


def test_labels_that_are_no_json_say_nothing(tmp_path: Path) -> None:
    container = _container("shop", tmp_path)
    broken = {**container.labels, labels.ENV: "{"}
    good = {**container.labels, labels.ENV: '{"DEVENV_PORT_WEB_80": "8081"}'}
    found = values.given(
        _project(tmp_path),
        [
            ObservedContainer(id="1", name="x", image="x", image_id="x", state="running", labels=broken),
            ObservedContainer(id="2", name="y", image="x", image_id="x", state="running", labels=good),
        ],
    )
    assert found.labels == {"DEVENV_PORT_WEB_80": "8081"}


def test_a_port_that_the_engine_found_taken_moves_wherever_it_runs() -> None:
    known = values.Given(shell={}, kept={"A": "48101"})
    assert values.choose_ports([_port("A", 48101)], known, (), local=False, lost={48101}) == {"A": "48102"}
    said = values.Given(shell={"A": "48101"})
    assert values.choose_ports([_port("A", 48101)], said, (), local=False, lost={48101}) == {"A": "48101"}


def test_only_what_the_rendered_file_names_is_kept_for_compose(tmp_path: Path) -> None:
    project = replace(_project(tmp_path), variables=(Variable(name="A", kind="user"),))
    assert values.write_env(project, {"A": "1", "DEVENV_IMAGE_X": "y"})
    assert (tmp_path / ".devcontainer/.env").read_text().splitlines()[1:] == ["A=1"]
    assert (tmp_path / ".devcontainer/.env").stat().st_mode & 0o777 == 0o600
    assert not values.write_env(project, {"A": "1"})


def test_of_a_shell_only_what_the_rendered_file_names_is_kept_where_the_manifest_cannot_be_read(tmp_path: Path) -> None:
    document = Document(file="compose.yaml", value={"name": "${A:-x}", "services": {"s": {"image": "${B}"}}})
    project = replace(_project(tmp_path), documents=(document,), variables=None)
    assert values.write_env(project, {"A": "1", "B": "2", "SHELL_SECRET": "y"})
    assert (tmp_path / ".devcontainer/.env").read_text().splitlines()[1:] == ["A=1", "B=2"]


def test_all_values_that_nobody_says_are_told_at_once_in_the_order_of_the_file() -> None:
    wanted = [
        Variable(name="B", kind="secret", required=True, where=Span(file="devenv.yaml", line=9, column=3)),
        Variable(name="A", kind="user", required=True, why="ask ops", where=Span(file="devenv.yaml", line=4, column=3)),
        Variable(name="C", kind="user", required=True),
        Variable(name="D", kind="user", default="x"),
    ]
    with pytest.raises(DevenvErrors) as caught:
        values.check_required(wanted, {"C": "1"})
    assert [error.message for error in caught.value.errors] == [
        "The variable `A` has no value: ask ops.",
        "The secret `B` has no value.",
    ]
    assert all("export" in error.hint for error in caught.value.errors)


def test_what_was_kept_is_not_lost_where_the_manifest_cannot_be_read(tmp_path: Path) -> None:
    text = {
        "services": {"a": {"environment": {"A": "${A}", "PASSED": None}}},
        "secrets": {"t": {"environment": "TOKEN"}},
    }
    project = replace(_project(tmp_path), documents=(Document(file="compose.yaml", value=text),))
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer/.env").write_text("PASSED=yes\nTOKEN=kept\n")
    values.write_env(project, {"A": "1", "PASSED": "yes", "TOKEN": "kept", "HOME": "/root"})
    assert (tmp_path / ".devcontainer/.env").read_text().splitlines()[1:] == ["A=1", "PASSED=yes", "TOKEN=kept"]


def test_ports_of_services_on_the_host_are_theirs_and_nobody_elses() -> None:
    with socket.socket() as server:  # the person's own process
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        known = values.Given(shell={}, kept={"A": str(port)})
        wish = [_port("A", port)]
        assert values.choose_ports(wish, known, (), local=True, on_host=["a"]) == {"A": str(port)}
        assert values.choose_ports(wish, known, (), local=True) != {"A": str(port)}
    fresh = values.Given(shell={})
    assert values.choose_ports(wish, fresh, (), local=True, promised={port}) != {"A": str(port)}
    ours = _container("shop", Path("/x"), ports={"1/tcp": (("127.0.0.1", port),)})
    assert values.choose_ports(wish, known, (ours,), local=True, promised={port}) == {"A": str(port)}
