"""What `protocols.Engine` promises, held against the fake and the real engine."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.model import labels, plan
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound, TimedOut
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build
from devenv.run.cancel import CancelToken
from tests.engines import Told

NOBODY = "localhost:1/devenv-test/nobody:1"
"""An image that no engine has, at a registry that refuses connections."""


def create(engine: Engine, base: str, project: str, *command: str, name: str = "app", **more: Any) -> str:
    payload = {
        "Image": base,
        "Cmd": list(command),
        "Labels": {labels.PROJECT: project, labels.SERVICE: name},
        **more,
        "HostConfig": {"Init": True, **more.get("HostConfig", {})},
    }
    return engine.create_container(f"{project}-{name}-1", payload)


@pytest.fixture
def sleeper(engine: Engine, base: str, project: str) -> str:
    container = create(engine, base, project, "sleep", "600", Env=["GREETING=hello"])
    engine.start(container)
    return container


def marks(project: str) -> dict[str, str]:
    return {labels.PROJECT: project}


# Containers


def test_a_container_from_its_creation_to_its_end(engine: Engine, base: str, project: str, cancel: CancelToken) -> None:
    container = create(engine, base, project, "sh", "-c", "echo out; echo err >&2; exit 7")
    made = engine.inspect(container)
    assert (made.state, made.running, made.image) == ("created", False, base)
    engine.start(container)
    assert engine.wait(container, cancel=cancel) == 7
    seen = engine.observe(project, images=[base, NOBODY])
    assert [(c.name, c.state, c.exit_code) for c in seen.containers] == [(f"{project}-app-1", "exited", 7)]
    assert set(seen.images) == {base}
    assert seen.containers[0].image_id == seen.images[base].id
    assert {(line.stream, line.line) for line in engine.logs(container)} == {("stdout", "out"), ("stderr", "err")}
    engine.remove_container(container)
    engine.remove_container(container)  # gone already is done
    with pytest.raises(NotFound):
        engine.inspect(container)


def test_an_inspected_container_shows_what_it_was_created_with(engine: Engine, sleeper: str, project: str) -> None:
    seen = engine.inspect(f"{project}-app-1")
    assert seen.id == sleeper
    assert "GREETING=hello" in seen.config["Env"]
    assert seen.config["Cmd"] == ["sleep", "600"]
    assert seen.config["HostConfig"]["Init"] is True
    assert seen.labels[labels.SERVICE] == "app"
    assert (seen.state, seen.running, seen.exit_code, seen.health) == ("running", True, 0, "")


def test_a_held_name_is_a_conflict_and_is_seen(engine: Engine, base: str, project: str) -> None:
    create(engine, base, project, "true")
    with pytest.raises(Conflict) as held:
        create(engine, base, project, "true")
    assert held.value.code == ExitCode.FAILED
    assert held.value.hint
    seen = engine.observe(f"{project}-other", names=[f"{project}-app-1", "nobody"])
    assert seen.containers == ()
    assert set(seen.held) == {f"{project}-app-1"}
    own = engine.observe(project, names=[f"{project}-app-1"])
    assert own.held == {}


def test_an_image_that_is_not_there(engine: Engine, project: str, report: Told, cancel: CancelToken) -> None:
    with pytest.raises(NotFound):
        create(engine, NOBODY, project, "true")
    assert engine.image(NOBODY) is None
    assert engine.registry_digest(NOBODY, 3.0) is None
    assert engine.registry_has(NOBODY, 3.0) is None
    with pytest.raises(DevenvError) as unfit:
        engine.pull(NOBODY, report=report, cancel=cancel)
    assert unfit.value.code == ExitCode.UNFIT


def test_what_is_done_already_is_no_error(engine: Engine, sleeper: str, project: str) -> None:
    engine.start(sleeper)
    engine.stop(sleeper, timeout=1)
    engine.stop(sleeper, timeout=1)
    assert engine.inspect(sleeper).state == "exited"
    engine.start(sleeper)
    assert engine.inspect(sleeper).state == "running"
    engine.remove_network(f"{project}_none")
    engine.remove_volume(f"{project}_none")


def test_a_running_one_is_renamed_and_found_by_project(engine: Engine, base: str, sleeper: str, project: str) -> None:
    engine.rename(sleeper, f"{project}-other-1")
    assert [c.name for c in engine.projects()[project]] == [f"{project}-other-1"]
    create(engine, base, project, "true")
    with pytest.raises(Conflict):
        engine.rename(sleeper, f"{project}-app-1")


def test_a_cancel_ends_a_wait(engine: Engine, sleeper: str, cancel: CancelToken) -> None:
    codes: list[ExitCode] = []

    def wait() -> None:
        with pytest.raises(DevenvError) as interrupted:
            engine.wait(sleeper, cancel=cancel)
        codes.append(interrupted.value.code)

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    cancel.cancel()
    waiter.join(30)
    assert codes == [ExitCode.INTERRUPTED]
    assert engine.inspect(sleeper).running


def test_files_are_put_in_before_the_start(engine: Engine, base: str, project: str, cancel: CancelToken) -> None:
    container = create(engine, base, project, "cat", "/etc/devenv/test")
    engine.copy_in(container, {"/etc/devenv/test": (b"hello\n", 0o640)})
    engine.start(container)
    assert engine.wait(container, cancel=cancel) == 0
    assert [line.line for line in engine.logs(container)] == ["hello"]


def test_a_file_is_looked_at_from_outside(engine: Engine, base: str, project: str) -> None:
    container = create(engine, base, project, "true")
    engine.copy_in(container, {"/srv/run": (b"#!/bin/sh\n" + b"x" * 100_000, 0o755)})
    found = engine.read_file(container, "/srv/run")
    assert found is not None
    assert (found.head[:10], len(found.head), found.mode, found.folder) == (b"#!/bin/sh\n", 65536, 0o755, False)
    assert engine.read_file(container, "/srv/nothing") is None
    with pytest.raises(NotFound):
        engine.read_file(f"{project}-nobody-1", "/srv/run")


def test_a_container_that_is_not_there(engine: Engine, cancel: CancelToken) -> None:
    for call in (engine.inspect, engine.start, engine.stop):
        with pytest.raises(NotFound):
            call("devenv-test-nobody")
    with pytest.raises(NotFound):
        engine.exec("devenv-test-nobody", ["true"])
    with pytest.raises(NotFound):
        engine.wait("devenv-test-nobody", cancel=cancel)
    with pytest.raises(NotFound):
        list(engine.logs("devenv-test-nobody"))


# Networks, volumes, ports


def test_networks_and_volumes_by_project(engine: Engine, project: str) -> None:
    network, volume = f"{project}_default", f"{project}_data"
    made = engine.create_network(network, {}, {**marks(project), labels.NETWORK: "default"})
    assert engine.create_network(network, {}, marks(project)) == made
    engine.create_volume(volume, {}, {**marks(project), labels.SERVER: "postgres/17", labels.FOLDER: "/repo"})
    assert engine.data_folders()[project] == frozenset({"/repo"})
    engine.create_volume(volume, {}, marks(project))
    seen = engine.observe(project)
    assert [(n.id, n.name, n.driver, len(n.subnets)) for n in seen.networks] == [(made, network, "bridge", 1)]
    assert [(v.name, v.labels[labels.SERVER]) for v in seen.volumes] == [(volume, "postgres/17")]
    with pytest.raises(Conflict):
        engine.create_network(network, {}, marks(f"{project}-other"))
    engine.remove_network(network)
    engine.remove_volume(volume)
    seen = engine.observe(project)
    assert (seen.networks, seen.volumes) == ((), ())


def test_a_container_in_its_networks_and_with_its_volume(engine: Engine, base: str, project: str) -> None:
    names = [f"{project}_a", f"{project}_b"]
    ids = [engine.create_network(name, {}, marks(project)) for name in names]
    engine.create_volume(f"{project}_data", {}, marks(project))
    container = create(
        engine,
        base,
        project,
        "sleep",
        "600",
        HostConfig={"NetworkMode": names[0], "Binds": [f"{project}_data:/data:rw"]},
        NetworkingConfig={"EndpointsConfig": {names[0]: {"Aliases": ["app"]}}},
    )
    engine.connect_network(container, names[1], {"Aliases": ["app"]})
    engine.start(container)
    seen = engine.inspect(container)
    assert {name: seen.networks[name][0] for name in names} == dict(zip(names, ids, strict=True))
    assert all(seen.networks[name][1] for name in names)
    assert seen.mounts == {"/data": f"{project}_data"}
    with pytest.raises(Conflict):
        engine.remove_volume(f"{project}_data")
    engine.remove_container(container)
    for name in names:
        engine.remove_network(name)


def test_a_published_port_and_one_that_is_held(engine: Engine, base: str, project: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    published = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}}
    first, second = (
        create(engine, base, project, "sleep", "600", name=name, ExposedPorts={"80/tcp": {}}, HostConfig={**published})
        for name in ("first", "second")
    )
    engine.start(first)
    assert engine.inspect(first).ports["80/tcp"] == (("127.0.0.1", port),)
    assert engine.projects()[project][0].ports["80/tcp"] == (("127.0.0.1", port),)
    with pytest.raises(Conflict) as held:
        engine.start(second)
    assert str(port) in held.value.message
    assert engine.inspect(second).state == "created"


# Inside


def test_standard_input_is_streamed_whole_and_ends(engine: Engine, sleeper: str) -> None:
    chunk = b"x" * 65536
    result = engine.exec(sleeper, ["wc", "-c"], stdin=(chunk for _ in range(256)))
    assert (result.exit_code, result.output.strip()) == (0, str(256 * 65536).encode())


def test_what_goes_in_comes_out_and_the_end_is_kept(engine: Engine, sleeper: str) -> None:
    heard = bytearray()
    chunks = [bytes([65 + number]) * 10_000 for number in range(20)]
    result = engine.exec(sleeper, ["cat"], stdin=iter(chunks), on_output=lambda _, part: heard.extend(part))
    assert bytes(heard) == b"".join(chunks)
    assert result.output == b"".join(chunks)[-65536:]


def test_a_command_that_does_not_read_its_input(engine: Engine, sleeper: str) -> None:
    result = engine.exec(sleeper, ["false"], stdin=(b"x" * 65536 for _ in range(64)))
    assert result.exit_code == 1


def test_output_comes_apart_by_stream(engine: Engine, sleeper: str) -> None:
    heard: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def hear(stream: str, data: bytes) -> None:
        heard[stream] += data

    result = engine.exec(sleeper, ["sh", "-c", "printenv A; echo no >&2; exit 3"], env={"A": "yes"}, on_output=hear)
    assert result.exit_code == 3
    assert heard == {"stdout": b"yes\n", "stderr": b"no\n"}
    assert (result.output, result.errors) == (b"yes\n", b"no\n")


def test_the_containers_own_environment(engine: Engine, sleeper: str) -> None:
    assert engine.exec(sleeper, ["printenv", "GREETING"]).output == b"hello\n"


def test_a_program_that_is_not_in_the_image(engine: Engine, sleeper: str) -> None:
    assert engine.exec(sleeper, ["devenv-no-such-program"]).exit_code in (126, 127)


def test_a_command_that_does_not_end_in_its_time(engine: Engine, sleeper: str) -> None:
    with pytest.raises(TimedOut):
        engine.exec(sleeper, ["sleep", "60"], timeout=0.3)


def test_a_cancelled_command(engine: Engine, sleeper: str, cancel: CancelToken) -> None:
    timer = threading.Timer(0.2, cancel.cancel)
    timer.start()
    with pytest.raises(DevenvError) as interrupted:
        engine.exec(sleeper, ["sleep", "60"], cancel=cancel)
    assert interrupted.value.code == ExitCode.INTERRUPTED
    timer.join()


def test_an_input_that_fails_ends_the_command(engine: Engine, sleeper: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a part"
        raise DevenvError("the source broke", hint="mend it")

    with pytest.raises(DevenvError, match="the source broke"):
        engine.exec(sleeper, ["cat"], stdin=broken())


def test_a_container_that_does_not_run_takes_no_command(engine: Engine, base: str, project: str) -> None:
    container = create(engine, base, project, "true")
    with pytest.raises(DevenvError) as refused:
        engine.exec(container, ["true"])
    assert refused.value.code == ExitCode.FAILED


# Logs


def test_the_last_lines_with_their_times(engine: Engine, base: str, project: str, cancel: CancelToken) -> None:
    container = create(engine, base, project, "sh", "-c", "echo one; echo two; echo three")
    engine.start(container)
    engine.wait(container, cancel=cancel)
    lines = list(engine.logs(container, tail=2, timestamps=True))
    assert [line.line for line in lines] == ["two", "three"]
    assert all(line.at.endswith("Z") and line.at[4] == "-" for line in lines)
    assert [line.at for line in engine.logs(container)] == ["", "", ""]
    assert list(engine.logs(container, since=time.time() + 60)) == []


def test_following_ends_with_the_container(engine: Engine, base: str, project: str) -> None:
    container = create(engine, base, project, "sh", "-c", "echo one; sleep 0.3; echo two")
    engine.start(container)
    assert [line.line for line in engine.logs(container, follow=True)] == ["one", "two"]


def test_following_ends_when_cancelled(engine: Engine, base: str, project: str, cancel: CancelToken) -> None:
    container = create(engine, base, project, "sh", "-c", "echo one; sleep 600")
    engine.start(container)
    seen = []
    for line in engine.logs(container, follow=True, cancel=cancel):
        seen.append(line.line)
        cancel.cancel()
    assert seen == ["one"]


# Images


def test_a_build_with_another_base_its_labels_and_its_steps(
    engine: Engine, base: str, project: str, report: Told, cancel: CancelToken, tmp_path: Path, forget_image: Any
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:13\nCOPY hello /hello\n")
    (tmp_path / "hello").write_text("hello\n")
    ref = forget_image(f"localhost/devenv-test/{project}:1")
    step = plan.Build(
        ref=ref, build=Build(context=str(tmp_path)), bases={"debian:13": base}, labels={labels.SOURCE: "$a \"b\" 'c'"}
    )
    made = engine.build(step, trust=Trust(), report=report, cancel=cancel)
    image = engine.image(ref)
    assert image is not None
    assert (image.id, image.labels[labels.SOURCE]) == (made, "$a \"b\" 'c'")
    assert engine.build(step, trust=Trust(), report=report, cancel=cancel) == made
    assert report.steps
    assert report.steps[-1][2] == "steps"
    other = forget_image(f"localhost/devenv-test/{project}:2")
    engine.tag(ref, other)
    again = engine.image(other)
    assert again is not None
    assert again.id == made


def test_a_root_file_system_becomes_an_image(
    engine: Engine, project: str, cancel: CancelToken, forget_image: Any
) -> None:
    ref = forget_image(f"localhost/devenv-test/{project}:1")
    made = engine.import_image(ref, iter([b"\0" * 512, b"\0" * 9728]), labels={"a": "b"}, cancel=cancel)
    image = engine.image(ref)
    assert image is not None
    assert (image.id, image.labels) == (made, {"a": "b"})
    assert engine.image(made) is not None


def test_a_source_that_fails_leaves_no_image(engine: Engine, project: str, cancel: CancelToken) -> None:
    def broken() -> Iterator[bytes]:
        yield b"\0" * 512
        raise DevenvError("the source broke", hint="mend it")

    ref = f"localhost/devenv-test/{project}:1"
    with pytest.raises(DevenvError, match="the source broke"):
        engine.import_image(ref, broken(), labels={}, cancel=cancel)
    assert engine.image(ref) is None


# Everything there is


def test_an_inventory_holds_what_anybody_made(engine: Engine, base: str, sleeper: str, project: str) -> None:
    engine.create_volume(f"{project}_data", {}, {labels.PROJECT: project})
    found = engine.inventory()
    mine = next(c for c in found.containers if c.name == f"{project}-app-1")
    assert (mine.state, mine.labels[labels.PROJECT]) == ("running", project)
    assert [v.labels[labels.PROJECT] for v in found.volumes if v.name == f"{project}_data"] == [project]
    image = engine.image(base)
    assert image is not None
    assert image.id in {i.id for i in found.images if i.ref}


def test_an_image_goes_unless_a_container_uses_it(
    engine: Engine, project: str, cancel: CancelToken, forget_image: Any
) -> None:
    ref = forget_image(f"localhost/devenv-test/{project}:1")
    made = engine.import_image(ref, iter([b"\0" * 10240]), labels={"a": project}, cancel=cancel)
    container = engine.create_container(f"{project}-held-1", {"Image": ref, "Cmd": ["x"], "Labels": marks(project)})
    with pytest.raises(Conflict):
        engine.remove_image(ref)
    engine.remove_container(container)
    engine.remove_image(ref)
    assert engine.image(made) is None
    engine.remove_image(ref)
    engine.remove_image(made)


# Files and usage


def _tar(**files: bytes) -> list[bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return [packed.getvalue()]


def test_files_go_in_and_come_out_byte_for_byte(engine: Engine, sleeper: str, cancel: CancelToken) -> None:
    content = bytes(range(256)) * 1000
    engine.put_archive(sleeper, "/tmp", _tar(data=content, more=b""), cancel=cancel)
    found = engine.path_stat(sleeper, "/tmp/data")
    assert found is not None
    assert (found.name, found.directory, found.size, found.link) == ("data", False, len(content), "")
    folder = engine.path_stat(sleeper, "/tmp")
    assert folder is not None
    assert folder.directory
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.get_archive(sleeper, "/tmp/data", cancel=cancel)))) as tar:
        (entry,) = tar.getmembers()
        out = tar.extractfile(entry)
        assert out is not None
        assert (entry.name, out.read()) == ("data", content)
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.get_archive(sleeper, "/tmp/.", cancel=cancel)))) as tar:
        assert {"data", "more"} <= {os.path.normpath(name) for name in tar.getnames()}


def test_paths_that_are_not_there(engine: Engine, sleeper: str, cancel: CancelToken) -> None:
    assert engine.path_stat(sleeper, "/no/such") is None
    with pytest.raises(NotFound):
        next(iter(engine.get_archive(sleeper, "/no/such", cancel=cancel)))
    with pytest.raises(NotFound):
        engine.put_archive(sleeper, "/no/such", _tar(a=b"x"), cancel=cancel)


def test_what_it_uses_is_told_until_it_ends(engine: Engine, sleeper: str, cancel: CancelToken) -> None:
    told = engine.usage(sleeper, cancel=cancel)
    first, second = next(told), next(told)
    assert first.at < second.at
    assert first.cpu <= second.cpu
    assert second.memory > 0
    assert second.pids >= 1
    engine.stop(sleeper, 0)
    assert len(list(told)) < 100
