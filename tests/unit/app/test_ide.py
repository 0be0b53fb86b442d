"""What an editor starts where the manifest cannot be read: the committed files, with values that fit this host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.app.context import Context
from devenv.app.ide import project_to_open
from devenv.app.project import read_project, write_rendered
from devenv.app.session import on_engine
from devenv.backends.fake import FakeEngine
from devenv.ui.make import make_ui

MANIFEST = """\
name: shop
services:
  api: {image: app, ports: [8000]}
  box: {image: app}
workspace: {service: box}
"""


def test_a_manifest_that_cannot_be_read_leaves_what_is_committed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "devenv.yaml"
    file.write_text(MANIFEST, encoding="utf-8")
    ctx = Context(ui=make_ui("text"), directory=str(tmp_path))
    write_rendered(read_project(ctx))
    file.write_text("servicess: {}\n", encoding="utf-8")
    project = project_to_open(ctx)
    told = capsys.readouterr().err
    assert "servicess" in told
    assert "as it was rendered before" in told
    with on_engine(ctx, project, FakeEngine(images=["app"]), locked=False) as here:
        assert here.name == "shop"
        assert here.values["DEVENV_UID"] == str(os.getuid())
        assert here.values["DEVENV_PORT_API_8000"] == "8000"
        elsewhere = here.again((), lost={8000})  # somebody has it
        assert elsewhere.values["DEVENV_PORT_API_8000"] == "8001"
        assert "8001" in str(elsewhere.stack.services["api"].config["ports"])
