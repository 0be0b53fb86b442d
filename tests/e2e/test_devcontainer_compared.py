"""The workspace that `devenv up` makes of a hand-written devcontainer.json, and the one that the real CLI makes of a
copy, compared; and whose its files are."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devenv.core.recipes import VARIABLES
from devenv.model import labels
from tests.e2e.cli import Cli, as_user, own
from tests.e2e.repository import Repository
from tests.engines import BASE, new_name

ROOT_ALONE = pytest.mark.skipif(os.getuid() != 0, reason="root alone may be somebody else")
pytestmark = [pytest.mark.slow, pytest.mark.engine, ROOT_ALONE]

COMPOSE = """\
name: {name}
services:
  app:
    build: .devcontainer
    command: sleep infinity
    environment: {{SAID: compose}}
    volumes: [".:/ws"]
"""
DOCKERFILE = f"FROM {BASE}\nRUN useradd -m -u 1234 -s /bin/bash anna\nUSER anna\n"
DEVCONTAINER = """\
{ // written by hand
  "name": "Compared", "dockerComposeFile": "../compose.yaml", "service": "app", "workspaceFolder": "/ws",
  "remoteUser": "anna",
  "features": {"./one": {"size": "big"}, "./two": "7", "./three": {}},
  "overrideFeatureInstallOrder": ["./three"],
  "containerEnv": {"WHO": "${localEnv:NOT_THERE:anna}", "SAID": "json $x", "IN": "${containerWorkspaceFolder}"},
  "remoteEnv": {"ALSO": "${containerEnv:WHO}"},
  "mounts": ["source=store,target=/store,type=volume",
             {"source": "${localWorkspaceFolder}/.devcontainer", "target": "/dc", "type": "bind"}],
  "capAdd": ["SYS_PTRACE"], "securityOpt": ["seccomp=unconfined"], "init": true,
  "onCreateCommand": "echo onCreate >>/tmp/hooks", "updateContentCommand": "echo updateContent >>/tmp/hooks",
  "postCreateCommand": {"one": "echo postCreate >>/tmp/hooks"},
  "postStartCommand": ["sh", "-c", "echo postStart >>/tmp/hooks"], "postAttachCommand": "echo postAttach >>/tmp/hooks",
}
"""
INSTALL = """\
#!/bin/sh
set -e
echo "{name} size=$SIZE version=$VERSION flag=$FLAG_X $_REMOTE_USER $_REMOTE_USER_HOME $_CONTAINER_USER $(id -u)" >>/log
"""
FEATURES: dict[str, dict[str, Any]] = {
    "one": {
        "options": {"size": {"type": "string", "default": "small"}, "flag-x": {"type": "boolean", "default": True}},
        "installsAfter": ["./two"], "containerEnv": {"ONE": "1", "PATH": "/one:${PATH}"},
        "postCreateCommand": "echo feature >>/tmp/hooks",
    },
    "two": {
        "options": {"version": {"type": "string", "default": "5"}}, "mounts": ["source=two,target=/two,type=volume"],
        "entrypoint": "/usr/bin/env touch /tmp/entered",
    },
    "three": {"capAdd": ["NET_ADMIN"]},
}  # fmt: skip
INSIDE = {
    "features": "cat /log", "user": "id -un", "uid": "id -u", "gid": "id -g", "home": "echo $HOME", "folder": "pwd",
    "hooks": "cat /tmp/hooks", "entrypoint": "ls /tmp/entered", "remoteEnv": "echo $ALSO",
    "passwd": "grep ^anna: /etc/passwd", "owner of home": "stat -c %u:%g ~",
}  # fmt: skip
"""What is asked in both, as the workspace's user."""
OF_CONTAINER = ("User", "WorkingDir", "Tty", "OpenStdin")
OF_HOST = ("Init", "Privileged", "CapAdd", "CapDrop", "SecurityOpt", "PidMode", "IpcMode", "ReadonlyRootfs", "ShmSize")

DIFFER = {
    "image": "named after the project and not after the CLI's own cache",
    "entrypoint": "a shell script in other words: the features' entrypoints, then the service's command",
    "authorities": "where this host has a private CA, builds of devenv's trust it and name it in the environment",
    "label devcontainer.metadata": "the same sources; JSON is written with other spaces",
}
"""All in which the two differ, and why."""


@dataclass
class Pair:
    """Two copies of one repository: `ours` was brought up by devenv, `theirs` by the CLI alone."""

    ours: Repository
    theirs: Repository
    cli: Cli
    cli_alone: Cli


def furnish(one: Repository, user: int) -> None:
    one.write("compose.yaml", COMPOSE.format(name=one.name))
    one.write(".devcontainer/Dockerfile", DOCKERFILE)
    one.write(".devcontainer/devcontainer.json", DEVCONTAINER)
    for name, about in FEATURES.items():
        text = json.dumps({"id": name, "version": "1.0.0", **about})
        one.write(f".devcontainer/{name}/devcontainer-feature.json", text)
        one.write(f".devcontainer/{name}/install.sh", INSTALL.replace("{name}", name))
    own(one.folder, user)


def clean(one: Repository) -> None:
    marks = {f"{labels.PROJECT}={one.name}", f"devcontainer.local_folder={one.folder}"}
    images = set()
    for mark in marks:
        for container in one.client.containers.list(all=True, filters={"label": mark}):
            images.add(container.image.id)
            container.remove(force=True, v=True)
    for image in one.client.images.list(filters={"label": f"{labels.PROJECT}={one.name}"}):
        images.add(image.id)
    for image in images:
        one.client.images.remove(image, force=True)
    one.clean()


def devenv(one: Repository, user: int, *words: str) -> str:
    home = one.folder.parent / "home"
    home.mkdir(exist_ok=True)
    own(home, user)
    environment = {**os.environ, "HOME": str(home)}
    result = subprocess.run(
        [*as_user(user), *one.command(*words)], cwd=one.folder, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=420, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, docker_base: str) -> Iterator[Pair]:
    user = 1001
    folder = tmp_path_factory.mktemp("compared")
    ours, theirs = (Repository(folder / each / "repository", new_name()) for each in ("ours", "theirs"))
    try:
        for one in (ours, theirs):
            furnish(one, user)
            own(one.folder.parent, user)
        devenv(ours, user, "up")
        cli = Cli(ours.folder, folder / "tools", ours.command(), user=user)
        cli.up()
        alone = Cli(theirs.folder, folder / "alone", ["false"], user=user)
        alone.up()
        yield Pair(ours, theirs, cli, alone)
    finally:
        clean(ours)
        clean(theirs)


def described(one: Repository, cli: Cli) -> dict[str, Any]:
    """The container as it is to be compared; names of the project and of folders are made the same."""
    container = one.containers()["app"]

    def same(value: Any) -> Any:
        text = json.dumps(value, sort_keys=True).replace(str(one.folder), "FOLDER").replace(one.name, "PROJECT")
        return json.loads(text.replace(f'"{one.folder.name}"', '"FOLDER"'))

    config, host = container.attrs["Config"], container.attrs["HostConfig"]
    found: dict[str, Any] = {name: cli.inside(script) for name, script in INSIDE.items()}
    found |= {name: config[name] for name in OF_CONTAINER}
    found |= {name: host[name] for name in OF_HOST}
    found["CapAdd"] = sorted(str(each).removeprefix("CAP_") for each in host["CapAdd"])
    found["environment"] = sorted(each for each in config["Env"] if each.partition("=")[0] not in VARIABLES)
    found["authorities"] = sorted(each for each in config["Env"] if each.partition("=")[0] in VARIABLES)
    found["mounts"] = sorted(
        [m["Type"], m.get("Name") or m["Source"], m["Destination"], str(m["RW"])] for m in container.attrs["Mounts"]
    )
    found["image"] = config["Image"]
    found["entrypoint"] = [config["Entrypoint"], config["Cmd"]]
    found["sources"] = json.loads(config["Labels"]["devcontainer.metadata"])
    found["label devcontainer.metadata"] = config["Labels"]["devcontainer.metadata"]
    for name in ("devcontainer.local_folder", "devcontainer.config_file", labels.SERVICE, labels.ONEOFF, labels.NUMBER):
        found[f"label {name}"] = config["Labels"][name]
    volumes = one.client.volumes.list(filters={"label": f"{labels.PROJECT}={one.name}"})
    found["volumes"] = sorted((v.name, v.attrs["Labels"][labels.VOLUME]) for v in volumes)
    whole: dict[str, Any] = same(found)
    return whole


def test_the_two_are_the_same_but_for_what_is_listed(pair: Pair) -> None:
    ours, theirs = described(pair.ours, pair.cli), described(pair.theirs, pair.cli_alone)
    assert set(ours) == set(theirs)
    differing = {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}
    assert set(differing) <= set(DIFFER), differing
    assert ours["uid"].strip() == "1001"
    assert ours["hooks"].split() == ["onCreate", "updateContent", "feature", "postCreate", "postStart", "postAttach"]


def test_the_cli_reads_the_same_of_both(pair: Pair) -> None:
    """`read-configuration` with all that is merged into it."""
    answers = []
    for one, cli in ((pair.ours, pair.cli), (pair.theirs, pair.cli_alone)):
        result = cli.run("read-configuration", "--include-merged-configuration")
        assert result.returncode == 0, result.stderr
        answers.append(json.loads(result.stdout.replace(str(one.folder), "FOLDER").replace(one.name, "PROJECT")))
    assert answers[0]["mergedConfiguration"] == answers[1]["mergedConfiguration"]


def test_an_up_of_either_leaves_the_others_container(pair: Pair) -> None:
    before = [one.containers()["app"].id for one in (pair.ours, pair.theirs)]
    assert "nothing to do" in devenv(pair.ours, 1001, "up")
    assert "CreateContainer" not in (plan := devenv(pair.theirs, 1001, "up", "--dry-run")), plan
    devenv(pair.theirs, 1001, "up")  # made by the CLI, with a file of its own laid over ours
    pair.cli.up()
    pair.cli_alone.up()
    assert [one.containers()["app"].id for one in (pair.ours, pair.theirs)] == before


def test_a_change_of_devcontainer_json_is_a_reason_to_make_it_anew(pair: Pair) -> None:
    one = pair.ours
    before = one.containers()["app"].id
    one.edit(".devcontainer/devcontainer.json", '"WHO": "${localEnv:NOT_THERE:anna}"', '"WHO": "bob"')
    assert "devcontainer.json changed" in devenv(one, 1001, "up", "--dry-run")
    devenv(one, 1001, "up")
    after = one.containers()["app"]
    assert after.id != before
    assert "WHO=bob" in after.attrs["Config"]["Env"]
    one.edit(".devcontainer/one/install.sh", "set -e", "set -e  # more")
    devenv(one, 1001, "up")
    assert one.containers()["app"].id != after.id


IMAGE = """\
{{
  "image": "{image}", "remoteUser": "anna", "containerEnv": {{"ID": "${{devcontainerId}}"}},
  "postCreateCommand": "echo made >>/tmp/hooks", "forwardPorts": [8000], "runArgs": ["--hostname", "box"]
}}
"""


@pytest.mark.parametrize("user", [1000, 1001, 0])
def test_a_file_made_inside_belongs_to_the_hosts_user(tmp_path: Path, docker_base: str, user: int) -> None:
    """An image alone: no Compose file, no devenv.yaml."""
    one = Repository(tmp_path / "repository" / new_name(), "")
    one.name = one.folder.name
    tag = f"{one.name}:1"
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "Dockerfile").write_text(DOCKERFILE + "USER root\n")
    subprocess.run(["docker", "build", "-q", "-t", tag, str(tmp_path / "image")], check=True, capture_output=True)
    one.write(".devcontainer/devcontainer.json", IMAGE.format(image=tag))
    own(one.folder.parent, user)
    try:
        assert "postCreateCommand of workspace is run by the editor" in devenv(one, user, "up")
        made = one.containers()["workspace"]
        assert devenv(one, user, "exec", "workspace", "hostname").strip() == "box"
        assert devenv(
            one, user, "exec", "-u", "anna", "workspace", "sh", "-c", f"touch /workspaces/{one.name}/by-devenv; id -u"
        ).split() == [str(user)]
        cli = Cli(one.folder, tmp_path / "tools", one.command(), user=user)
        for _ in range(2):
            answer, _ = cli.up()
            assert answer["containerId"] == made.id
        assert answer["remoteUser"] == "anna"
        said = cli.inside("touch by-cli; id -u; cat /tmp/hooks; pwd; touch ~/mine").split()
        assert said == [str(user), "made", f"/workspaces/{one.name}"]
        for name in ("by-devenv", "by-cli"):
            found = (one.folder / name).stat()
            assert (found.st_uid, found.st_gid) == (user, user), name
        read = json.loads(cli.run("read-configuration", "--container-id", made.id).stdout)
        assert f"ID={read['configuration']['containerEnv']['ID']}" in made.attrs["Config"]["Env"]
        assert "nothing to do" in devenv(one, user, "up")
        devenv(one, user, "down")
        assert one.things()[0] == []
        # One that the CLI makes alone is no project's: it is named, and not made a second time.
        if user == 0:
            theirs, _ = cli.up()
            refused = one.run("up")
            assert refused.returncode == 1
            assert one.client.containers.get(theirs["containerId"]).name in refused.stderr
            assert one.run("up", "--for-ide").returncode == 0
            assert one.things()[0] == []
    finally:
        clean(one)
