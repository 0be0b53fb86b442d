"""Several containers of one service (`scale`, `--scale`), ours and Compose's: the same ones, whoever made them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.plain import plain
from tests.engines import new_name

pytestmark = pytest.mark.engine

STACK = """\
services:
  web: {<<: *wait, scale: 3, ports: ["127.0.0.1:18361-18363:80"], healthcheck: {test: [CMD, "true"], interval: 1s}}
  side: {<<: *wait, scale: 2, network_mode: "service:web"}
  proxy: {<<: *wait, depends_on: {web: {condition: service_healthy, restart: true}}}
"""
ALL = {"web-1", "web-2", "web-3", "side-1", "side-2", "proxy-1"}


def test_several_containers_are_made_shared_and_mended(tmp_path: Path, docker_base: str) -> None:
    with plain(tmp_path, new_name(), STACK) as it:
        it.up()
        before = it.held()
        assert set(before) == ALL
        ports = [it.says("port", "--index", str(n), "web", "80").strip() for n in (1, 2, 3)]
        # Which is whose is the engine's affair: it goes on from the port that it gave last.
        assert sorted(ports) == ["127.0.0.1:18361", "127.0.0.1:18362", "127.0.0.1:18363"]
        first = it.each()["web-1"]
        for name in ("side-1", "side-2"):
            assert it.each()[name].attrs["HostConfig"]["NetworkMode"] == f"container:{first.id}"

        it.compose("up", "-d")
        it.up()
        assert it.held() == before

        hosts = {n: it.says("exec", "--index", str(n), "web", "hostname").strip() for n in (1, 2, 3)}
        assert hosts == {n: it.each()[f"web-{n}"].attrs["Config"]["Hostname"] for n in (1, 2, 3)}
        said = it.run("exec", "--index", "4", "web", "true").stderr
        assert "no container with the number 4" in said
        assert "Those that it has: 1, 2, 3." in said
        said = it.says("logs", "web")
        assert sorted(line.partition("|")[0].strip() for line in said.splitlines()) == ["web-1", "web-2", "web-3"]
        row = it.status()["web"]
        assert (row["state"], row["ready"], row["scale"]) == ("running", True, 3)
        assert [each["container"].removeprefix(f"{it.name}-") for each in row["containers"]] == [
            "web-1", "web-2", "web-3",
        ]  # fmt: skip

        it.each()["web-2"].remove(force=True)
        assert it.planned() == [f"web {verb} {it.name}-web-2" for verb in ("CreateContainer", "Start", "WaitReady")]
        assert it.status()["web"]["state"] == "2 of 3 running"
        it.up()
        assert {name: one for name, one in it.held().items() if name != "web-2"} == {
            name: one for name, one in before.items() if name != "web-2"
        }


@pytest.mark.slow
def test_other_numbers_are_asked_for_by_either_tool(tmp_path: Path, docker_base: str) -> None:
    with plain(tmp_path, new_name(), STACK) as it:
        it.compose("up", "-d", "--scale", "web=2", "--scale", "side=0")
        before = it.held()
        assert set(before) == {"web-1", "web-2", "proxy-1"}
        it.up("--scale", "web=2", "--scale", "side=0")
        assert it.held() == before

        it.up("--scale", "side=0")
        assert {name: it.held()[name] for name in before} == before
        assert set(it.held()) == ALL - {"side-1", "side-2"}

        it.up("--scale", "web=1", "--scale", "side=1")
        assert set(it.held()) == {"web-1", "side-1", "proxy-1"}
        assert it.held()["proxy-1"] == before["proxy-1"]

        it.compose("up", "-d")
        after = it.held()
        it.up()
        assert it.held() == after
        assert set(after) == ALL

        it.edit("compose.yaml", "web: {<<: *wait,", "web: {<<: *wait, environment: {A: b},")
        assert it.run("up").returncode == 0
        changed = it.held()
        assert all(changed[name][0] != after[name][0] for name in ("web-1", "web-2", "web-3", "side-1", "side-2"))
        assert changed["proxy-1"][0] == after["proxy-1"][0]
        assert changed["proxy-1"][1] > after["proxy-1"][1], "it asked to be restarted with it"


def test_what_cannot_be_several_is_refused(tmp_path: Path, docker_base: str) -> None:
    with plain(tmp_path, new_name(), 'services:\n  web: {<<: *wait, scale: 2, ports: ["18361:80"]}\n') as it:
        refused = it.run("up")
        assert refused.returncode == 2
        assert "18361 of this host is one port for the 80 of each" in refused.stderr
        assert "`18361-18362:80`" in refused.stderr
        assert it.each() == {}
        it.furnish("services:\n  web: {<<: *wait, container_name: one}\n")
        assert "cannot all be called `one`" in it.run("up", "--scale", "web=2").stderr
        assert json.loads(it.says("status", "--output", "json"))["services"][0]["state"] == "missing"
