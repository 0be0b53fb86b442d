"""A hand-written devcontainer.json met with the project that lies beside it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from devenv.app.context import Context
from devenv.app.features import with_features
from devenv.app.project import Project, committed_project, read_project
from devenv.app.render import render
from devenv.app.stack import load_stack
from devenv.core.devcontainer.read import read
from devenv.model.devcontainer import Devcontainer
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode
from devenv.ui.make import make_ui
from tests.registry import Registry

COMPOSE = "name: shop\nservices:\n  app:\n    image: python:3.13-slim\n  db: {image: 'postgres:17'}\n"
JSON = ".devcontainer/devcontainer.json"


def context(folder: Path, *files: str) -> Context:
    return Context(ui=make_ui("text"), directory=str(folder), files=files)


def write(folder: Path, path: str, content: Any) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def project(folder: Path, *files: str) -> Project:
    return read_project(context(folder, *files))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def test_without_one_nothing_changes(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    assert project(shop).devcontainer is None


def test_the_service_that_it_names_is_the_workspace(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    write(shop, JSON, {"dockerComposeFile": "../compose.yaml", "service": "app", "workspaceFolder": "/w",
                       "remoteUser": "anna", "remoteEnv": {"A": "1"}})  # fmt: skip
    found = project(shop)
    assert found.files == (shop / "compose.yaml",)
    stack = load_stack(found, {})
    assert stack.project == "shop"
    assert stack.workspace == {"service": "app", "folder": "/w", "user": "anna", "remoteEnv": {"A": "1"}}
    assert stack.services["app"].devcontainer == found.devcontainer
    assert stack.services["db"].devcontainer is None


def test_further_files_that_it_names_are_the_project(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    write(shop, ".devcontainer/more.yaml", "services: {app: {command: sleep infinity}}\n")
    write(shop, JSON, {"dockerComposeFile": ["../compose.yaml", "more.yaml"], "service": "app"})
    found = project(shop)
    assert found.files == (shop / "compose.yaml", shop / ".devcontainer/more.yaml")
    assert found.working_dir == shop


def test_what_compose_would_take_by_itself_stays_the_project(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    write(shop, "compose.override.yaml", "services: {app: {init: true}}\n")
    write(shop, JSON, {"dockerComposeFile": "../compose.yaml", "service": "app"})
    assert project(shop).files == (shop / "compose.yaml", shop / "compose.override.yaml")


def test_files_beside_it_are_named_as_editors_name_them(shop: Path) -> None:
    write(shop, ".devcontainer/compose.yaml", COMPOSE.partition("\n")[2])
    write(shop, JSON, {"dockerComposeFile": "compose.yaml", "service": "app"})
    found = project(shop)
    assert (found.name, found.own, found.working_dir) == ("shop_devcontainer", False, shop / ".devcontainer")
    write(shop, ".devcontainer/compose.yaml", COMPOSE)
    assert project(shop).name == ""


def test_a_service_that_is_not_there_is_told(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    write(shop, JSON, {"dockerComposeFile": "../compose.yaml", "service": "ap"})
    with pytest.raises(DevenvError, match=r"`ap` is no service of .*compose.yaml.") as caught:
        project(shop)
    assert "app, db" in caught.value.hint
    assert committed_project(context(shop)).devcontainer is None


def test_a_compose_file_that_is_not_there_is_told(shop: Path) -> None:
    write(shop, JSON, {"dockerComposeFile": "none.yaml", "service": "app"})
    with pytest.raises(DevenvError, match=r"The Compose file .*none.yaml is not there."):
        project(shop)


def test_an_image_alone_is_a_project_of_one_service(shop: Path) -> None:
    write(shop, ".devcontainer.json", '{"image": "python:3.13-slim", "runArgs": ["--hostname=box"], // x\n}')
    found = project(shop)
    stack = load_stack(found, {}, "shop")
    assert list(stack.services) == ["workspace"]
    assert stack.services["workspace"].config["hostname"] == "box"
    assert stack.workspace["folder"] == "/workspaces/shop"
    assert found.devcontainer is not None
    assert found.devcontainer.file == str(shop / ".devcontainer.json")


def test_an_image_beside_compose_files_is_one_more_service(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE + "  workspace: {image: 'redis:8'}\n")
    write(shop, JSON, {"image": "python:3.13-slim"})
    stack = load_stack(project(shop), {})
    assert sorted(stack.services) == ["app", "db", "devcontainer", "workspace"]
    assert stack.workspace["service"] == "devcontainer"


def test_a_manifest_with_a_workspace_keeps_it(shop: Path) -> None:
    write(shop, "devenv.yaml", "name: shop\nservices: {app: {image: 'python:3.13-slim'}}\nworkspace: {service: app}\n")
    write(shop, ".devcontainer.json", {"image": "python:3.13-slim"})
    found = project(shop)
    assert load_stack(found, {}).workspace["service"] == "app"


def test_a_manifest_without_a_workspace_takes_the_hand_written_one(shop: Path) -> None:
    write(shop, "devenv.yaml", "name: shop\nservices: {app: {image: 'python:3.13-slim'}}\n")
    write(shop, JSON, {"image": "python:3.13-slim", "remoteUser": "root"})
    stack = load_stack(project(shop), {})
    assert stack.workspace == {"service": "workspace", "folder": "/workspaces/shop", "user": "root"}
    write(shop, JSON, {"dockerComposeFile": "other.yaml", "service": "x"})
    found = project(shop)
    assert found.devcontainer is None
    assert any("another stack than the manifest's" in notice for notice in found.notices)


def test_of_several_one_must_be_named(shop: Path) -> None:
    for name in ("one", "two"):
        write(shop, f".devcontainer/{name}/devcontainer.json", {"image": name})
    with pytest.raises(DevenvError, match=r"There are several devcontainers") as caught:
        project(shop)
    assert "-f" in caught.value.hint
    named = project(shop, str(shop / ".devcontainer/two/devcontainer.json"))
    assert load_stack(named, {}, "shop").services["workspace"].image == "two"
    write(shop, "compose.yaml", COMPOSE)
    assert any("several devcontainers" in notice for notice in project(shop).notices)


def feature(folder: Path, name: str, **about: Any) -> None:
    write(folder, f".devcontainer/{name}/devcontainer-feature.json", {"id": name, **about})
    write(folder, f".devcontainer/{name}/install.sh", f"echo {name}\n")


def devcontainer(folder: Path, features: Any, **more: Any) -> Devcontainer:
    said = read(
        json.dumps({"image": "a", "features": features, **more}), file=str(folder / JSON), shown="d.json",
        folder=str(folder), env={}, mount_folder=str(folder), ids=(1, 1),
    )  # fmt: skip
    return said.devcontainer


def test_local_features_are_laid_out_in_their_order(shop: Path, tmp_path: Path) -> None:
    feature(shop, "one", installsAfter=["./two"], options={"size": {"default": "s"}})
    feature(shop, "two", dependsOn={"./three": {}})
    feature(shop, "three")
    given = devcontainer(shop, {"./one": {"size": "l"}, "./two": {}, "./off": False})
    found = with_features(given, tmp_path / "laid", None)
    assert [each.id for each in found.features] == ["./three", "./two", "./one"]
    assert found.features[2].options == {"SIZE": "l"}
    assert (Path(found.context) / "0/install.sh").read_text() == "echo three\n"
    write(shop, ".devcontainer/one/install.sh", "echo changed\n")
    again = with_features(given, tmp_path / "laid", None)
    assert again.features[2].digest != found.features[2].digest
    assert (Path(again.context) / "2/install.sh").read_text() == "echo changed\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./none", "The feature `./none` has no devcontainer-feature.json in "),
        ("../../out", "The feature `../../out` lies outside of the repository."),
        ("git", "`git` names no feature."),
        ("localhost:1/a/git:1", "The feature localhost:1/a/git:1 cannot be had: localhost:1 does not answer"),
        ("http://localhost:1/x.tgz", "The feature http://localhost:1/x.tgz cannot be had: its address does not answer"),
    ],
)
def test_features_that_cannot_be_had_are_refused_by_name(shop: Path, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DevenvError) as caught:
        with_features(devcontainer(shop, {name: {}}), tmp_path / "laid", None)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_what_is_wrong_in_a_feature_is_told_with_its_place(shop: Path, tmp_path: Path) -> None:
    feature(shop, "one", options=[], containerEnv={"A": 1}, mounts=[{}], dependsOn="x", legacyIds=["old"])
    with pytest.raises(DevenvErrors) as caught:
        with_features(devcontainer(shop, {"./one": {}}), tmp_path / "laid", None)
    assert [error.message.partition(" is not ")[0] for error in caught.value.errors] == [
        f"`{key}` of the feature `./one`" for key in ("options", "containerEnv", "mounts", "dependsOn")
    ]
    assert all(
        error.hint and str(error.where).startswith(f"{shop}/.devcontainer/one/") for error in caught.value.errors
    )


def packed(name: str, **about: Any) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for path, text in (("devcontainer-feature.json", json.dumps({"id": name, **about})), ("install.sh", "echo\n")):
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


@pytest.mark.parametrize("login", [False, True])
def test_a_feature_of_a_registry_is_fetched_and_kept(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Registry({"tools/git:1": packed("git", options={"version": {"default": "9"}})}, token=login) as registry:
        name = f"{registry.address}/tools/git:1"
        found = with_features(devcontainer(shop, {name: {}}), tmp_path / "laid", None)
        assert (found.features[0].id, found.features[0].options) == (name, {"VERSION": "9"})
        assert (Path(found.features[0].folder) / "install.sh").read_text() == "echo\n"
        with pytest.raises(DevenvError, match=r"has no such feature or version") as caught:
            with_features(devcontainer(shop, {f"{registry.address}/tools/git:2": {}}), tmp_path / "laid", None)
        assert caught.value.code == ExitCode.UNFIT
    assert with_features(devcontainer(shop, {name: {}}), tmp_path / "laid", None).features == found.features


def test_a_feature_that_is_not_what_its_digest_says_is_refused(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with (
        Registry({"tools/git:1": packed("git")}, spoiled=True) as registry,
        pytest.raises(DevenvError, match=r"what came is not what its digest says"),
    ):
        with_features(devcontainer(shop, {f"{registry.address}/tools/git:1": {}}), tmp_path / "laid", None)


def test_a_feature_is_unpacked_by_a_python_without_filters(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12's Python 3.11.2: `TarFile.extractall` takes no `filter`."""

    def extractall(*_: object, filter: str) -> None:
        raise TypeError(filter)

    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Registry({"tools/git:1": packed("git")}) as registry:
        with_features(devcontainer(shop, {f"{registry.address}/tools/git:1": {}}), tmp_path / "laid", None)
    with Registry({"tools/bad:1": b"no archive"}) as registry, pytest.raises(DevenvError, match="cannot be unpacked"):
        with_features(devcontainer(shop, {f"{registry.address}/tools/bad:1": {}}), tmp_path / "laid", None)


def test_files_that_the_person_names_stay_the_project(shop: Path) -> None:
    write(shop, "compose.yaml", COMPOSE)
    write(shop, "more.yaml", "services: {app: {init: true}}\n")
    write(shop, JSON, {"dockerComposeFile": ["../compose.yaml", "../more.yaml"], "service": "app"})
    found = project(shop, str(shop / "compose.yaml"))
    assert found.files == (shop / "compose.yaml",)
    assert found.devcontainer is not None
    write(shop, "other.yaml", "services: {one: {image: x}}\n")
    assert project(shop, str(shop / "other.yaml")).devcontainer is None


@pytest.mark.parametrize(
    ("service", "folder"),
    [
        ({"volumes": ["./src:/code/src", ".:/app"], "working_dir": "/app/web"}, "/app"),
        ({"volumes": ["./src:/code/src"], "working_dir": "/srv"}, "/srv"),
        ({"volumes": ["..:/all"]}, "/all/shop"),
        ({"volumes": ["./app.ini:/etc/app.ini", "./src/deep:/deep", "./src:/code/src"]}, "/code/src"),
        ({"volumes": ["./app.ini:/etc/app.ini", "/somewhere/else:/else", "data:/data"]}, "/else"),
        ({"volumes": ["./app.ini:/etc/app.ini", "data:/data"]}, "/"),
    ],
)
def test_editors_open_the_folder_that_the_compose_file_mounts(
    shop: Path, capsys: pytest.CaptureFixture[str], service: dict[str, Any], folder: str
) -> None:
    write(shop, "app.ini", "")
    (shop / "src/deep").mkdir(parents=True)
    said = {"services": {"web": {"image": "app", **service}}, "volumes": {"data": {}}}
    write(shop, "compose.yaml", said | {"x-devenv": {"workspace": {"service": "web"}}})
    assert render(context(shop), devcontainer=True) == 0
    assert json.loads((shop / JSON).read_text(encoding="utf-8"))["workspaceFolder"] == folder
    told = capsys.readouterr()
    assert ("x-devenv: {workspace: {folder: /app}}" in told.out + told.err) == (folder == "/")


def test_x_devenv_says_it_where_there_is_no_devcontainer_json(shop: Path) -> None:
    top = "x-devenv: {workspace: {service: app, user: anna, folder: /w, features: {./tool: {}}}}\n"
    write(shop, "compose.yaml", top + COMPOSE)
    found = project(shop)
    assert found.devcontainer is not None
    assert found.devcontainer.config["features"] == {"./tool": {}}
    service = load_stack(found, {}).services["app"]
    assert service.devcontainer is not None
    assert (service.devcontainer.user, service.devcontainer.workspace_folder) == ("anna", "/w")
