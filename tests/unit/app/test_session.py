"""What a killed run was just doing is waited for before anything is decided from it."""

from __future__ import annotations

import json

from devenv.app.session import settled
from devenv.backends.fake import FakeEngine
from devenv.model import labels


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
