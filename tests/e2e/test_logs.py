"""`devenv logs` of real containers: a terminal, noise, long lines, one id across services, a restart meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

# Each says its part of a request 0.2 s after the one before it; the order of the services is another one.
MANIFEST = """\
name: {name}
services:
  worker:
    image: BASE
    init: true
    command:
      - sh
      - -c
      - |
        sleep 0.8
        echo '{{"level":"info","msg":"worked off","request_id":"r-1"}}'
        exec sleep 3600
  api:
    image: BASE
    init: true
    tty: true
    command:
      - sh
      - -c
      - |
        sleep 0.4
        echo '{{"level":30,"msg":"taken","request_id":"r-1"}}'
        echo '{{"level":30,"msg":"other","request_id":"r-2"}}'
        head -c 40000 /dev/zero | tr '\\0' t; echo END
        printf '\\033[31mred\\033[0m\\033[2J\\n'
        exec sleep 3600
  web:
    image: BASE
    init: true
    command:
      - sh
      - -c
      - |
        echo 'GET / r-1'
        head -c 300000 /dev/zero | tr '\\0' x; echo END
        printf '\\000\\377\\007noise\\r\\n' >&2
        for i in 1 2 3; do echo "beat $$i"; sleep 0.1; done
        exec sleep 3600
""".replace("BASE", BASE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with made(tmp_path_factory.mktemp("logs") / "repository", new_name(), MANIFEST) as one:
        os.rename(one.folder / "devenv.yaml", one.folder / "compose.yaml")
        one.up()
        container = one.containers()["worker"]
        while b"worked off" not in container.logs():
            pass
        yield one


def test_one_id_is_found_across_services_in_the_order_of_time(stack: Repository) -> None:
    shown = stack.run("logs", "--grep", "r-1").stdout.splitlines()
    assert shown == [
        "web    | GET / r-1",
        "api    | INFO    taken  request_id=r-1",
        "worker | INFO    worked off  request_id=r-1",
    ]
    told = [json.loads(line) for line in stack.run("logs", "--grep", "r-1", "--output", "json").stdout.splitlines()]
    assert [line["service"] for line in told] == ["web", "api", "worker"]
    assert [line["at"] for line in told] == sorted(line["at"] for line in told)
    assert json.loads(told[1]["line"])["msg"] == "taken", "programs get the line as it was said"


def test_long_lines_are_whole_and_hold_no_time_of_the_engine_s(stack: Repository) -> None:
    api = stack.run("logs", "api").stdout.splitlines()
    assert "t" * 40000 + "END" in api
    web = stack.run("logs", "web").stdout.splitlines()
    pieces = [line for line in web if line.startswith("xx")]
    assert "".join(pieces) == "x" * 300000 + "END"
    told = [json.loads(line) for line in stack.run("logs", "web", "--output", "json").stdout.splitlines()]
    assert all(line["at"].startswith("20") for line in told)


def test_noise_is_harmless_on_a_terminal_and_colours_stay(stack: Repository) -> None:
    shown = stack.run("logs", "web", "api").stdout
    assert "\x1b[31mred\x1b[0m\n" in shown
    assert not set(shown) & {"\x00", "\x07", "\r"}
    assert "\x1b[2J" not in shown
    assert "web | \N{REPLACEMENT CHARACTER}noise" in shown


def test_following_goes_on_over_a_restart_and_ends_when_asked(stack: Repository) -> None:
    process = subprocess.Popen(
        stack.command("logs", "-f", "-n", "1", "web"), cwd=stack.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "beat 3\n"
        assert stack.run("restart", "web", "-t", "0").returncode == 0
        seen = [process.stdout.readline() for _ in range(6)]
        assert all(seen), "the following has ended"
        assert [line[:9] for line in seen if line.startswith(("GET", "beat"))][:1] == ["GET / r-1"]
        while not seen[-1].startswith("beat 3"):
            seen.append(process.stdout.readline())
        assert [line for line in seen if line.startswith("beat")] == ["beat 1\n", "beat 2\n", "beat 3\n"], "each once"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()
