"""What a killed run was just doing is waited for before anything is decided from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.app import values
from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import PROFILES, on_engine, settled
from devenv.backends.fake import FakeEngine
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.ui.make import make_ui


def test_a_container_that_is_being_started_is_looked_at_again() -> None:
    engine = FakeEngine(images=["app"])
    env = {"DEVENV_PORT_API_80": "8000", "DEVENV_PROJECT": "shop"}
    marks = {"api": env, "other": {"DEVENV_PROJECT": "shop"}, "gone": env}
    for port, (name, chosen) in enumerate(marks.items(), 8000):
        engine.create_container(
            name,
            {
                "Image": "app",
                "Labels": {labels.PROJECT: "shop", labels.ENV: json.dumps(chosen)},
                "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}},
            },
        )
    listed = {c.name: c for c in engine.projects()["shop"]}
    engine.remove_container("gone")
    engine.start("api")
    engine.start("other")
    found = {c.name: c.state for c in settled(engine, listed.values())}
    assert found == {"api": "running", "other": "created", "gone": "created"}


def test_a_service_on_the_host_is_known_though_its_profile_is_not_active(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "name: shop\n"
        "services: {api: {image: app}, tool: {image: app, profiles: [tools]}, x: {image: app, profiles: [y]}}",
        encoding="utf-8",
    )
    engine = FakeEngine(images=["app"])
    marks = {labels.PROJECT: "shop", labels.FOLDER: str(tmp_path), labels.SERVICE: "tool", labels.ON_HOST: "{}"}
    engine.create_container("shop-tool-1", {"Image": "app", "Labels": marks})
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    with on_engine(ctx, read_project(ctx), engine, locked=False) as here:
        assert (here.excepted, [*here.stack.services]) == (("tool",), ["api", "tool"])
        assert here.values[PROFILES] == "tools"
        assert here.stack.services["tool"].on_host is not None
        assert here.excepting(()).stack.services["tool"].on_host is None


def test_what_only_a_file_of_variables_names_is_asked_for_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "devenv.yaml").write_text(
        "name: shop\nservices:\n  api:\n    image: app\n    env_file: [app.env, {path: raw.env, format: raw}]\n",
        encoding="utf-8",
    )
    (tmp_path / "app.env").write_text(
        "NEEDED=${MUST:?say it}\nNESTED=${NOWHERE:-${DEEP}}\nBARE\nGONE=[${NOBODY}]\n", encoding="utf-8"
    )
    (tmp_path / "raw.env").write_text("ALONE\nAS_IS=${RAW}\n", encoding="utf-8")
    (tmp_path / ".env").write_text("BARE=b\n", encoding="utf-8")
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    engine = FakeEngine(images=["app"])
    with (
        pytest.raises(DevenvError, match="`MUST` has no value: say it") as caught,
        on_engine(ctx, read_project(ctx), engine, locked=False),
    ):
        pass
    assert "export MUST=" in caught.value.hint
    assert str(caught.value.where).endswith("app.env:1:8")
    said = {"MUST": "m", "DEEP": "d", "ALONE": "a", "RAW": "never"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with on_engine(ctx, read_project(ctx), engine, locked=False) as here:
        assert here.stack.services["api"].config["environment"] == {
            "NEEDED": "m", "NESTED": "d", "BARE": "b", "GONE": "[]", "ALONE": "a", "AS_IS": "${RAW}"
        }  # fmt: skip
        (line,) = (line for line in here.stack.notices if "`NOBODY` is not set" in line)
        assert "app.env:4:6: " in line
        (tmp_path / ".devcontainer").mkdir(exist_ok=True)
        values.write_env(here.project, here.values, here.stack.looked_up)
    kept = (tmp_path / ".devcontainer/.env").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in kept if not line.startswith("DEVENV_")] == ["ALONE=a", "BARE=b", "DEEP=d", "MUST=m"]
    for name in said:
        monkeypatch.delenv(name)
    with on_engine(ctx, read_project(ctx), engine, locked=False) as here:
        assert here.stack.services["api"].config["environment"]["NEEDED"] == "m"
