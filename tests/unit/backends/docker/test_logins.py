"""The logins of this host, as a client in a container reads them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from devenv.backends.docker.logins import logins
from devenv.model.errors import DevenvError, ExitCode


def config(folder: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, object]) -> None:
    (folder / "config.json").write_text(json.dumps(said))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


def test_every_login_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = base64.b64encode(b"me:pass:word").decode()
    config(tmp_path, monkeypatch, {"auths": {"registry.test": {"auth": plain}}, "proxies": {}})
    assert json.loads(logins()) == {"auths": {"registry.test": {"auth": plain}}}


def test_a_helper_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-broken"
    helper.write_text("#!/bin/sh\nexit 1\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    config(tmp_path, monkeypatch, {"credsStore": "broken", "auths": {"registry.test": {}}})
    with pytest.raises(DevenvError, match="cannot be read") as caught:
        logins()
    assert caught.value.code == ExitCode.UNFIT


def test_nobody_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert json.loads(logins()) == {"auths": {}}
