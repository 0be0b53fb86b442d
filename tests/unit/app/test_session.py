"""What a killed run was just doing is waited for before anything is decided from it."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import PROFILES, on_engine, settled
from devenv.backends.fake import FakeEngine
from devenv.model import labels
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
