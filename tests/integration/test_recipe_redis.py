"""What stands for the official Redis does what its users take for granted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.model import labels
from devenv.model.plan import Build
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build as BuildConfig
from devenv.run.cancel import CancelToken
from tests.engines import BASE, Told, new_name

pytestmark = pytest.mark.engine

RECIPE = Path(__file__).parents[2] / "stacks/services/redis"
IMAGE = "localhost/devenv-test/redis:8"


def redis_image(engine: Engine) -> str:
    """The recipe's image; the engine's cache makes the second build a short one."""
    step = Build(
        ref=IMAGE,
        build=BuildConfig(context=str(RECIPE)),
        bases={"debian:trixie-slim": BASE},
        labels={"dev.devenv.test": "redis"},
    )
    engine.build(step, trust=Trust(), report=Told(), cancel=CancelToken())
    return IMAGE


class Redis:
    """One container of the image."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name, self.volume = engine, name, f"{name}-data"

    def up(self, *command: str, user: str = "", env: tuple[str, ...] = ()) -> None:
        payload = {
            "Image": IMAGE, "Cmd": list(command) or None, "User": user, "Env": list(env),
            "Labels": {labels.PROJECT: self.name}, "HostConfig": {"Binds": [f"{self.volume}:/data"]},
        }  # fmt: skip
        self.engine.remove_container(self.name)
        self.engine.start(self.engine.create_container(self.name, payload))
        until = time.monotonic() + 20
        while not any(word in self.cli("ping") for word in ("PONG", "NOAUTH")):
            assert time.monotonic() < until, "redis does not come up"
            time.sleep(0.1)

    def cli(self, *words: str) -> str:
        return self.run("redis-cli", *words)

    def run(self, *words: str) -> str:
        result = self.engine.exec(self.name, words)
        return (result.output + result.errors).decode().strip()


@pytest.fixture
def redis(docker_engine: Engine, docker_base: str) -> Iterator[Redis]:
    redis_image(docker_engine)
    it = Redis(docker_engine, new_name())
    yield it
    docker_engine.remove_container(it.name, volumes=True)
    docker_engine.remove_volume(it.volume)


def test_it_keeps_its_data_is_open_to_its_network_and_stops_in_order(redis: Redis) -> None:
    redis.up()
    assert redis.run("stat", "-c", "%u:%g", "/data", "/proc/1").split() == ["999:999", "999:999"]
    assert redis.cli("config", "get", "protected-mode").split() == ["protected-mode", "no"]
    assert redis.cli("set", "k", "v") == "OK"
    begun = time.monotonic()
    redis.engine.stop(redis.name, 10)
    assert time.monotonic() - begun < 5
    assert redis.engine.inspect(redis.name).exit_code == 0
    redis.up()
    assert redis.cli("get", "k") == "v"
    assert redis.cli("info", "server").count("redis_version:8.") == 1


@pytest.mark.parametrize(
    "command", [("--appendonly", "yes"), ("redis-server", "--appendonly", "yes"), ("redis-server", "/data/own.conf")]
)
def test_options_and_files_are_the_server_s(redis: Redis, command: tuple[str, ...]) -> None:
    if command[-1].endswith(".conf"):
        redis.up()
        redis.run("sh", "-c", "printf 'appendonly yes\\nprotected-mode yes\\n' > /data/own.conf")
    redis.up(*command)
    assert redis.cli("config", "get", "appendonly").split() == ["appendonly", "yes"]
    said = "yes" if command[-1].endswith(".conf") else "no"
    assert redis.cli("config", "get", "protected-mode").split() == ["protected-mode", said]


def test_a_password_and_a_user_of_one_s_own(redis: Redis) -> None:
    redis.up("redis-server", "--requirepass", "secret", "--save", "", user="999:999")
    assert "NOAUTH" in redis.cli("get", "k")
    assert redis.run("sh", "-c", "REDISCLI_AUTH=secret redis-cli ping") == "PONG"
    assert redis.run("sh", "-c", "redis-cli ping | grep -q -e PONG -e NOAUTH && echo up") == "up"
