"""What the tests share that pull plugs: a stack with everything that must happen once in it, an `up` that is hit at a
chosen moment, and what the next `up` must leave.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.repository import API, Repository, made
from tests.e2e.repository import furnish as plain
from tests.engines import new_name

MANY = 300_000
FEW = 200
SERVICES = ("api", "cache", "db", "migrate", "web", "workspace")

MANIFEST = """\
name: {name}
services:
  db:
    use: postgres
    seed: [db/schema.sql, db/products.csv, db/notes.jsonl]
  cache:
    use: redis
    seed: [cache/first.redis, cache/words.json]
  migrate:
    image: postgres:17
    one_shot: true
    init: true
    environment: {{URL: "{{{{ db.url }}}}"}}
    volumes: ["./migrations:/migrations:ro"]
    command: [sh, /migrations/run.sh]
  api:
    build: ./api
    init: true
    environment: {{GREETING: hello, DATABASE_URL: "{{{{ db.url }}}}"}}
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
    ports: [8000]
    ready: {{http: /health}}
  web:
    use: nginx
    volumes: ["./web:/usr/share/nginx/html:ro"]
    depends_on: {{api: {{condition: service_healthy}}, cache: {{condition: service_healthy}}}}
    ready: {{http: /}}
  workspace:
    build: ./api
workspace: {{}}
checks:
  greeting:
    - http: "{{{{ api.host_url }}}}/"
      expect: {{body: hello}}
    - sql: {{service: db, query: "SELECT count(*) FROM runs WHERE ended"}}
      expect: {{value: 1}}
"""
# Two transactions with a second between them: a run that begins is counted, and one that ends.
MIGRATE = """\
set -e
ask() { psql -XAtqv ON_ERROR_STOP=1 "$URL" -c "$1"; }
ask "CREATE TABLE IF NOT EXISTS runs (number serial PRIMARY KEY, ended boolean NOT NULL DEFAULT false)" 2>/dev/null
number=$(ask "INSERT INTO runs DEFAULT VALUES RETURNING number")
echo "run $number begins"
sleep 1
ask "UPDATE runs SET ended = true WHERE number = $number"
echo "run $number has ended"
"""

Event = dict[str, Any]
There = Callable[[Sequence[Event]], bool]
"""Whether the moment has come, by the events so far."""


@contextmanager
def stack(folder: Path) -> Iterator[Repository]:
    """The repository, its images built, nothing up."""
    with made(folder, new_name(), MANIFEST) as one:
        furnish(one)
        one.up()
        yield one


def furnish(repository: Repository) -> None:
    """Write all its files."""
    plain(repository, MANIFEST)
    repository.write("migrations/run.sh", MIGRATE)
    repository.write("cache/first.redis", "SET first 1\nRPUSH queue a b c\n")
    repository.write("cache/words.json", json.dumps({f"word:{i}": str(i) for i in range(500)}))


def products(repository: Repository, rows: int) -> None:
    """The size of the seed that takes a while."""
    lines = "".join(f"{i},Thing number {i} of many,{i % 900}.50\n" for i in range(1, rows + 1))
    repository.write("db/products.csv", "id,name,price\n" + lines)


def from_nothing(repository: Repository, *, build: bool = False) -> None:
    """Take all down that is up, data too, at once. `build`: and give it something to build."""
    client = repository.client
    mine = {"label": f"com.docker.compose.project={repository.name}"}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=mine):
        network.remove()
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)
    if build:
        repository.write("api/server.py", f"{API}# {new_name()}\n")


# Moments


def step(number: int) -> There:
    """Once `number` steps began or ended."""
    return lambda seen: sum(e["event"] in ("step_started", "step_finished") for e in seen) >= number


def progress(kind: str, service: str, *, beyond: float = 0.0, word: str = "") -> There:
    """Once a step of `kind` of `service` ("": any) has told something with `word` in it, or is further than `beyond`
    (as a share)."""

    def there(seen: Sequence[Event]) -> bool:
        last = seen[-1]
        return (
            last["event"] in ("step_progress", "step_log") and last["step"] == kind and service in ("", last["service"])
            and word in str(last)
            and (not beyond or (last["total"] > 1_000_000 and last["current"] >= beyond * last["total"]))
        )  # fmt: skip

    return there


def nth(kind: str, number: int) -> There:
    """Once steps of `kind` have told something `number` times."""
    told = ("step_progress", "step_log")
    return lambda seen: sum(e["event"] in told and e["step"] == kind for e in seen) >= number


def begun(node: str) -> There:
    """Once the step `node` began."""
    return lambda seen: seen[-1]["event"] == "step_started" and seen[-1]["node"] == node


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """How an `up` that was hit ended: `seconds` from the hit on, `last` the event at which it was hit, `events` all,
    `words` what it wrote beside them."""

    code: int
    seconds: float
    last: Event
    events: tuple[Event, ...]
    words: str


def hit(repository: Repository, there: There, strike: Callable[[int], None]) -> Hit:
    """Run `up`, in a process group of its own, and call `strike` with its pid when `there` says so."""
    process = subprocess.Popen(
        repository.command("up", "--output", "json"),
        cwd=repository.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    told: list[str] = []
    reader = threading.Thread(target=told.extend, args=(process.stderr,))
    reader.start()
    seen: list[Event] = []
    last: Event | None = None
    at = 0.0
    with process:
        for line in process.stdout:
            seen.append(json.loads(line))
            if last is None and there(seen):
                last, at = seen[-1], time.monotonic()
                strike(process.pid)
        code = process.wait(60)
        seconds = time.monotonic() - at
        reader.join()
    assert last is not None, f"the run was over before the moment came: {[e.get('node', e['event']) for e in seen]}"
    return Hit(code=code, seconds=seconds, last=last, events=tuple(seen), words="".join(told))


def killed(pid: int) -> None:
    """The process alone."""
    os.kill(pid, signal.SIGKILL)


def pressed(times: int) -> Callable[[int], None]:
    """Ctrl-C, as a terminal tells the whole foreground group of it."""

    def press(pid: int) -> None:
        for _ in range(times):
            os.killpg(pid, signal.SIGINT)
            time.sleep(0.1)

    return press


def killed_with_all(pid: int) -> None:
    """Its whole group."""
    os.killpg(pid, signal.SIGKILL)


# What must be so in the end


def mended(repository: Repository, *, rows: int = FEW, runs: int = 1) -> None:
    """The next `up` ends 0 and leaves the whole stack: ready, seeded once, the one-shot done by one run of `runs` that
    began, nothing orphaned; and another `up` has nothing to do."""
    told = repository.up()
    status = repository.status()
    states = {name: (row["state"], row["ready"], row["seeded"]) for name, row in status.items()}
    assert states == {
        **dict.fromkeys(("api", "web", "workspace"), ("running", True, None)),
        **dict.fromkeys(("db", "cache"), ("running", True, "done")),
        "migrate": ("exited", True, None),
    }, told
    assert repository.sql("SELECT count(*), count(DISTINCT id) FROM products") == f"{rows}|{rows}"
    assert repository.sql("SELECT count(*) FROM notes") == "10"
    assert repository.sql("SELECT count(*) FILTER (WHERE ended) FROM runs") == "1"
    begun = int(repository.sql("SELECT count(*) FROM runs"))
    assert begun <= runs, f"the one-shot began {begun} times"
    assert redis(repository, "GET", "first") == "1"
    assert redis(repository, "LRANGE", "queue", "0", "-1").split() == ["a", "b", "c"]
    assert redis(repository, "GET", "word:499") == "499"
    assert repository.things() == (
        [f"{repository.name}-{service}-1" for service in SERVICES],
        [f"{repository.name}_default"],
        [f"{repository.name}_cache-data", f"{repository.name}_db-data"],
    )
    assert repository.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'devenv%'") == "0"
    assert "psql" not in repository.processes("db")
    assert "redis-cli" not in repository.processes("cache")
    assert left_behind(repository.folder) == []
    files = {path.name for path in (repository.folder / ".devcontainer").iterdir()}
    assert files == {"compose.yaml", "devcontainer.json", ".env", ".gitignore"}
    assert "nothing to do" in repository.up()


def redis(repository: Repository, *words: str) -> str:
    code, output = repository.containers()["cache"].exec_run(["redis-cli", *words])
    assert code == 0, output
    return str(output.decode().strip())


def left_behind(folder: Path) -> list[str]:
    """Processes of this machine that work in `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if (entry / "cwd").resolve() == folder.resolve():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found
