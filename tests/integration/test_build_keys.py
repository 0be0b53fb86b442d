"""The keys of a Compose `build` on the real engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.backends.docker.client import Client
from devenv.model.protocols import Engine
from tests.engines import Told, new_name
from tests.integration.building import Make, write

pytestmark = pytest.mark.engine

Run = Callable[..., list[str]]


def test_names_limits_and_shared_memory_of_a_build(
    make: Make, engine: Engine, run: Run, base: str, tmp_path: Path, forget_image: Callable[[str], str]
) -> None:
    other = forget_image(f"localhost/devenv-test/{new_name()}:other")
    write(
        tmp_path,
        Dockerfile=f"FROM {base}\nRUN exec >/said && getent hosts a.test && cat /proc/self/limits"
        " && df -k --output=size /dev/shm\n",
    )
    ref = make(
        tmp_path,
        tags=(other,),
        extra_hosts=("a.test=192.0.2.7",),
        ulimits={"nofile": (123, 123), "nproc": (77, 78)},
        shm_size=32 * 1024 * 1024,
    )
    said = run(ref, "cat", "/said")
    assert said[0].split() == ["192.0.2.7", "a.test"]
    limits = {line[:26].strip(): line[26:].split()[:2] for line in said[1:-2]}
    assert limits["Max open files"] == ["123", "123"]
    assert limits["Max processes"] == ["77", "78"]
    assert said[-1].strip() == "32768"
    there, again = engine.image(ref), engine.image(other)
    assert there is not None
    assert again is not None
    assert there.id == again.id


@pytest.mark.parametrize("more", [{"no_cache": True}, {"no_cache_filter": ("one",)}])
def test_a_build_without_the_cache_is_made_anew(
    make: Make, run: Run, base: str, tmp_path: Path, more: dict[str, object]
) -> None:
    write(tmp_path, Dockerfile=f"FROM {base} AS one\nRUN date +%s%N >/when\n")
    first = run(make(tmp_path), "cat", "/when")
    assert run(make(tmp_path), "cat", "/when") == first
    assert run(make(tmp_path, **more), "cat", "/when") != first


def test_a_network_that_a_step_is_kept_from(make: Make, run: Run, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN ls /sys/class/net >/said\n")
    assert run(make(tmp_path, network="none"), "cat", "/said") == ["lo"]
    # The classic builder's cache does not look at the network.
    assert "docker0" in run(make(tmp_path, network="host", no_cache=True), "cat", "/said")


def test_a_cache_that_the_image_carries_and_one_that_cannot_be_asked(
    make: Make, client: Client, engine: Engine, report: Told, base: str, tmp_path: Path
) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN true\n")
    ref = make(tmp_path, cache_inline=True, cache_from=("localhost/devenv-test/none", "type=local,src=x"))
    assert engine.image(ref) is not None
    assert report.lines.count("cache_from: the engine's own builder takes no cache from type=local,src=x") == 1
