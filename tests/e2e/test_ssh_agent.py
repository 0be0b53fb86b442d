"""The person's ssh agent in the workspace, asked by the real ssh-add: whoever they are on this host, and whoever in the
container."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli import Cli, as_user, own
from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.skipif(os.getuid() != 0, reason="only root is anybody")]

MANIFEST = "name: {name}\nservices:\n  workspace: {{build: ./box, init: true}}\nworkspace: {{}}\n"
DOCKERFILE = f"""\
FROM {BASE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends openssh-client
RUN useradd -m -u 1000 anna && useradd -m -u 1001 bert
"""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, docker_base: str) -> Iterator[Repository]:
    with made(tmp_path_factory.mktemp("agent") / "repository", new_name(), MANIFEST) as found:
        found.write("box/Dockerfile", DOCKERFILE)
        found.up()
        yield found


@pytest.fixture(params=[0, 1001])
def person(request: pytest.FixtureRequest, one: Repository) -> Iterator[tuple[int, dict[str, str]]]:
    """Their number on this host, and where their agent listens, which knows one key, `a key of theirs`."""
    number = int(request.param)
    home = Path(tempfile.mkdtemp(prefix="devenv-test-"))  # not in a folder that others may not enter
    home.chmod(0o755)
    key = home / "key"
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-C", "a key of theirs", "-f", str(key)], check=True)
    own(home, number)
    own(one.folder, number)
    env = {**os.environ, "SSH_AUTH_SOCK": str(home / "agent"), "HOME": str(home)}
    with subprocess.Popen(
        [*as_user(number), "ssh-agent", "-D", "-a", str(home / "agent")], stdout=subprocess.PIPE
    ) as it:
        try:
            assert it.stdout is not None
            it.stdout.readline()  # it listens
            subprocess.run([*as_user(number), "ssh-add", "-q", str(key)], env=env, check=True)
            yield number, env
        finally:
            it.terminate()
    shutil.rmtree(home)


@pytest.mark.parametrize("user", ["", "0", "anna", "bert", "4711"])
def test_the_agent_answers_whoever_asks_in_the_workspace(
    one: Repository, person: tuple[int, dict[str, str]], user: str
) -> None:
    number, env = person
    words = ("exec", *(("--user", user) if user else ()), "workspace", "sh", "-c", "id -u; ssh-add -l")
    done = subprocess.run(
        [*as_user(number), *one.command(*words)], cwd=one.folder, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    inside, key = done.stdout.splitlines()
    assert inside == {"": "0", "anna": "1000", "bert": "1001"}.get(user, user)
    assert "a key of theirs" in key


def test_nobody_else_on_this_host_and_no_other_container_is_let_in(
    one: Repository, person: tuple[int, dict[str, str]]
) -> None:
    number, env = person
    wait = one.command("exec", "workspace", "sh", "-c", "echo $SSH_AUTH_SOCK; read line")
    with subprocess.Popen(
        [*as_user(number), *wait], cwd=one.folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        inside = running.stdout.readline().strip()
        place = one.folder / ".devenv" / "agent"
        (Path(env["HOME"]) / "short").symlink_to(place)  # longer than a socket's path may be
        short = {**env, "SSH_AUTH_SOCK": f"{env['HOME']}/short/{Path(inside).name}"}
        for who in (number, 0, 1000):
            done = subprocess.run(
                [*as_user(who), "ssh-add", "-l"], env=short, capture_output=True, text=True, timeout=30, check=False
            )
            let_in = who != 1000
            assert (done.returncode == 0) == let_in, (who, done.stdout, done.stderr)
            assert ("a key of theirs" in done.stdout) == let_in
        folder = {str(one.folder): {"bind": str(Path(inside).parents[2]), "mode": "rw"}}
        other = one.client.containers.run(
            one.containers()["workspace"].image.id, ["ssh-add", "-l"], user="1000", detach=True, volumes=folder,
            environment={"SSH_AUTH_SOCK": inside},
        )  # fmt: skip
        try:
            assert other.wait(timeout=30)["StatusCode"]
            assert b"a key of theirs" not in other.logs()
            assert b"No such file" not in other.logs()
        finally:
            other.remove(force=True)
        assert running.stdin is not None
        running.stdin.write("\n")
        running.stdin.close()
    assert running.returncode == 0
    assert list(place.iterdir()) == []


def test_the_devcontainers_cli_brings_none_of_its_own(one: Repository, tmp_path: Path) -> None:
    own(one.folder, 0)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        cli = Cli(one.folder, tmp_path / "tools", one.command())
        cli.environment["SSH_AUTH_SOCK"] = str(tmp_path / "agent")
        cli.up()
        assert cli.inside("echo [$SSH_AUTH_SOCK]").strip() == "[]"
