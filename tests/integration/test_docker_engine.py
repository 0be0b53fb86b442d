"""The Docker backend against the real engine: what `protocols.Engine` promises."""

from __future__ import annotations

import threading

import pytest

from devenv.model import labels
from devenv.model.errors import Conflict, NotFound, TimedOut
from devenv.model.protocols import Engine
from devenv.run.cancel import CancelToken

pytestmark = pytest.mark.engine


def create(engine: Engine, base: str, project: str, *command: str, name: str = "app") -> str:
    payload = {
        "Image": base,
        "Cmd": list(command),
        "Labels": {labels.PROJECT: project, labels.SERVICE: name},
        "HostConfig": {"Init": True},
    }
    return engine.create_container(f"{project}-{name}-1", payload)


@pytest.fixture
def sleeper(engine: Engine, base: str, project: str) -> str:
    container = create(engine, base, project, "sleep", "600")
    engine.start(container)
    return container


def test_a_container_from_its_creation_to_its_end(engine: Engine, base: str, project: str) -> None:
    container = create(engine, base, project, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert engine.inspect(container).state == "created"
    engine.start(container)
    assert engine.wait(container, cancel=CancelToken()) == 7
    seen = engine.observe(project, images=[base, "localhost/devenv-test/nobody:1"])
    assert [(c.name, c.state, c.exit_code) for c in seen.containers] == [(f"{project}-app-1", "exited", 7)]
    assert set(seen.images) == {base}
    assert {(line.stream, line.line) for line in engine.logs(container)} == {("stdout", "out"), ("stderr", "err")}
    engine.remove_container(container)
    engine.remove_container(container)  # gone already is done
    with pytest.raises(NotFound):
        engine.inspect(container)


def test_a_held_name_is_a_conflict_and_is_seen(engine: Engine, base: str, project: str) -> None:
    create(engine, base, project, "true")
    with pytest.raises(Conflict):
        create(engine, base, project, "true")
    seen = engine.observe("nobody-has-this-project", names=[f"{project}-app-1"])
    assert seen.containers == ()
    assert set(seen.held) == {f"{project}-app-1"}


def test_an_image_that_is_not_there(engine: Engine, project: str) -> None:
    with pytest.raises(NotFound):
        create(engine, "localhost/devenv-test/nobody:1", project, "true")
    assert engine.image("localhost/devenv-test/nobody:1") is None


def test_standard_input_is_streamed_whole_and_ends(engine: Engine, sleeper: str) -> None:
    chunk = b"x" * 65536
    result = engine.exec(sleeper, ["wc", "-c"], stdin=(chunk for _ in range(256)))
    assert (result.exit_code, result.output.strip()) == (0, str(256 * 65536).encode())


def test_output_comes_apart_by_stream(engine: Engine, sleeper: str) -> None:
    heard: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def hear(stream: str, data: bytes) -> None:
        heard[stream] += data

    result = engine.exec(sleeper, ["sh", "-c", "echo $A; echo no >&2; exit 3"], env={"A": "yes"}, on_output=hear)
    assert result.exit_code == 3
    assert heard == {"stdout": b"yes\n", "stderr": b"no\n"}


def test_a_command_that_does_not_end_in_its_time(engine: Engine, sleeper: str) -> None:
    with pytest.raises(TimedOut):
        engine.exec(sleeper, ["sleep", "60"], timeout=0.5)


def test_a_cancel_ends_a_wait(engine: Engine, sleeper: str) -> None:
    cancel, ended = CancelToken(), threading.Event()

    def wait() -> None:
        try:
            engine.wait(sleeper, cancel=cancel)
        except Exception:
            ended.set()
        else:
            ended.set()

    threading.Thread(target=wait, daemon=True).start()
    cancel.cancel()
    assert ended.wait(30)
    assert engine.inspect(sleeper).running


def test_files_are_put_in_before_the_start(engine: Engine, base: str, project: str) -> None:
    container = create(engine, base, project, "cat", "/etc/devenv-test")
    engine.copy_in(container, {"/etc/devenv-test": (b"hello\n", 0o640)})
    engine.start(container)
    assert engine.wait(container, cancel=CancelToken()) == 0
    assert [line.line for line in engine.logs(container)] == ["hello"]


def test_networks_and_volumes_by_project(engine: Engine, project: str) -> None:
    marks = {labels.PROJECT: project}
    engine.create_network(f"{project}_default", {}, {**marks, labels.NETWORK: "default"})
    engine.create_volume(f"{project}_data", {}, {**marks, labels.VOLUME: "data", labels.VERSION: "5.6.1"})
    seen = engine.observe(project)
    assert [n.name for n in seen.networks] == [f"{project}_default"]
    assert [(v.name, v.labels[labels.VOLUME]) for v in seen.volumes] == [(f"{project}_data", "data")]
    engine.remove_network(f"{project}_default")
    engine.remove_volume(f"{project}_data")
    seen = engine.observe(project)
    assert (seen.networks, seen.volumes) == ((), ())


def test_a_running_one_is_renamed_stopped_and_found_by_project(engine: Engine, sleeper: str, project: str) -> None:
    engine.rename(sleeper, f"{project}-other-1")
    assert [c.name for c in engine.projects()[project]] == [f"{project}-other-1"]
    engine.stop(sleeper, timeout=1)
    assert engine.inspect(sleeper).state == "exited"
