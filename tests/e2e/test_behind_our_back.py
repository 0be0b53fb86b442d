"""What others do to the stack, or to the ports and names that it needs: the next `up` mends it, or says who did."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from devenv.model import labels
from tests.e2e.repository import PRODUCTS, Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with made(tmp_path_factory.mktemp("behind") / "repository", new_name()) as one:
        one.up()
        yield one


def _remove_running(r: Repository) -> None:
    r.containers()["api"].remove(force=True)


def _remove_stopped(r: Repository) -> None:
    r.containers()["db"].stop()
    r.containers()["db"].remove()


def _kill(r: Repository) -> None:
    r.containers()["db"].kill()


def _pause(r: Repository) -> None:
    r.containers()["db"].pause()
    r.containers()["web"].pause()


def _rename(r: Repository) -> None:
    r.containers()["api"].rename(new_name())


def _remove_volume(r: Repository) -> None:
    r.sql("DELETE FROM notes")
    r.containers()["db"].remove(force=True)
    r.client.volumes.get(f"{r.name}_db-data").remove()


def _remove_network(r: Repository) -> None:
    network = r.client.networks.get(f"{r.name}_default")
    for container in r.containers().values():
        network.disconnect(container, force=True)
    network.remove()


def _disconnect(r: Repository) -> None:
    r.client.networks.get(f"{r.name}_default").disconnect(r.containers()["db"], force=True)


def _remove_image(r: Repository) -> None:
    r.client.images.remove(f"{r.name}-api", force=True)


@pytest.mark.parametrize(
    "harm",
    [
        _remove_running, _remove_stopped, _kill, _pause, _rename, _remove_volume, _remove_network, _disconnect,
        _remove_image,
    ],
)  # fmt: skip
def test_it_is_mended(mended: Repository, harm: Callable[[Repository], None]) -> None:
    harm(mended)
    mended.up()
    status = mended.status()
    assert all(row["ready"] for row in status.values())
    assert status["db"]["seeded"] == "done"
    assert mended.sql("SELECT count(*) FROM products") == str(PRODUCTS)
    assert mended.sql("SELECT count(*) FROM notes") == "10"
    assert [len(names) for names in mended.things()] == [4, 1, 1]
    assert "nothing to do" in mended.up()


def test_a_stranger_that_has_the_name_is_named_and_left_alone(repository: Repository) -> None:
    name = f"{repository.name}-api-1"
    stranger = repository.client.containers.create(
        BASE, ["sleep", "60"], name=name, labels={labels.PROJECT: "devenv-test-stranger", labels.SERVICE: "x"}
    )
    try:
        told = repository.up(code=1)
        assert f"container name {name}: a container of project devenv-test-stranger has it" in told
        assert f"docker rm -f {name}" in told
        assert repository.things() == ([], [], [])
    finally:
        stranger.remove(force=True)


def test_a_port_that_is_taken_after_the_look_moves_and_one_that_was_said_is_told(repository: Repository) -> None:
    repository.up()
    port = next(row["published"] for row in repository.status()["api"]["ports"])
    repository.run("down")
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        code, events = repository.up_with(stranger.listen)
        assert code == 0
        failed = [e["outcome"] for e in events if e["event"] == "step_finished" and e["outcome"]["outcome"] == "failed"]
        assert [outcome["data"]["port_taken"] for outcome in failed] == [port]
        assert [event["event"] for event in events].count("run_finished") == 1
        assert (events[-1]["event"], events[-1]["code"]) == ("run_finished", 0)
        assert next(row["published"] for row in repository.status()["api"]["ports"]) != port
        assert "nothing to do" in repository.up()

        result = repository.run("up", env={"DEVENV_PORT_API_8000": str(port)})
        assert result.returncode == 1
        assert f"api cannot start: port {port} of this host is held by" in result.stderr
        assert "Nothing was changed." in result.stderr
        assert "set DEVENV_PORT_API_8000 to another one" in result.stderr
        assert result.stderr.count(" cannot start") == 1
        assert result.stdout == ""
        assert repository.containers()["api"].status == "running"
