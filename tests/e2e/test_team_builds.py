"""A team's Compose file whose images are built in every way: with secrets, keys, further contexts and a repository."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.machine import Machine
from tests.e2e.repository import ROOT
from tests.engines import BASE, new_name

pytestmark = [pytest.mark.engine, pytest.mark.slow]

COMPOSE = """\
name: {name}
services:
  api:
    init: true
    build:
      context: ./api
      additional_contexts: {{assets: ./assets, tools: "service:app", base: "docker-image://{base}"}}
      secrets: [token, {{source: word, target: spoken}}]
      ssh: [key=./key]
      extra_hosts: [x.test=192.0.2.9]
      tags: ["localhost/{name}:extra"]
    command: [sleep, infinity]
  app:
    init: true
    build: {{context: "file://{folder}/tools#main:sub", labels: {{a: b}}}}
    pull_policy: build
    command: [sleep, infinity]
secrets: {{token: {{file: ./token}}, word: {{environment: SPOKEN}}}}
"""
API = """\
FROM base
ENV RUN_OF={name}
COPY --from=assets / /assets/
COPY --from=tools /tool /tool
RUN --mount=type=secret,id=token sha256sum /run/secrets/token | cut -c1-64 >/sum
RUN --mount=type=secret,id=spoken wc -c </run/secrets/spoken >/size
RUN --mount=type=ssh,id=key test -S "$SSH_AUTH_SOCK"
RUN getent hosts x.test | cut -d' ' -f1 >/address
"""
COMMIT = "git -c user.name=a -c user.email=a@a.test -C tools commit -qam {0}"

Shell = Callable[[str], str]
"""Runs a command in the project's folder, where it must end with 0; what it wrote."""


class Here:
    """The project on this machine's engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def write(self, path: str, text: str) -> None:
        (Path(self.folder) / path).parent.mkdir(parents=True, exist_ok=True)
        (Path(self.folder) / path).write_text(text)

    def run(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            command, shell=True, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=420, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    dev = f"{ROOT}/dev"


class There:
    """The project on a bare machine."""

    folder = "/root/shop"
    dev = "/src/dev"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def write(self, path: str, text: str) -> None:
        self.machine.write(f"{self.folder}/{path}", text.encode())

    def run(self, command: str) -> tuple[int, str]:
        return self.machine.run(command, timeout=900, folder=self.folder)


def _walk(place: Here | There, name: str) -> None:
    def must(command: str) -> str:
        code, told = place.run(command)
        assert code == 0, told
        return told

    def inside(command: str) -> list[str]:
        return must(f"docker exec {name}-api-1 sh -c '{command}'").split()

    def ids() -> list[str]:
        return [must(f"docker inspect -f '{{{{.Id}}}}' {name}-{service}-1").strip() for service in ("api", "app")]

    up = f"SPOKEN=nine-chars {place.dev} up"
    place.write("compose.yaml", COMPOSE.format(name=name, base=BASE, folder=place.folder))
    place.write("api/Dockerfile", API.format(name=name))  # the builder's cache does not look at secrets
    place.write("assets/one", "1")
    place.write("tools/sub/Dockerfile", f"FROM {BASE}\nCOPY tool /tool\n")
    place.write("tools/sub/tool", "first")
    word = new_name()
    place.write("token", word)
    must("git init -q -b main tools && git -C tools add -A && " + COMMIT.format("one"))
    must("ssh-keygen -q -t ed25519 -N '' -f key && chmod 600 key")

    must(up)
    assert inside("cat /sum /size /address /assets/one; echo; cat /tool") == [
        hashlib.sha256(word.encode()).hexdigest(), "10", "192.0.2.9", "1", "first",
    ]  # fmt: skip
    assert word not in must(f"docker history --no-trunc {name}-api && docker inspect {name}-api {name}-api-1")
    assert must(f"docker inspect -f '{{{{.Id}}}}' localhost/{name}:extra {name}-api").split()[0].startswith("sha256:")

    # Built each time, as it says, and made anew only where something came of it.
    first = ids()
    assert "nothing to do" in must(up)
    assert ids() == first

    # What is in a further context is a part of what is built.
    place.write("assets/one", "2")
    must(up)
    second = ids()
    assert (second[0] != first[0], second[1]) == (True, first[1])
    assert inside("cat /assets/one") == ["2"]

    # A branch goes on; who builds on its image goes with it.
    place.write("tools/sub/tool", "second")
    must(COMMIT.format("two"))
    must(up)
    third = ids()
    assert third[0] != second[0]
    assert third[1] != second[1]
    assert inside("cat /tool") == ["second"]

    place.write("assets/one", "3")
    assert "nothing to do" in must(f"{up} --no-build --pull never")
    must(f"{place.dev} down")
    must(f"docker rmi -f {name}-app")
    code, told = place.run(f"{up} --no-build")
    assert code == 2, told
    assert "`--no-build` forbids to build it" in told


def test_on_this_engine(tmp_path: Path, docker_base: str) -> None:
    name = new_name()
    folder = tmp_path / "shop"
    folder.mkdir()
    try:
        _walk(Here(folder), name)
    finally:
        subprocess.run(
            f"docker ps -aq --filter label=com.docker.compose.project={name} | xargs -r docker rm -fv;"
            f"docker network rm {name}_default; docker rmi -f {name}-api {name}-app localhost/{name}:extra;"
            f"docker images -q --filter label=dev.devenv.context={folder}/assets | xargs -r docker rmi -f",
            shell=True, capture_output=True, check=False,
        )  # fmt: skip


@pytest.fixture
def machine(docker_base: str) -> Iterator[Machine]:
    with Machine("trixie") as one:
        one.run("apt-get update -q && apt-get install -qy --no-install-recommends git openssh-client", folder="/")
        one.write("/root/first/compose.yaml", b"name: first\nservices: {a: {image: none, pull_policy: never}}\n")
        one.run("/src/dev -C /root/first up", timeout=900)  # installs and starts an engine; the image is not there
        saved = subprocess.run(["docker", "save", BASE], capture_output=True, check=True).stdout
        one.write("/root/base.tar", saved)
        code, told = one.run("docker load -i /root/base.tar", folder="/")
        assert code == 0, told
        yield one


def test_on_a_bare_machine_with_a_newer_engine(machine: Machine) -> None:
    _walk(There(machine), "shop")
