"""The ten points by which a project is shared with Docker Compose and the devcontainers CLI, each a function that
raises AssertionError. Run here by `test_sharing.py`, and on a bare machine as a program: KIND FOLDER POINT….

Two kinds of projects: `manifest` is a devenv.yaml, `plain` a team's own Compose file with a devcontainer.json that
somebody wrote by hand. Points 7 to 9 need the devcontainers CLI (`DEVENV_TEST_DEVCONTAINER`), the others only Compose.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from devenv.model import labels
from tests.e2e.compose import binary, compose
from tests.e2e.repository import Repository
from tests.engines import BASE

KINDS = ("manifest", "plain")
MANIFEST = """\
name: {name}
x-wait: &wait {{init: true, stop_grace_period: 2s, command: [sh, -c, "echo $$WORD; exec sleep infinity"]}}
services:
  cache:
    use: redis
    seed: [cache/first.redis]
  prepare:
    image: {image}
    one_shot: true
    command: [sh, -c, "date >>/data/prepared"]
    volumes: ["data:/data"]
  web:
    image: {image}
    <<: *wait
    environment: {{WORD: web-says, URL: "{{{{ cache.url }}}}"}}
    ports: [8000]
    healthcheck: {{test: [CMD, "true"], interval: 1s}}
    volumes: ["data:/data", "./web:/web:ro"]
    depends_on: {{prepare: {{condition: service_completed_successfully}}}}
  side:
    image: {image}
    <<: *wait
    environment: {{WORD: side-says}}
    network_mode: service:web
  workspace:
    image: {image}
    <<: *wait
    environment: {{WORD: here}}
workspace:
  postCreateCommand: "echo made >>/tmp/made"
volumes: {{data: {{}}}}
"""
PLAIN = """\
name: {name}
x-wait: &wait
  image: ${{IMAGE:-{image}}}
  init: true
  stop_grace_period: 2s
  command: [sh, -c, "echo $$WORD; exec sleep infinity"]
services:
  prepare:
    image: {image}
    command: [sh, -c, "date >>/data/prepared"]
    volumes: ["data:/data"]
  web:
    <<: *wait
    environment: {{WORD: web-says}}
    ports: ["127.0.0.1::8000"]
    healthcheck: {{test: [CMD, "true"], interval: 1s}}
    volumes: ["data:/data", "./web:/web:ro"]
    networks: [front, back]
    secrets: [key]
    configs: [{{source: words, target: /etc/words}}]
    depends_on: {{prepare: {{condition: service_completed_successfully}}}}
  side:
    <<: *wait
    environment: {{WORD: side-says}}
    network_mode: service:web
  workspace:
    <<: *wait
    environment: {{WORD: here}}
    networks: [back]
networks: {{front: {{}}, back: {{internal: true}}}}
volumes: {{data: {{}}}}
secrets: {{key: {{file: ./key.txt}}}}
configs: {{words: {{content: "two words"}}}}
"""
DEVCONTAINER = """\
// by hand
{{
  "name": "{name}",
  "dockerComposeFile": "../compose.yaml",
  "service": "workspace",
  "workspaceFolder": "/",
  "initializeCommand": "devenv up --for-ide",
  "postCreateCommand": "echo made >>/tmp/made",
}}
"""
LONG = ("web", "side", "workspace")
"""Services that go on running."""
_MAKES = ("create", "destroy", "die", "kill", "stop", "start", "restart", "rename")


class Shared(Repository):
    """A project of one of `KINDS` in `folder`."""

    def __init__(self, folder: Path, name: str, kind: str) -> None:
        super().__init__(folder, name)
        self.kind = kind
        self.image = BASE
        self.long = (*LONG, "cache") if kind == "manifest" else LONG
        self.source = "devenv.yaml" if kind == "manifest" else "compose.yaml"
        self.file = str(folder / (".devcontainer/compose.yaml" if kind == "manifest" else "compose.yaml"))

    def furnish(self) -> None:
        """Write all its files."""
        text = MANIFEST if self.kind == "manifest" else PLAIN
        self.write(self.source, text.format(name=self.name, image=self.image))
        self.write("cache/first.redis", "SET first 1\n")
        self.write("web/index.html", "<h1>shop</h1>\n")
        self.write("key.txt", "not a secret\n")
        if self.kind == "plain":
            self.write(".devcontainer/devcontainer.json", DEVCONTAINER.format(name=self.name))

    def compose(self, *words: str, code: int = 0) -> str:
        """The real Compose on its file, from another folder; what it wrote to standard output."""
        result = compose("-f", self.file, *words)
        assert result.returncode == code, (words, result.stdout, result.stderr)
        return result.stdout

    def held(self) -> dict[str, tuple[str, str]]:
        """Identities of the services that go on running."""
        return {name: seen for name, seen in self.identities().items() if name in self.long}

    @contextmanager
    def events(self) -> Iterator[list[str]]:
        """What the engine does to the project's containers meanwhile: "action service"."""
        seen: list[str] = []
        mine = f"{labels.PROJECT}={self.name}"
        stream = self.client.events(decode=True, filters={"type": "container", "label": mine})

        def read() -> None:
            for event in stream:
                about = event.get("Actor", {}).get("Attributes", {})
                if event["Action"] in _MAKES:
                    seen.append(f"{event['Action']} {about.get(labels.SERVICE)}")

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield seen
            # Events come in their order: once our own has come, all before it have.
            mark = self.client.containers.create(self.image, labels={labels.PROJECT: self.name, labels.SERVICE: "mark"})
            mark.remove()
            for _ in range(1000):
                if "destroy mark" in seen:
                    break
                threading.Event().wait(0.01)
            seen[:] = [line for line in seen if not line.endswith(" mark")]
        finally:
            stream.close()
            reader.join(5)

    def devcontainer(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The devcontainers CLI: `words[0]` on this folder, with the rest. Its `devenv` is this checkout's."""
        tools = self.folder.parent / "tools"
        plugins = tools / "docker" / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        if not (plugins / "docker-compose").exists():
            (plugins / "docker-compose").symlink_to(binary())
        own = " ".join(f"'{word}'" for word in self.command())
        (tools / "devenv").write_text(f'#!/bin/sh\nexec {own} "$@"\n', encoding="utf-8")
        (tools / "devenv").chmod(0o755)
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "DOCKER_CONFIG": str(tools / "docker")}
        command = [os.environ["DEVENV_TEST_DEVCONTAINER"], words[0], "--workspace-folder", str(self.folder), *words[1:]]
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
            check=False,
        )  # fmt: skip

    def opened(self) -> tuple[dict[str, Any], str]:
        """`devcontainer up`, which must succeed: what it answers and all that it wrote meanwhile."""
        result = self.devcontainer("up")
        assert result.returncode == 0, result.stdout + result.stderr
        answer: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
        assert answer["outcome"] == "success", answer
        return answer, result.stderr

    def containers_of(self, service: str, *, oneoff: bool) -> list[Any]:
        """The containers of `service` that are one-offs, or that are not."""
        mine = [f"{labels.PROJECT}={self.name}", f"{labels.SERVICE}={service}", f"{labels.ONEOFF}={oneoff}"]
        return list(self.client.containers.list(all=True, filters={"label": mine}))

    def leaves_nothing(self) -> None:
        """Nothing on the engine has its label."""
        assert self.things() == ([], [], [])


def compose_keeps_what_devenv_started(one: Shared) -> None:
    """1: `devenv up`, then `docker compose up -d`: long-running services keep id and start."""
    one.up()
    before = one.held()
    assert set(before) == set(one.long)
    with one.events() as seen:
        one.compose("up", "-d")
        one.compose("up", "-d", "--wait", *one.long)
    assert one.held() == before
    # An exited one-shot runs again at each of Compose's `up`, in the container that it has.
    assert {line for line in seen if not line.endswith(" prepare")} == set(), seen
    assert "create prepare" not in seen


def devenv_keeps_what_compose_started(one: Shared) -> None:
    """2: `docker compose up -d`, then `devenv up`: the same ids, no create and no remove."""
    one.up()  # what is rendered is there
    one.compose("down")
    one.compose("up", "-d", "--wait", *one.long)
    before = one.identities()
    plan = json.loads(one.run("up", "--dry-run", "--output", "json").stdout)
    assert {node["step"] for node in plan} <= {"wait", "seed", "run", "start"}, plan
    with one.events() as seen:
        one.up()
    assert one.held() == {name: found for name, found in before.items() if name in one.long}
    assert [line for line in seen if line.startswith(("create", "destroy"))] == []
    assert "nothing to do" in one.up()
    # And after that Compose still has nothing to do.
    one.compose("up", "-d", "--wait", *one.long)
    assert one.held() == {name: found for name, found in before.items() if name in one.long}


def compose_works_on_what_devenv_started(one: Shared) -> None:
    """3: ps, logs, exec, port, top, stop, start, restart work; `ls` shows the right file."""
    one.up()
    before = one.held()
    listed = [json.loads(line) for line in one.compose("ps", "--format", "json").splitlines()]
    assert {item["Service"]: item["State"] for item in listed} == dict.fromkeys(one.long, "running")
    assert sorted(one.compose("ps", "--services").split()) == sorted(one.long)
    assert next(item for item in listed if item["Service"] == "web")["Health"] in ("starting", "healthy")
    assert "web-says" in one.compose("logs", "web")
    assert one.compose("exec", "-T", "web", "printenv", "WORD") == "web-says\n"
    published = one.containers()["web"].ports["8000/tcp"][0]
    assert one.compose("port", "web", "8000").strip() == f"{published['HostIp']}:{published['HostPort']}"
    assert "sleep infinity" in one.compose("top", "web")
    projects = {item["Name"]: item for item in json.loads(one.compose("ls", "--all", "--format", "json"))}
    assert projects[one.name]["ConfigFiles"] == one.file
    one.compose("stop", "workspace")
    assert one.status()["workspace"]["state"] == "exited"
    one.compose("start", "workspace")
    assert one.status()["workspace"]["state"] == "running"
    one.compose("restart", "workspace")
    after = one.held()
    assert {name: seen[0] for name, seen in after.items()} == {name: seen[0] for name, seen in before.items()}
    assert [name for name in after if after[name] != before[name]] == ["workspace"]
    assert "nothing to do" in one.up()


def either_takes_all_down(one: Shared) -> None:
    """4: `docker compose down -v` leaves nothing with a label; nor does `devenv down --volumes` after Compose's up."""
    one.up()
    assert all(one.things())
    one.compose("down", "-v")
    one.leaves_nothing()
    one.compose("up", "-d")
    assert all(one.things())
    result = one.run("down", "--volumes", "--yes")
    assert result.returncode == 0, result.stderr
    one.leaves_nothing()


def hashes_are_composes_own(one: Shared) -> None:
    """5: every config-hash label is what Compose says of the same file."""
    one.up()
    theirs = dict(line.split() for line in one.compose("--profile", "*", "config", "--hash", "*").splitlines())
    ours = {name: container.labels[labels.CONFIG_HASH] for name, container in one.containers().items()}
    assert set(ours) == set(theirs)
    # What shares another's namespace is hashed with that one's id, which `config` does not know.
    assert {name for name in ours if ours[name] != theirs[name]} == {"side"}


def one_variable_recreates_one_service(one: Shared) -> None:
    """6: one changed variable recreates exactly that service, on both sides."""
    one.up()
    for number, up in enumerate((lambda: one.up(), lambda: one.compose("up", "-d", "--wait", *one.long))):
        before = one.held()
        old, new = (f"WORD: here{n or ''}" for n in (number, number + 1))
        one.edit(one.source, f"{old}}}", f"{new}}}")
        if number:
            assert one.run("render").returncode == 0 or one.kind == "plain"
        up()
        after = one.held()
        assert [name for name in after if after[name] != before[name]] == ["workspace"]
        assert one.compose("exec", "-T", "workspace", "printenv", "WORD") == f"here{number + 1}\n"
    assert "nothing to do" in one.up()


def the_editor_lands_in_devenvs_container(one: Shared) -> None:
    """7: `devenv up`, then `devcontainer up`: the same container, no `up` of Compose's, postCreate once, exec works."""
    one.up()
    before = one.held()
    for _ in range(2):
        answer, said = one.opened()
        assert answer["containerId"] == before["workspace"][0]
        assert answer["composeProjectName"] == one.name
        assert " up -d" not in said
        assert one.held() == before
    result = one.devcontainer("exec", "sh", "-c", "echo $WORD; cat /tmp/made")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["here", "made"]
    assert "nothing to do" in one.up()


def the_editor_brings_it_all_up(one: Shared) -> None:
    """8: `devcontainer up` where nothing is there: initializeCommand brings our containers, healthy and seeded."""
    if one.kind == "manifest":  # what a clone has is what was rendered and committed
        assert one.run("render").returncode == 0
    assert one.things() == ([], [], [])
    answer, said = one.opened()
    assert " up -d" not in said
    status = one.status()
    assert {name: (status[name]["state"], status[name]["ready"]) for name in one.long} == dict.fromkeys(
        one.long, ("running", True)
    )
    if one.kind == "manifest":
        assert status["cache"]["seeded"] == "done"
    workspace = one.containers()["workspace"]
    assert answer["containerId"] == workspace.id
    assert labels.CONFIG in workspace.labels
    result = one.devcontainer("exec", "cat", "/tmp/made")
    assert result.stdout.split() == ["made"], result.stderr
    assert "nothing to do" in one.up()


def a_stopped_workspace_comes_back(one: Shared) -> None:
    """9: a stopped dev container comes back with the same id, whoever starts it."""
    one.up()
    before = one.held()["workspace"][0]
    for start in (lambda: one.opened(), lambda: one.up(), lambda: one.compose("start", "workspace")):
        one.containers()["workspace"].stop(timeout=2)
        start()
        assert one.status()["workspace"]["state"] == "running"
        assert one.held()["workspace"][0] == before


def a_retagged_image_recreates(one: Shared) -> None:
    """10: a retagged image recreates on both sides; a one-off is nobody's service."""
    tag = f"{one.name}-base:1"
    one.client.images.get(one.image).tag(tag)
    original = (one.folder / one.source).read_text(encoding="utf-8")
    try:
        # The last image line is the workspace's in the one, the shared one's in the other.
        head, _, tail = original.rpartition("  workspace:\n")
        body = tail.replace(f"image: {one.image}", f"image: {tag}") if one.kind == "manifest" else tail
        body = body if one.kind == "manifest" else body.replace("<<: *wait", f"<<: *wait\n    image: {tag}", 1)
        one.write(one.source, f"{head}  workspace:\n{body}")
        one.up()
        for number, up in enumerate((lambda: one.up(), lambda: one.compose("up", "-d", "--wait", *one.long))):
            before = one.held()
            container = one.client.containers.create(one.image)
            container.commit(f"{one.name}-base", "1", changes=f'LABEL number="{number}"')
            container.remove()
            up()
            after = one.held()
            assert [name for name in after if after[name] != before[name]] == ["workspace"], number
        before = one.held()
        assert one.compose("run", "-d", "--no-deps", "workspace", "sleep", "infinity")
        assert "nothing to do" in one.up()
        assert one.held() == before
        assert one.status()["workspace"]["state"] == "running"
        one.containers_of("workspace", oneoff=False)[0].remove(force=True)
        one.up()
        assert len(one.containers_of("workspace", oneoff=True)) == 1
        assert one.containers_of("workspace", oneoff=False)[0].name == f"{one.name}-workspace-1"
    finally:
        for each in one.containers_of("workspace", oneoff=True):
            each.remove(force=True)
        one.write(one.source, original)
        one.up()
        for image in one.client.images.list(name=f"{one.name}-base"):
            one.client.images.remove(image.id, force=True)


POINTS: dict[int, Callable[[Shared], None]] = dict(
    enumerate(
        (
            compose_keeps_what_devenv_started,
            devenv_keeps_what_compose_started,
            compose_works_on_what_devenv_started,
            either_takes_all_down,
            hashes_are_composes_own,
            one_variable_recreates_one_service,
            the_editor_lands_in_devenvs_container,
            the_editor_brings_it_all_up,
            a_stopped_workspace_comes_back,
            a_retagged_image_recreates,
        ),
        1,
    )
)


@contextmanager
def project(folder: Path, name: str, kind: str) -> Iterator[Shared]:
    """A project of `kind`, nothing of it up; gone from the engine afterwards."""
    one = Shared(folder, name, kind)
    one.furnish()
    try:
        yield one
    finally:
        one.clean()


def main() -> None:
    kind, folder, *points = sys.argv[1:]
    for point in points:
        place = Path(folder) / f"{kind}-{point}"
        place.mkdir(parents=True)
        with project(place / "repository", f"sharing-{kind}-{point}", kind) as one:
            POINTS[int(point)](one)
        print(f"{kind}: {(POINTS[int(point)].__doc__ or '').split(chr(10))[0]}")


if __name__ == "__main__":
    main()
