"""A project of several files, with include, extends, profiles and its own variables: met by devenv and by Compose."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devenv.model import labels
from tests.e2e.compose import binary, compose
from tests.e2e.plain import HEAD, Plain
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

BASE_FILE = """\
include: [lib/compose.yaml]
services:
  web:
    extends: {file: lib/common.yaml, service: base}
    environment: {GREETING: "$GREETING"}
    depends_on: [store]
  tool:
    <<: *wait
    profiles: [tools]
"""
OVER = """\
services:
  web:
    labels: !override {over: "yes"}
    volumes: ["./data:/data"]
"""
COMMON = """\
services:
  base:
    image: {image}
    init: true
    stop_grace_period: 1s
    command: [sleep, infinity]
    labels: {{base: "yes"}}
    env_file: common.env
"""
LIB = """\
services:
  store:
    image: {image}
    init: true
    stop_grace_period: 1s
    command: [sleep, infinity]
    environment: {{KIND: "$KIND"}}
    networks: [inner]
networks: {{inner: {{}}}}
"""


def _labels(project: Plain) -> dict[str, dict[str, Any]]:
    ours = ("dev.devenv.", labels.VERSION)
    return {
        name: {key: value for key, value in container.labels.items() if not key.startswith(ours)}
        for name, container in project.each().items()
    }


def test_what_devenv_brings_up_of_several_files_is_what_compose_would(tmp_path: Path, docker_base: str) -> None:
    project = Plain(tmp_path / "project", new_name())
    files = {
        "conf/base.yaml": HEAD.format(name=project.name, image=BASE) + BASE_FILE,
        "over.yaml": OVER,
        "conf/lib/common.yaml": COMMON.format(image=BASE),
        "conf/lib/common.env": "COMMON=1\n",
        "conf/lib/compose.yaml": LIB.format(image=BASE),
        "conf/lib/.env": "KIND=included\n",
        "my.env": "GREETING=hello\n",
    }
    for path, text in files.items():
        project.write(path, text)
    where = [
        "-f", str(project.folder / "conf/base.yaml"), "-f", str(project.folder / "over.yaml"),
        "--env-file", str(project.folder / "my.env"),
    ]  # fmt: skip
    try:
        assert project.run(*where, "up").returncode == 0
        held, mine = project.held(), _labels(project)
        assert held.keys() == {"web-1", "store-1"}
        assert compose(*where, "up", "-d").returncode == 0
        assert project.held() == held
        assert project.run(*where, "down").returncode == 0
        assert compose(*where, "--profile", "tools", "up", "-d").returncode == 0
        theirs = _labels(project)
        assert theirs.pop("tool-1")
        assert mine == theirs
        assert mine["web-1"][labels.WORKING_DIR] == str(project.folder / "conf")
        environment = project.each()["store-1"].attrs["Config"]["Env"]
        assert "KIND=included" in environment

        again = project.held()
        up = project.run(*where, "--profile", "tools", "up")
        assert (up.returncode, project.held()) == (0, again), up.stderr
        status = project.run(*where, "--output", "json", "status").stdout
        assert '"tool"' not in status
        assert project.run(*where, "--profile", "*", "down").returncode == 0
        assert not project.each()
    finally:
        project.clean()


def test_a_file_from_the_standard_input(tmp_path: Path, docker_base: str) -> None:
    project = Plain(tmp_path / "project", new_name())
    project.folder.mkdir()
    text = HEAD.format(name=project.name, image=BASE) + "services:\n  a: {<<: *wait}\n"
    try:
        up = project.run("-f", "-", "up", stdin=text)
        assert up.returncode == 0, up.stderr
        (container,) = project.each().values()
        assert container.labels[labels.CONFIG_FILES] == "-"
        assert container.labels[labels.WORKING_DIR] == str(project.folder)
        assert project.run("-f", "-", "down", stdin=text).returncode == 0
        assert not project.each()
    finally:
        project.clean()


def test_a_folder_behind_a_link_is_what_compose_takes_it_for(tmp_path: Path, docker_base: str) -> None:
    project = Plain(tmp_path / "project", new_name())
    project.furnish('services:\n  a: {<<: *wait, volumes: ["./data:/data"]}\n')
    link = tmp_path / "link"
    link.symlink_to(project.folder)
    try:
        up = subprocess.run([str(binary()), "up", "-d"], cwd=link, env={**os.environ, "PWD": str(link)}, check=False)
        assert up.returncode == 0
        held = project.held()
        for place in (link, project.folder):
            up_too = project.run("up", "--dry-run", cwd=place, env={"PWD": str(place)})
            assert up_too.returncode == 0, up_too.stderr
            assert ("nothing to do" in up_too.stdout + up_too.stderr) == (place == link)
        assert project.run("up", cwd=link, env={"PWD": str(link)}).returncode == 0
        assert project.held() == held
        assert project.run("down", cwd=link, env={"PWD": str(link)}).returncode == 0
    finally:
        project.clean()
