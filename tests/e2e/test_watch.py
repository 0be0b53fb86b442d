"""`devenv watch` on a real stack: what changes on the host is in the container, of its user, and what goes, goes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

MANIFEST = f"""\
name: {{name}}
services:
  one:
    image: {BASE}
    command: [sh, -c, "touch /tmp/said; exec tail -f /tmp/said"]
    init: true
    stop_grace_period: 1s
    user: "1234:2345"
    develop:
      watch:
        - path: ./src
          action: sync
          target: /w/src
          ignore: [cache/]
          initial_sync: true
        - path: ./conf
          action: sync+restart
          target: /w/conf
        - path: ./run
          action: sync+exec
          target: /w/run
          exec: {{{{command: [sh, -c, 'echo "$$WHO $$(id -u)" >>/tmp/ran'], user: root, environment: [WHO=me]}}}}
  two:
    build: ./two
    init: true
    stop_grace_period: 1s
    develop:
      watch: [{{{{path: ./two, action: rebuild}}}}]
"""
DOCKERFILE = f'FROM {BASE}\nCOPY word /word\nCMD ["sleep", "infinity"]\n'
PATIENCE = 60


class Watched:
    """`devenv watch` at work in `repository`; `said` are its lines."""

    def __init__(self, repository: Repository, *words: str) -> None:
        self.repository = repository
        self.said: list[str] = []
        self.process = subprocess.Popen(
            repository.command(*words), cwd=repository.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))

    def until(self, done: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def hears(self, words: str) -> None:
        self.until(lambda: any(words in line for line in self.said))

    def inside(self, command: str, service: str = "one") -> str:
        container = self.repository.containers()[service]
        _, output = container.exec_run(["sh", "-c", command], user="root")
        return str(output.decode()).strip()

    def close(self) -> int:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def watching(repository: Repository, *words: str) -> Iterator[Watched]:
    one = Watched(repository, *words)
    try:
        one.hears("watching ")
        yield one
    finally:
        if one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGKILL)
        one.close()


def git(folder: Path, *words: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@x")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with made(tmp_path_factory.mktemp("watch") / "repository", new_name(), MANIFEST) as one:
        for path in ("src/deep/a", "conf/c", "run/r", "two/word"):
            one.write(path, "1")
        one.write("two/Dockerfile", DOCKERFILE)
        one.up()
        yield one


def test_what_changes_comes_and_what_goes_goes(repository: Repository) -> None:
    src = repository.folder / "src"
    git(repository.folder, "init", "-q", "-b", "main")
    git(repository.folder, "add", "src")
    git(repository.folder, "commit", "-qm", "one")
    git(repository.folder, "checkout", "-qb", "many")
    for number in range(1000):
        repository.write(f"src/d{number % 20}/{number}", str(number))
    (src / "deep" / "a").unlink()
    git(repository.folder, "add", "src")
    git(repository.folder, "commit", "-qm", "many")
    git(repository.folder, "checkout", "-q", "main")
    with watching(repository, "watch") as one:
        assert one.inside("cat /w/src/deep/a") == "1"
        (src / "deep" / "a").write_text("22")
        (src / "deep" / "link").symlink_to("a")
        (src / "cache").mkdir()
        (src / "cache" / "x").write_text("1")
        one.until(lambda: one.inside("cat /w/src/deep/link") == "22")
        assert one.inside("stat -c '%u:%g' /w/src/deep/a; ls -d /w/src/cache 2>&1 | grep -c No") == "1234:2345\n1"
        os.rename(src / "deep", src / "other")
        one.until(lambda: one.inside("cat /w/src/other/a; ls /w/src") == "22other")
        os.rename(src / "other", src / "deep")
        (src / "deep" / "link").unlink()
        one.until(lambda: one.inside("cat /w/src/deep/a; find /w/src -type f -o -type l | wc -l") == "221")
        git(repository.folder, "checkout", "-q", "-f", "many")
        one.until(lambda: one.inside("find /w/src -type f | wc -l; ls /w/src/deep/a 2>&1 | grep -c No") == "1000\n1")
        one.hears("1,000 files copied")
        git(repository.folder, "checkout", "-q", "main")
        one.until(lambda: one.inside("find /w/src -type f | wc -l") == "1")
        assert one.close() == 0


@pytest.mark.slow
def test_commands_restarts_and_rebuilds(repository: Repository) -> None:
    with watching(repository, "watch", "--no-up") as one:
        started = repository.containers()["one"].attrs["State"]["StartedAt"]
        repository.write("run/r", "22")
        one.until(lambda: one.inside("cat /tmp/ran") == "me 0")
        repository.write("conf/c", "22")
        one.hears("one is restarted")
        assert repository.containers()["one"].attrs["State"]["StartedAt"] != started
        assert one.inside("cat /w/conf/c") == "22"
        before = repository.containers()["two"].id
        repository.write("two/word", "22")
        one.hears("two is up")
        assert one.inside("cat /word", "two") == "22"
        assert repository.containers()["two"].id != before
        repository.write("two/Dockerfile", DOCKERFILE + "RUN exit 3\n")
        one.hears("the watching goes on")
        repository.write("two/Dockerfile", DOCKERFILE)
        repository.write("src/more", "1")
        one.until(lambda: one.inside("cat /w/src/more") == "1")
        repository.containers()["one"].remove(force=True)
        again = repository.run("up", "one")
        assert again.returncode == 0, again.stderr
        one.until(lambda: one.inside("cat /w/src/more") == "1")
        assert one.close() == 0


def test_up_with_watch_shows_what_is_said_and_json_is_for_programs(repository: Repository) -> None:
    with watching(repository, "up", "one", "--watch", "--output", "json") as one:
        repository.write("src/more", "22")
        one.hears('"service": "one", "copied": 1, "removed": 0, "spared": []')
        one.inside("echo said by one >>/tmp/said")
        one.hears("said by one")
        assert one.close() == 0


def test_where_there_is_nothing_to_watch_it_is_said(repository: Repository) -> None:
    with made(repository.folder.parent / "none", new_name(), "name: {name}\nservices: {{one: {{image: x}}}}\n") as none:
        for words in (("watch", "--no-up"), ("up", "--watch", "-d")):
            done = none.run(*words)
            assert done.returncode == 2, done.stderr
            assert "watch" in done.stderr
