"""Each kind of probe against containers of the real engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from devenv.extensions.probes import PROBES
from devenv.model import labels
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Broken, Engine, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

pytestmark = pytest.mark.engine

SERVE = """
use IO::Socket::INET;
my ($address, $answer) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => 8000, Listen => 8, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  if ($answer) { sysread($client, my $asked, 4096); print $client "HTTP/1.0 $answer\\r\\n\\r\\n"; }
  else { sysread($client, my $asked, 1); }
  close $client;
}
"""
Make = Callable[..., str]


@pytest.fixture
def make(engine: Engine, base: str, project: str) -> Make:
    """Starts a container of `command`; its id."""

    def started(*command: str, publish: bool = False, **payload: Any) -> str:
        host: dict[str, Any] = {"Init": True, **payload.pop("HostConfig", {})}
        if publish:
            host["PortBindings"] = {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
        body = {
            "Image": base,
            "Cmd": list(command),
            "Labels": {labels.PROJECT: project},
            "ExposedPorts": {"8000/tcp": {}},
            "HostConfig": host,
            **payload,
        }
        container = engine.create_container(f"{project}-{len(engine.observe(project).containers)}", body)
        engine.start(container)
        return container

    return started


def look(engine: Engine, container: str, kind: str, options: Mapping[str, Any], *, routed: bool = True) -> Look:
    """One look. Not `routed`: as if the engine's networks were out of reach, so that published ports are used."""
    seen: ObservedContainer = engine.inspect(container)
    if not routed:
        seen = replace(seen, networks={})
    target = ProbeTarget(service="app", container=seen, engine=engine)
    return PROBES[kind].look(target, Ready(kind=kind, options=options), timeout=5)


def until_ready(engine: Engine, container: str, kind: str, options: Mapping[str, Any], *, routed: bool = True) -> Look:
    end = time.monotonic() + 20
    while True:
        found = look(engine, container, kind, options, routed=routed)
        if isinstance(found, IsReady | Broken) or time.monotonic() > end:
            return found
        time.sleep(0.1)


@pytest.mark.parametrize("routed", [True, False], ids=["container", "published"])
def test_http(engine: Engine, make: Make, routed: bool) -> None:
    well = make("perl", "-e", SERVE, "0.0.0.0", "200 OK", publish=True)
    assert until_ready(engine, well, "http", {"path": "/health"}, routed=routed) == IsReady()
    assert look(engine, well, "http", {"path": "/health", "status": 204}, routed=routed) == NotYet(
        why="HTTP 200 from /health"
    )


@pytest.mark.parametrize("routed", [True, False], ids=["container", "published"])
def test_tcp_behind_nothing_is_not_ready(engine: Engine, make: Make, routed: bool) -> None:
    """The engine's proxy accepts on a published port where nothing listens behind it."""
    idle = make("sleep", "600", publish=True)
    for kind in ("tcp", "http"):
        found = look(engine, idle, kind, {"port": 8000}, routed=routed)
        assert isinstance(found, NotYet), (kind, found)
    server = make("perl", "-e", SERVE, "0.0.0.0", "", publish=True)
    assert until_ready(engine, server, "tcp", {}, routed=routed) == IsReady()


def test_what_listens_inside_only_is_said(engine: Engine, make: Make) -> None:
    shy = make("perl", "-e", SERVE, "127.0.0.1", "200 OK")
    assert until_ready(engine, shy, "tcp", {"port": 8000}, routed=False) == IsReady()  # asked from inside
    found = look(engine, shy, "tcp", {"port": 8000})
    assert isinstance(found, NotYet)
    assert "only inside the container" in found.why


def test_exec(engine: Engine, make: Make) -> None:
    container = make("sh", "-c", "sleep 0.5; touch /ready; exec sleep 600")
    assert until_ready(engine, container, "exec", {"command": "test -f /ready"}) == IsReady()
    missing = look(engine, container, "exec", {"command": ["pg_isready", "-q"]})
    assert isinstance(missing, Broken)
    assert missing.why == "pg_isready is not in the image"
    said = look(engine, container, "exec", {"command": "echo no such database >&2; exit 2"})
    assert said == NotYet(why="echo says: no such database")


def test_log(engine: Engine, make: Make) -> None:
    container = make("sh", "-c", "echo starting; sleep 0.5; echo listening on port 80; exec sleep 600")
    assert until_ready(engine, container, "log", {"pattern": r"listening on port \d+"}) == IsReady()
    assert look(engine, container, "log", {"pattern": "never"}) == NotYet(
        why="no log line matches 'never' yet, last line: listening on port 80"
    )


def test_health_does_not_wait_for_the_engines_interval(engine: Engine, make: Make) -> None:
    check = {"Test": ["CMD-SHELL", "test -f /ready"], "Interval": 60 * 10**9, "Timeout": 5 * 10**9}
    container = make("sh", "-c", "sleep 0.5; touch /ready; exec sleep 600", Healthcheck=check)
    assert until_ready(engine, container, "health", {}) == IsReady()
    assert engine.inspect(container).health == "starting"
