"""Ports that somebody else has: the right result, or the right sentence before anything is touched."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from docker.errors import APIError

from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

MANIFEST = """\
name: {name}
services:
  web:
    image: BASE
    init: true
    command: ["perl", "-MIO::Socket::INET", "-e",
      "$$s = IO::Socket::INET->new(Listen => 5, LocalAddr => '0.0.0.0', LocalPort => PORT); $$s->accept while 1"]
    ports: [PORT]
    ready: {{tcp: PORT}}
    environment: {{PAGE: "{{{{ web.host_url }}}}"}}
  app:
    image: BASE
    init: true
    command: ["sleep", "600"]
    environment: {{WEB: "{{{{ web.host_url }}}}"}}
""".replace("image: BASE", f"image: {BASE}")
ALONE = """\
name: {name}
services:
  app:
    image: BASE
    init: true
    command: ["sleep", "600"]
    ports: ["PORT:80"]
    environment: {{WORD: one}}
""".replace("image: BASE", f"image: {BASE}")


@contextmanager
def held(address: str, port: int = 0, *, listen: bool = True) -> Iterator[socket.socket]:
    """Somebody who has a port at `address`: this process, or, where that cannot have it, whoever has it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as one:
        if one.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            one.bind((address, port))
            if listen:
                one.listen()
        yield one


def free_port() -> int:
    with held("0.0.0.0", listen=False) as one:
        return int(one.getsockname()[1])


def _kept(repository: Repository) -> dict[str, str]:
    lines = (repository.folder / ".devcontainer/.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.startswith("DEVENV_PORT_"))


def _environment(repository: Repository, service: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in repository.containers()[service].attrs["Config"]["Env"])


def test_a_chosen_port_moves_from_who_has_it_and_every_address_follows(tmp_path: Path, docker_base: str) -> None:
    first = free_port()
    with made(tmp_path / "repository", new_name(), MANIFEST.replace("PORT", str(first))) as repository:
        repository.up()
        assert repository.status()["web"]["ports"][0]["published"] == first
        repository.run("down")
        with ExitStack() as others:
            # One port after the other: at 127.0.0.1, at ::1 alone, at all of IPv6 alone, in a container of nobody.
            others.enter_context(held("127.0.0.1", first))
            others.enter_context(held("::1", first + 1))
            others.enter_context(held("::", first + 2))
            with suppress(APIError):
                stranger = repository.client.containers.create(
                    BASE, ["sleep", "60"], name=new_name(), ports={"80/tcp": ("127.0.0.1", first + 3)}
                )
                others.callback(stranger.remove, force=True)
                stranger.start()
            told = repository.up()
            port = repository.status()["web"]["ports"][0]["published"]
            assert port > first + 3
            assert f"web: port {first} is taken, so {first} is published on {port}" in told
            url = _environment(repository, "app")["WEB"]
            assert url.endswith(f"127.0.0.1:{port}")
            assert _environment(repository, "web")["PAGE"] == url
            assert f"open    web  {url}" in told
            assert _kept(repository) == {f"DEVENV_PORT_WEB_{first}": str(port)}
            assert repository.run("port", "web", str(first)).stdout.strip().endswith(f":{port}")
            with socket.create_connection(("127.0.0.1", port), 5):
                pass
            assert "nothing to do" in repository.up()
        before = repository.identities()
        assert "nothing to do" in repository.up()  # the first one is free again, and addresses stay
        assert repository.identities() == before


def test_a_port_that_was_said_is_refused_before_the_old_container_is_touched(tmp_path: Path, docker_base: str) -> None:
    ports = [free_port() for _ in range(3)]
    with made(tmp_path / "repository", new_name(), ALONE) as repository:
        repository.edit("devenv.yaml", "PORT", str(free_port()))
        repository.up()
        before = repository.identities()
        for address, port in zip(("127.0.0.1", "::1", "::"), ports, strict=True):
            manifest = (repository.folder / "devenv.yaml").read_text()
            with held(address, port):
                repository.write("devenv.yaml", re.sub(r'"\d+:80"', f'"{port}:80"', manifest))
                result = repository.run("up")
            assert result.returncode == 1
            assert "\ndevenv.yaml:3:3: app cannot start" in result.stderr
            assert (
                f"app cannot start: port {port} of this host is held by {_comm()} (process {os.getpid()}). "
                "Nothing was changed." in result.stderr
            )
            assert "publish app's port 80 on another one (`ports`), then `devenv up` again" in result.stderr
            assert repository.identities() == before
        repository.up()
        assert repository.identities()["app"] != before["app"]
        # What holds it is the very container that goes.
        repository.edit("devenv.yaml", "WORD: one", "WORD: two")
        repository.up()
        assert _environment(repository, "app")["WORD"] == "two"


def test_a_container_that_has_it_is_named_with_its_project(tmp_path: Path, docker_base: str) -> None:
    manifest = ALONE.replace("PORT", str(free_port()))
    with made(tmp_path / "one", new_name(), manifest) as one, made(tmp_path / "two", new_name(), manifest) as two:
        one.up()
        before = one.identities()
        told = two.up(code=1)
        assert f" is held by container {one.name}-app-1 of project {one.name}. Nothing was changed." in told
        assert f"`docker stop {one.name}-app-1` (or `devenv down` in {one.folder})" in told
        assert two.things() == ([], [], [])
        assert one.identities() == before
        assert one.run("down").returncode == 0
        two.up()
        assert two.containers()["app"].status == "running"


def test_a_port_that_is_taken_in_mid_run_is_named_with_its_holder(tmp_path: Path, docker_base: str) -> None:
    port = free_port()
    with made(tmp_path / "repository", new_name(), ALONE) as repository, held("0.0.0.0", port, listen=False) as other:
        repository.edit("devenv.yaml", "PORT", f"127.0.0.1:{port}")
        code, events = repository.up_with(other.listen)
        assert code == 1
        failed = [e["outcome"] for e in events if e["event"] == "step_finished" and e["outcome"]["outcome"] == "failed"]
        assert [one["message"] for one in failed] == [
            f"app cannot start: port {port} of this host is held by {_comm()} (process {os.getpid()})"
        ]
        other.close()
        repository.up()
        assert repository.containers()["app"].status == "running"


def _comm() -> str:
    return Path("/proc/self/comm").read_text().strip()
