"""The real devcontainers CLI on what devenv rendered: it lands in the stack, whatever is broken in that."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.cli import Cli
from tests.e2e.repository import DOCKERFILE, MANIFEST, PRODUCTS, Repository, made
from tests.engines import BASE, new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]

WORKSPACE = """\
workspace:
  user: anna
  features: {{"./.devcontainer/tool": {{word: hammer}}}}
  postCreateCommand: echo created >>/tmp/hooks
"""
BOXED = MANIFEST.replace("workspace: {{}}\n", WORKSPACE).replace(
    "workspace:\n    build: ./api", "workspace:\n    build: ./box"
)
FORGE = """\
import base64, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Authorization"] == "Basic " + base64.b64encode(b"anna:open-sesame").decode()
        self.send_response(200 if known else 401)
        self.send_header("WWW-Authenticate", "Basic realm=forge")
        self.end_headers()
        self.wfile.write(b"1" * 40 + b"\\trefs/heads/main\\n")
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
TEST = """\
import os, sys, urllib.request
answer = urllib.request.urlopen("http://api:8000/", timeout=20).read()
assert answer == b"hello", answer
print(os.environ["PGHOST"], os.environ["TOOL"], open("/tool").read())
"""


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Repository]:
    """As `git clone` leaves it: what was rendered is committed, nothing was ever up."""
    with made(tmp_path / "repository", new_name(), BOXED) as one:
        one.write("box/Dockerfile", DOCKERFILE.splitlines()[0] + "\nRUN useradd -m -u 1234 anna\n")
        one.write(".devcontainer/tool/devcontainer-feature.json", json.dumps(
            {"id": "tool", "version": "1.0.0", "options": {"word": {"type": "string", "default": "none"}},
             "containerEnv": {"TOOL": "there"}}
        ))  # fmt: skip
        one.write(".devcontainer/tool/install.sh", '#!/bin/sh\nprintf "$WORD" >/tool\n')
        one.write("tests/check.py", TEST)
        assert one.run("render").returncode == 0
        yield one


@pytest.fixture
def cli(clone: Repository, tmp_path: Path) -> Cli:
    return Cli(clone.folder, tmp_path / "tools", clone.command())


def test_it_reads_what_was_rendered(clone: Repository, cli: Cli) -> None:
    result = cli.run("read-configuration")
    assert result.returncode == 0, result.stderr
    configuration = json.loads(result.stdout.strip().splitlines()[-1])["configuration"]
    assert configuration["service"] == "workspace"
    assert configuration["workspaceFolder"] == f"/workspaces/{clone.name}"
    assert configuration["initializeCommand"] == "devenv up --for-ide"
    assert configuration["features"] == {"./tool": {"word": "hammer"}}
    assert "api:8000" in configuration["forwardPorts"]


def test_a_fresh_clone_ends_ready_and_seeded(clone: Repository, cli: Cli) -> None:
    answer, said = cli.up()
    assert " up -d" not in said
    assert answer["composeProjectName"] == clone.name
    assert answer["remoteUser"] == "anna"
    assert all(row["ready"] for row in clone.status().values()), clone.status()
    assert clone.sql("SELECT count(*) FROM products") == str(PRODUCTS)
    # The workspace's tests, as its user: against the stack, with what the feature brought.
    folder = f"/workspaces/{clone.name}"
    assert cli.inside(f"python {folder}/tests/check.py").split() == ["db", "there", "hammer"]
    assert cli.inside("touch made; id -u; cat /tmp/hooks").split() == [str(os.getuid()), "created"]
    assert (clone.folder / "made").stat().st_uid == os.getuid()
    before = clone.identities()
    again, _ = cli.up()
    assert again["containerId"] == before["workspace"][0]
    assert clone.identities() == before
    assert cli.inside("cat /tmp/hooks").split() == ["created"]
    assert "nothing to do" in clone.up()


def test_it_lands_in_the_container_that_devenv_started(clone: Repository, cli: Cli) -> None:
    clone.up()
    before = clone.identities()
    answer, said = cli.up()
    assert answer["containerId"] == before["workspace"][0]
    assert " up -d" not in said
    assert clone.identities() == before
    assert cli.inside("printenv PGHOST").strip() == "db"


def test_a_service_that_is_broken_lets_the_person_in(clone: Repository, cli: Cli) -> None:
    clone.write("api/server.py", "raise SystemExit('no key for the api')\n")
    answer, said = cli.up()
    assert answer["containerId"] == clone.identities()["workspace"][0]
    assert "no key for the api" in said
    assert "devenv logs api" in said
    assert cli.inside("id -un").strip()


def test_a_seed_that_is_broken_lets_the_person_in(clone: Repository, cli: Cli) -> None:
    clone.write("db/schema.sql", "CREATE TABLE products (id integer);\nSELECT nonsense;\n")
    answer, said = cli.up()
    assert answer["containerId"] == clone.identities()["workspace"][0]
    assert 'column "nonsense" does not exist' in said
    assert "db/schema.sql" in said
    assert cli.inside("id -un").strip()


def test_a_manifest_that_is_broken_lets_the_person_in(clone: Repository, cli: Cli) -> None:
    clone.edit("devenv.yaml", "use: postgres", "use: postgress")
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of before may linger on the port
        with suppress(OSError):  # somebody else has it already
            somebody.bind(("127.0.0.1", 5432))
            somebody.listen()
        answer, said = cli.up()
    assert answer["containerId"] == clone.identities()["workspace"][0]
    assert "devenv.yaml:4:" in said
    assert "postgress" in said
    assert "as it was rendered before" in said
    assert all(row["ready"] for row in clone.status().values()), said
    assert clone.sql("SELECT count(*) FROM products") == str(PRODUCTS)
    assert "port 5432 is taken" in said
    assert cli.inside("touch made; id -u").strip() == str(os.getuid())
    assert (clone.folder / "made").stat().st_uid == os.getuid()


def test_a_feature_that_cannot_be_had_lets_the_person_in(clone: Repository, cli: Cli) -> None:
    clone.edit("devenv.yaml", '"./.devcontainer/tool": {word: hammer}', '"localhost:1/tools/git:1": {}')
    assert clone.run("render").returncode == 0
    answer, said = cli.up()
    assert answer["containerId"] == clone.identities()["workspace"][0]
    assert "The feature localhost:1/tools/git:1 cannot be had" in said
    assert "started without its features" in said
    assert clone.run("up").returncode == 3


@pytest.mark.skipif(os.getuid() != 0, reason="root alone may be somebody else")
def test_who_may_not_use_the_engine_is_told_what_to_do(clone: Repository, tmp_path: Path) -> None:
    """The CLI asks the engine itself before it runs anything of ours, and ends with words of its own: what
    `initializeCommand` says is asked here directly."""
    few = "-all,+dac_read_search"
    as_somebody = ["setpriv", "--reuid=1001", "--regid=1001", "--clear-groups", f"--inh-caps={few}",
                   f"--ambient-caps={few}", f"--bounding-set={few}"]  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path), "DEVENV_NO_INSTALL": "1"}
    result = subprocess.run(
        [*as_somebody, *clone.command("up", "--for-ide")], cwd=clone.folder, env=environment, capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 3, result.stdout + result.stderr
    assert "/var/run/docker.sock" in result.stderr
    assert "usermod -aG docker" in result.stderr
    assert "Traceback" not in result.stderr


def test_git_and_the_ssh_agent_work_in_the_workspace(tmp_path: Path, docker_base: str) -> None:
    """By `exec`, which no editor helps; with another agent the container stays."""
    manifest = "name: {name}\nservices:\n  box: {{image: '" + BASE + "', init: true}}\nworkspace: {{service: box}}\n"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n  name = Anna\n  email = anna@shop.test\n")
    with made(tmp_path / "repository", new_name(), manifest) as one:
        subprocess.run(["git", "init", "-q", str(one.folder)], check=True)
        one.up()
        before = one.identities()
        for number in range(2):
            agent = tmp_path / f"agent{number}"
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(agent))
                server.listen()
                env = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "SSH_AUTH_SOCK": str(agent)}
                script = 'test -S "$SSH_AUTH_SOCK" && printenv | grep ^GIT_CONFIG_ | sort'
                result = one.run("exec", "box", "sh", "-c", script, env=env)
                assert result.returncode == 0, result.stderr
                assert result.stdout.splitlines() == [
                    "GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_KEY_1=user.email",
                    "GIT_CONFIG_KEY_2=safe.directory", "GIT_CONFIG_VALUE_0=Anna", "GIT_CONFIG_VALUE_1=anna@shop.test",
                    f"GIT_CONFIG_VALUE_2=/workspaces/{one.name}",
                ]  # fmt: skip
        one.up()
        assert one.identities() == before
        assert list((one.folder / ".devenv/agent").iterdir()) == []


def test_git_in_the_workspace_asks_git_on_this_host_for_passwords(tmp_path: Path, docker_base: str) -> None:
    """A server that wants a password, known on this host alone; a wrong one is forgotten here."""
    manifest = (
        "name: {name}\nservices:\n"
        "  forge: {{image: 'python:3.13-slim', volumes: ['./forge.py:/forge.py:ro'], command: [python, /forge.py],\n"
        "    ready: {{tcp: 8000}}}}\n"
        "  workspace: {{build: ./box, init: true}}\nworkspace: {{}}\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    known = home / ".git-credentials"
    known.write_text("http://anna:open-sesame@forge%3a8000\n")
    known.chmod(0o600)
    (home / ".gitconfig").write_text("[credential]\n  helper = store\n")
    with made(tmp_path / "repository", new_name(), manifest) as one:
        one.write("forge.py", FORGE)
        one.write("box/Dockerfile", f"FROM {BASE}\nRUN apt-get update -q && apt-get install -qy git\n")
        subprocess.run(["git", "init", "-q", str(one.folder)], check=True)
        one.up()

        def inside(script: str) -> subprocess.CompletedProcess[str]:
            return one.run("exec", "workspace", "sh", "-c", script, env={"HOME": str(home), "SSH_AUTH_SOCK": ""})

        listed = "GIT_TERMINAL_PROMPT=0 git ls-remote http://forge:8000/shop.git"
        result = inside(listed)
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"{'1' * 40}\trefs/heads/main\n"
        assert "open-sesame" not in inside("printenv; cat /proc/*/cmdline").stdout
        result = inside("GIT_TERMINAL_PROMPT=0 git ls-remote http://127.0.0.1:1/shop.git; git credential-cache exit")
        assert "credential" not in result.stderr
        known.write_text("http://anna:mellon@forge%3a8000\n")
        result = inside(listed)
        assert result.returncode == 128
        assert known.read_text() == ""
        assert list((one.folder / ".devenv/agent").iterdir()) == []
