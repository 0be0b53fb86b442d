"""What a command in a container ends with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.app.context import Context
from devenv.app.exec import begun, exec_, running_container
from devenv.app.features import Claimed
from devenv.app.observing import container_of, none_of
from devenv.app.project import read_project
from devenv.app.session import Session, on_engine
from devenv.backends.fake.engine import FakeEngine
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.ui.make import make_ui

LABELS = {labels.PROJECT: "shop", labels.SERVICE: "web", labels.NUMBER: "2"}


def test_a_workspace_folder_that_is_not_in_the_container_is_told(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: app}}\n", encoding="utf-8")
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    engine = FakeEngine(images=["app"])
    engine.create_container("shop-web-2", {"Image": "app", "Labels": LABELS})
    container = engine.inspect("shop-web-2")
    with on_engine(ctx, replace(read_project(ctx), name="shop"), engine, locked=False) as here:
        assert begun(here, container, "/tmp", 126) == 126  # it is there: the command is not
        assert begun(here, container, "/none", 1) == 1
        assert begun(here, container, "", 127) == 127
        with pytest.raises(DevenvError, match=r"folder /none is not in `web`") as caught:
            begun(here, container, "/none", 126)
    assert "`volumes: [.:/none]`" in caught.value.hint
    assert caught.value.code == ExitCode.FAILED


def test_a_command_in_the_workspace_begins_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "services: {web: {image: app}, db: {image: app}}\nx-devenv: {workspace: {service: web, folder: /srv}}\n"
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    engine, asked = FakeEngine(images=["app"]), []
    for name in ("web", "db"):
        marks = {**LABELS, labels.SERVICE: name}
        engine.start(engine.create_container(f"shop-{name}-2", {"Image": "app", "Labels": marks}))

    def attached(container: str, command: Sequence[str], *, workdir: str = "", **more: object) -> int:
        asked.append(workdir)
        return 0

    @contextmanager
    def opened(ctx: Context, **more: object) -> Iterator[Session]:
        with on_engine(ctx, replace(read_project(ctx), name="shop"), engine, locked=False) as here:
            yield here

    monkeypatch.setattr(engine, "exec_attached", attached)
    monkeypatch.setattr("devenv.app.exec.session", opened)
    assert exec_(ctx, "web", ["pwd"]) == 0
    assert exec_(ctx, "web", ["pwd"], workdir="/tmp") == 0
    assert exec_(ctx, "db", ["pwd"]) == 0
    assert asked == ["/srv", "/tmp", ""]


def test_what_an_editor_made_outside_of_the_project_is_told(tmp_path: Path) -> None:
    (tmp_path / ".devcontainer.json").write_text('{"image": "app"}', encoding="utf-8")
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    engine = FakeEngine(images=["app"])
    found = {labels.DEVCONTAINER_FOLDER: str(tmp_path), labels.DEVCONTAINER_CONFIG: f"{tmp_path}/.devcontainer.json"}
    with on_engine(ctx, replace(read_project(ctx), name="shop"), engine, locked=False) as here:
        with pytest.raises(DevenvError, match="has no container"):
            running_container(here, "workspace")
        engine.create_container("theirs", {"Image": "app", "Labels": found})
        with pytest.raises(Claimed, match="An editor made a container of this devcontainer itself: theirs"):
            running_container(here, "workspace")


def test_a_number_that_no_container_has() -> None:
    engine = FakeEngine(images=["app"])
    assert none_of(engine.observe("shop"), "web", 0).hint == "Bring it up first: devenv up web"
    engine.create_container("shop-web-2", {"Image": "app", "Labels": LABELS})
    observed = engine.observe("shop")
    assert container_of(observed, "web", 1) is None
    said = none_of(observed, "web", 1)
    assert (said.message, said.hint) == ("`web` has no container with the number 1.", "Those that it has: 2.")
