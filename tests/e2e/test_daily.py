"""The small verbs of a day, on a stack that runs."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.repository import Repository

pytestmark = pytest.mark.engine


def test_a_port_is_where_it_is_published(running: Repository) -> None:
    result = running.run("port", "api", "8000")
    assert result.returncode == 0, result.stderr
    with urllib.request.urlopen(f"http://{result.stdout.strip()}/", timeout=10) as answer:
        assert answer.read() == b"hello"
    assert json.loads(running.run("port", "api", "--output", "json").stdout) == {"8000/tcp": [result.stdout.strip()]}
    closed = running.run("port", "workspace")
    assert (closed.returncode, closed.stdout) == (0, "")
    assert "workspace publishes no port" in closed.stderr
    wrong = running.run("port", "api", "9")
    assert wrong.returncode == 2
    assert "It publishes 8000." in wrong.stderr


def test_addresses_are_listed_and_what_no_browser_opens_is_refused(running: Repository) -> None:
    listed = json.loads(running.run("open", "--output", "json").stdout)
    assert listed["db"].startswith("postgresql://app:***@127.0.0.1:")
    printed = running.run("open", "web", env={"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""})
    assert (printed.returncode, printed.stdout.strip()) == (0, listed["web"])
    assert running.run("open", "db").returncode == 2
    assert f"There is no service wob in {running.name}.\n  → Did you mean `web`?" in running.run("open", "wob").stderr


def test_editors_open_the_workspace_that_runs(running: Repository, tmp_path: Path) -> None:
    for name in ("code", "pycharm"):
        (tmp_path / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/{name}.words\n')
        (tmp_path / name).chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    opened = running.run("open", "code", env=path)
    assert opened.returncode == 0, opened.stderr
    address = f"vscode-remote://dev-container+{str(running.folder).encode().hex()}/workspaces/{running.name}"
    assert (tmp_path / "code.words").read_text().split() == ["--folder-uri", address]
    assert opened.stdout.strip() == f"{tmp_path}/code --folder-uri {address}"
    opened = running.run("open", "jetbrains", env=path)
    assert (opened.returncode, (tmp_path / "pycharm.words").read_text().split()) == (0, [str(running.folder)])
    assert "joins the container that runs" in opened.stderr
    missing = running.run("open", "cursor", env=path)
    assert missing.returncode == 3
    assert "There is no program `cursor` on the PATH." in missing.stderr
    assert running.run("stop", "workspace").returncode == 0
    (tmp_path / "code.words").unlink()
    stopped = running.run("open", "code", env=path)
    assert running.run("start", "workspace").returncode == 0
    assert (stopped.returncode, (tmp_path / "code.words").exists()) == (1, False)
    assert "devenv up workspace" in stopped.stderr


def test_logs_are_cut_to_a_time_and_to_what_is_looked_for(running: Repository) -> None:
    every = running.run("logs", "db").stdout.splitlines()
    found = running.run("logs", "db", "--grep", "ready to .* connections").stdout.splitlines()
    assert found
    assert found == [line for line in every if "ready to accept connections" in line]
    assert running.run("logs", "db", "--since", "2100-01-01").stdout == ""
    assert running.run("logs", "db", "--since", "1d").stdout.splitlines() == every
    wrong = running.run("logs", "db", "--grep", "(")
    assert wrong.returncode == 2
    assert "no regular expression" in wrong.stderr


def test_build_makes_images_and_starts_nothing(running: Repository) -> None:
    before = running.identities()
    result = running.run("build", "api")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "is built" in result.stdout
    assert running.identities() == before
    assert running.run("build", "db").returncode == 2
    assert running.run("pull", "api").returncode == 2
    pulled = running.run("pull", "db")
    assert pulled.returncode == 0, pulled.stdout + pulled.stderr
    assert running.identities() == before


def test_building_anew_makes_a_container_anew_only_where_another_image_comes_out(running: Repository) -> None:
    before = running.identities()
    told = running.up("--build")
    assert "api: built" in told or "is built" in told, told
    assert running.identities() == before, told
    running.up("--pull")
    assert running.identities() == before
    running.up("--force-recreate", "web")
    after = running.identities()
    assert {name for name in before if before[name] != after[name]} == {"web"}


def test_what_services_use_is_shown_once_and_for_programs(running: Repository) -> None:
    shown = running.run("top", "--no-stream", "db", "api")
    assert shown.returncode == 0, shown.stderr
    head, *rows = shown.stdout.splitlines()
    assert head.split() == ["SERVICE", "CPU", "MEMORY", "RECEIVED", "/", "SENT", "PIDS"]
    assert [row.split()[0] for row in rows] == ["db", "api"]
    told = running.run("top", "--no-stream", "--output", "json", "db")
    (row,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (row["service"], row["state"], row["memory_limit"]) == ("db", "running", None)
    assert row["memory"] > 1_000_000
    assert row["cpu_percent"] >= 0
    assert row["received"] > 0
    assert row["pids"] >= 5
    assert running.run("top", "none").returncode == 2


def test_what_is_started_while_one_watches_is_shown(running: Repository) -> None:
    running.containers()["web"].stop(timeout=1)
    stopped = running.run("top", "--no-stream", "web")
    assert stopped.returncode == 1
    assert "`web` does not run (exited)" in stopped.stderr
    process = subprocess.Popen(
        running.command("top", "--output", "json", "db", "web"), cwd=running.folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as told:
        assert json.loads(told.readline())["service"] == "db"
        running.containers()["web"].start()
        seen = {json.loads(told.readline())["service"] for _ in range(12)}
    process.terminate()
    process.wait(30)
    assert seen == {"db", "web"}


def test_what_services_use_is_live_on_a_terminal_until_a_key(running: Repository) -> None:
    typing, terminal = pty.openpty()
    process = subprocess.Popen(
        running.command("top"), cwd=running.folder, stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "TERM": "xterm", "CI": ""}, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while seen.count(b"SERVICE") < 3:
        seen += os.read(typing, 65536)
    os.write(typing, b"q")
    with contextlib.suppress(OSError):  # the end of a terminal that nobody holds any more
        while piece := os.read(typing, 65536):
            seen += piece
    assert process.wait(30) == 0, seen
    os.close(typing)
    assert seen.rstrip().endswith(b"\x1b[?25h"), "the cursor is there again"
    assert b"\x1b[6A" in seen, "a head, four services and how it ends, drawn over"


def test_where_there_is_no_manifest_the_project_is_named(repository: Repository, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    said = f"there is no manifest here: this is about {repository.name} in {repository.folder}"
    for words in (("status",), ("config", "--services"), ("down",)):
        borrowed = repository.run(*words, cwd=elsewhere, env={"DEVENV_CHECKOUT": str(repository.folder)})
        assert borrowed.returncode == 0, borrowed.stderr
        assert said in borrowed.stderr
    assert f"{repository.name}, of {repository.folder}\n" in repository.run("status").stdout
    for own in (repository.run("down"), repository.run("-C", str(repository.folder), "down", cwd=elsewhere)):
        assert (own.returncode, said in own.stderr) == (0, False)
