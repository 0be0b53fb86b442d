"""A small repository with a real stack, and devenv run in it as a person runs it: a process of its own, standard input
from /dev/null.

PostgreSQL with three seeds, an API built from a Dockerfile, nginx in front of it, and a workspace.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from devenv.model import labels

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = 200

MANIFEST = """\
name: {name}
services:
  db:
    use: postgres
    seed: [db/schema.sql, db/products.csv, db/notes.jsonl]
  api:
    build: ./api
    init: true
    environment:
      DATABASE_URL: "{{{{ db.url }}}}"
      GREETING: "hello"
    ports: [8000]
    ready: {{http: /health}}
  web:
    use: nginx
    volumes: ["./web:/usr/share/nginx/html:ro"]
    depends_on: {{api: {{condition: service_healthy}}}}
    ready: {{http: /}}
  workspace:
    build: ./api
    environment: {{PGHOST: db}}
workspace: {{}}
tasks:
  words: {{command: "printf '%s-' one", description: "say some words"}}
"""
API = """\
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["GREETING"].encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.13-slim
COPY server.py /server.py
CMD ["python", "/server.py"]
"""
SCHEMA = """\
CREATE TABLE IF NOT EXISTS products (id integer PRIMARY KEY, name text NOT NULL, price numeric(8, 2) NOT NULL);
CREATE TABLE IF NOT EXISTS notes (id integer PRIMARY KEY, product integer REFERENCES products, body jsonb);
"""


class Repository:
    """`folder` is where it lies, `name` its project's name. Use `made` to make one."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.client = docker.from_env()

    def write(self, path: str, text: str) -> None:
        """Put `text` at `path`, relative to the repository."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def command(self, *words: str) -> list[str]:
        """devenv with `words`, as a command line."""
        start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from devenv.cli.main import main; main()"
        return [sys.executable, "-I", "-c", start, str(ROOT), *words]

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        timeout: float = 420,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run devenv with `words`, give it `stdin`, and wait for it."""
        return subprocess.run(
            self.command(*words),
            cwd=cwd or self.folder,
            env={**os.environ, **(env or {})},
            **({"input": stdin} if stdin else {"stdin": subprocess.DEVNULL}),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def up_with(self, when_planned: Callable[[], object]) -> tuple[int, list[dict[str, Any]]]:
        """`up`; `when_planned` is called once the plan is made, before anything is started. Exit code and events."""
        events: list[dict[str, Any]] = []
        with subprocess.Popen(
            self.command("up", "--output", "json"), cwd=self.folder, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                events.append(json.loads(line))
                if events[-1]["event"] == "run_started" and len(events) == 1:
                    when_planned()
        return process.returncode, events

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start devenv with `words` in a process group of its own."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def up(self, *words: str, code: int = 0) -> str:
        """`devenv up`, which must end with `code`; all it wrote."""
        result = self.run("up", *words)
        told = result.stdout + result.stderr
        assert result.returncode == code, told
        return told

    def status(self) -> dict[str, dict[str, Any]]:
        """The services of `devenv status --output json`, by name."""
        result = self.run("status", "--output", "json")
        assert result.returncode == 0, result.stderr
        data = json.loads(result.stdout)
        assert data["project"] == self.name
        return {row["name"]: row for row in data["services"]}

    def sql(self, query: str) -> str:
        """What the database answers, unaligned."""
        container = self.containers()["db"]
        code, output = container.exec_run(["psql", "-U", "app", "-d", "app", "-X", "-A", "-t", "-c", query])
        assert code == 0, output
        return str(output.decode().strip())

    def containers(self) -> dict[str, Any]:
        """The containers of the project by service, also stopped ones."""
        found = self.client.containers.list(all=True, filters={"label": f"{labels.PROJECT}={self.name}"})
        return {container.labels[labels.SERVICE]: container for container in found}

    def processes(self, service: str) -> str:
        """The command lines of all that runs in the container of `service` (its image need not have a `ps`)."""
        script = "for each in /proc/[0-9]*; do tr '\\0' ' ' <$each/cmdline 2>/dev/null; echo; done"
        code, output = self.containers()[service].exec_run(["sh", "-c", script])
        assert code == 0, output
        return str(output.decode())

    def identities(self) -> dict[str, tuple[str, str]]:
        """Service → (container's id, when it was started)."""
        return {name: (c.id, c.attrs["State"]["StartedAt"]) for name, c in self.containers().items()}

    def things(self) -> tuple[list[str], list[str], list[str]]:
        """Names of all containers, networks and volumes of the project."""
        mine = {"label": f"{labels.PROJECT}={self.name}"}
        return (
            sorted(c.name for c in self.client.containers.list(all=True, filters=mine)),
            sorted(n.name for n in self.client.networks.list(filters=mine)),
            sorted(v.name for v in self.client.volumes.list(filters=mine)),
        )

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """What the engine does to containers meanwhile, as "action name"; execs (looks) left out."""
        seen: list[str] = []
        events = self.client.events(decode=True, filters={"type": "container"})

        def read() -> None:
            for event in events:
                actor = event.get("Actor", {}).get("Attributes", {})
                if actor.get(labels.PROJECT) == self.name and not event["Action"].startswith(("exec", "health")):
                    seen.append(f"{event['Action']} {actor.get('name')}")

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield seen
            # Events come in their order: once our own has come, all before it have.
            mark = self.client.containers.create(
                self.containers()["db"].image.id, labels={labels.PROJECT: self.name, labels.SERVICE: "mark"}
            )
            mark.remove()
            for _ in range(500):
                if any(line.startswith("destroy") and mark.name in line for line in seen):
                    break
                threading.Event().wait(0.01)
            seen[:] = [line for line in seen if mark.name not in line]
        finally:
            events.close()
            reader.join(5)

    def clean(self) -> None:
        """Remove all that the project has on the engine, its images too."""
        mine = {"label": f"{labels.PROJECT}={self.name}"}
        for container in self.client.containers.list(all=True, filters=mine):
            container.remove(force=True, v=True)
        for network in self.client.networks.list(filters=mine):
            network.remove()
        for volume in self.client.volumes.list(filters=mine):
            volume.remove(force=True)
        for service in ("api", "app", "workspace"):
            for image in self.client.images.list(name=f"{self.name}-{service}"):
                self.client.images.remove(image.id, force=True)
        self.client.close()


@contextmanager
def made(folder: Path, name: str, manifest: str = MANIFEST) -> Iterator[Repository]:
    """A repository in `folder`, its project called `name`; gone from the engine afterwards."""
    repository = Repository(folder, name)
    furnish(repository, manifest)
    try:
        yield repository
    finally:
        repository.clean()


def furnish(repository: Repository, manifest: str = MANIFEST) -> None:
    """Write all its files."""
    repository.write("devenv.yaml", manifest.format(name=repository.name))
    repository.write("api/Dockerfile", DOCKERFILE)
    repository.write("api/server.py", API)
    repository.write("web/index.html", "<h1>shop</h1>\n")
    repository.write("db/schema.sql", SCHEMA)
    rows = "".join(f"{i},Thing {i},{i}.50\n" for i in range(1, PRODUCTS + 1))
    repository.write("db/products.csv", "id,name,price\n" + rows)
    notes = "".join(json.dumps({"id": i, "product": i, "body": {"said": "so"}}) + "\n" for i in range(1, 11))
    repository.write("db/notes.jsonl", notes)
