"""Compose's own hashes on what is made, where Compose is installed: asked once, and never by who makes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devenv.app.composes import Asked, composes_hashes
from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import Session, on_engine
from devenv.app.up import Wishes, decide
from devenv.backends.fake import FakeEngine
from devenv.core.compose.hash import config_hash
from devenv.host.machine import ThisHost
from devenv.model import labels
from devenv.model.plan import CreateContainer, Plan
from devenv.ui.make import make_ui

TEXT = """
name: shop
services:
  web: {image: app, environment: {WORD: "${WORD:-one}"}}
  side: {image: app, network_mode: "service:web"}
  tool: {image: app, profiles: [tools]}
"""
OTHER = {name: digit * 64 for name, digit in (("web", "a"), ("side", "b"), ("tool", "c"), ("gone", "d"))}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Compose of another version; the file counts how often it was asked."""
    plugins = tmp_path / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    answers = "".join(f"echo {name} {digest}; " for name, digest in OTHER.items())
    script = f'#!/bin/sh\n[ "$1" = version ] && exec echo 2.30.0\necho "$WORD" >>{tmp_path}/asked\n{answers}\n'
    (plugins / "docker-compose").write_text(script)
    (plugins / "docker-compose").chmod(0o755)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / ".devenv").mkdir()
    (tmp_path / "compose.yaml").write_text(TEXT)
    (tmp_path / "asked").touch()
    return tmp_path / "asked"


@contextmanager
def met(folder: Path, engine: FakeEngine) -> Iterator[Session]:
    ctx = Context(ui=make_ui("text"), directory=str(folder))
    with on_engine(ctx, read_project(ctx), engine, locked=False) as here:
        yield here


def planned(folder: Path, engine: FakeEngine, wishes: Wishes | None = None) -> Plan:
    host = ThisHost(install=False, ask=lambda question: False, say=lambda line: None)
    with met(folder, engine) as here:
        return decide(here, wishes or Wishes(), host).plan


def hashes(plan: Plan) -> dict[str, str]:
    steps = [node.step for node in plan.nodes if isinstance(node.step, CreateContainer)]
    return {step.service: step.payload["Labels"][labels.CONFIG_HASH] for step in steps}


def test_what_it_says_is_the_label(installed: Path, tmp_path: Path) -> None:
    engine = FakeEngine(images=["app"])
    with met(tmp_path, engine) as here:
        side = config_hash(here.stack.services["side"].config)
    # Who joins a namespace is hashed when the container that it joins is there.
    assert hashes(planned(tmp_path, engine)) == {"web": "a" * 64, "side": side}


def test_it_is_asked_again_only_where_something_is_another(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine(images=["app"])
    for _ in range(2):
        assert hashes(planned(tmp_path, engine))["web"] == "a" * 64
    assert installed.read_text() == "\n"
    monkeypatch.setenv("WORD", "two")
    planned(tmp_path, engine)
    assert installed.read_text() == "\ntwo\n"
    (tmp_path / "compose.yaml").write_text(TEXT + "# more\n")
    planned(tmp_path, engine)
    program = tmp_path / "docker" / "cli-plugins" / "docker-compose"
    program.write_text(program.read_text() + "# newer\n")
    planned(tmp_path, engine)
    assert installed.read_text() == "\n" + 3 * "two\n"


def test_who_makes_nothing_or_only_looks_never_asks(installed: Path, tmp_path: Path) -> None:
    engine = FakeEngine(images=["app"])
    with met(tmp_path, engine) as here:
        ours = {name: config_hash(service.config) for name, service in here.stack.services.items()}
        for name in ours:
            body = {"Image": "app", "Labels": {labels.PROJECT: "shop", labels.SERVICE: name}}
            engine.create_container(f"shop-{name}-1", body)
    assert hashes(planned(tmp_path, engine, Wishes(dry_run=True, force_recreate=True))) == ours
    with met(tmp_path, engine) as here:
        assert Asked(here).plan(Plan()) == Plan()
    assert installed.read_text() == ""
    # One that is made anew is asked about once that is known.
    assert hashes(planned(tmp_path, engine, Wishes(force_recreate=True)))["web"] == "a" * 64


@pytest.mark.parametrize("script", ["exit 1", "[ $1 = version ] && exec echo 1.29.2; echo web " + "a" * 64])
def test_one_that_fails_or_is_too_old_is_left_alone(installed: Path, tmp_path: Path, script: str) -> None:
    (tmp_path / "docker" / "cli-plugins" / "docker-compose").write_text(f"#!/bin/sh\n{script}\n")
    engine = FakeEngine(images=["app"])
    with met(tmp_path, engine) as here:
        assert composes_hashes(here) == {}
        ours = config_hash(here.stack.services["web"].config)
    assert hashes(planned(tmp_path, engine))["web"] == ours


def test_files_that_went_away_meanwhile(installed: Path, tmp_path: Path) -> None:
    with met(tmp_path, FakeEngine(images=["app"])) as here:
        (tmp_path / "compose.yaml").unlink()
        assert composes_hashes(here)["web"] == "a" * 64
