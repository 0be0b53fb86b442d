"""`up --except api`: the API on the host, the rest in containers, and nobody there the wiser."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from devenv.model import labels
from tests.e2e.compose import compose
from tests.e2e.repository import MANIFEST, Repository, made
from tests.engines import new_name

pytestmark = pytest.mark.engine

_PROXY = """\
server {
    listen 80;
    location / { root /usr/share/nginx/html; }
    location /api/ { resolver 127.0.0.11 valid=1s; set $api http://api:8000; proxy_pass $api; }
}
"""
_MANIFEST = (
    MANIFEST.replace(
        '["./web:/usr/share/nginx/html:ro"]',
        '["./web:/usr/share/nginx/html:ro", "./proxy.conf:/etc/nginx/conf.d/default.conf:ro"]',
    ).replace(
        'GREETING: "hello"',
        """GREETING: "good morning, it's me"
      PORT: "8000"
      PGHOST: db
      PGPORT: "5432"
      SELF: http://api:8000/
      BROKER: amqp://workspace:5672/""",
    )
    + """\
checks:
  greeting:
    - http: "{{{{ web.host_url }}}}/api/"
  data:
    - sql: {{service: db, query: "SELECT 1"}}
  inside:
    - exec: {{service: api, command: "true"}}
"""
)


@pytest.fixture(scope="module")
def left_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A stack whose API was left out from the beginning."""
    folder = tmp_path_factory.mktemp("except") / "repository"
    # A port that no stack of another test chooses while nobody listens there.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        literal = f'ports: ["127.0.0.1:{probe.getsockname()[1]}:8000"]'
    with made(folder, new_name(), _MANIFEST.replace("ports: [8000]", literal)) as repository:
        repository.write("proxy.conf", _PROXY)
        repository.told = repository.up("--except", "api")  # type: ignore[attr-defined]
        yield repository


@contextmanager
def serving(port: int, said: bytes) -> Iterator[None]:
    """A server as people debug them: on 127.0.0.1 alone."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        worker.join(10)


def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come to that")


def from_inside(repository: Repository, host: str) -> str:
    """What the workspace gets from port 8000 of `host`."""
    script = (
        "import urllib.request as r\n"
        f"try: print(r.urlopen('http://{host}:8000/').read().decode())\n"
        "except OSError as e: print(getattr(e, 'reason', e))"
    )
    return str(repository.containers()["workspace"].exec_run(["python", "-c", script]).output.decode()).strip()


def page(repository: Repository) -> str:
    url = repository.status()["web"]["urls"]["web"]
    with urlopen(f"{url}/api/", timeout=10) as answer:
        return str(answer.read().decode())


def host_port(repository: Repository) -> int:
    return int(repository.status()["api"]["ports"][0]["published"])


def test_the_rest_is_up_and_reaches_what_runs_on_the_host(left_out: Repository) -> None:
    port = host_port(left_out)
    told: str = left_out.told  # type: ignore[attr-defined]
    assert f"start it so that it listens on 127.0.0.1:{port}" in told
    assert "check greeting is left out: it needs api, and nobody answers" in told
    assert "check inside is left out" in told
    assert "check data: passed" in told
    assert not left_out.client.images.list(name=f"{left_out.name}-api")  # nor was it built

    row = left_out.status()["api"]
    assert (row["state"], row["ready"]) == ("on the host", False)
    assert "on the host: api (`devenv up` takes it back)\n" in left_out.run("status").stdout
    assert row["urls"] == {"api": f"http://127.0.0.1:{port}"}
    assert "refused" in from_inside(left_out, "api")
    assert left_out.run("status", "--check").returncode == 1

    with serving(port, b"from the host"):
        until(lambda: from_inside(left_out, "api") == "from the host")
        assert from_inside(left_out, f"{left_out.name}-api-1") == "from the host"
        assert page(left_out) == "from the host"
        assert left_out.status()["api"]["ready"]
        again = left_out.up("--except", "api")  # the port is taken, by whom it shall be
        assert "check greeting: passed" in again
        assert host_port(left_out) == port
        assert left_out.run("check", "greeting").returncode == 0
    assert left_out.run("port", "api", "8000").stdout == f"127.0.0.1:{port}\n"
    for words in (("exec", "api", "true"), ("check", "inside")):
        inside = left_out.run(*words)
        assert inside.returncode == 2
        assert "`api` runs on the host" in inside.stderr
    assert f"the host's 127.0.0.1:{port}" in left_out.run("logs", "api").stdout


def test_its_environment_has_the_hosts_addresses(left_out: Repository) -> None:
    port = host_port(left_out)
    database = left_out.client.containers.get(f"{left_out.name}-db-1").ports["5432/tcp"][0]["HostPort"]
    expected = {
        "DATABASE_URL": f"postgresql://app:app@127.0.0.1:{database}/app",
        "GREETING": "good morning, it's me",
        "PORT": str(port),
        "PGHOST": "127.0.0.1",
        "PGPORT": database,
        "SELF": f"http://127.0.0.1:{port}/",
        "BROKER": "amqp://workspace:5672/",
    }
    told = left_out.run("env", "--json")
    assert json.loads(told.stdout) == expected
    assert told.returncode == 1
    assert "BROKER needs workspace:5672, which is not published on the host" in told.stderr
    assert "`ports: [5672]` in workspace" in told.stderr

    lines = left_out.run("env", "api", "--export").stdout
    shown = subprocess.run(
        ["sh", "-c", f'{lines}\nprintf "%s|%s" "$GREETING" "$PGPORT"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"good morning, it's me|{database}"

    file = left_out.folder / ".devenv" / "api.env"
    file.write_text(left_out.run("env", "--dotenv").stdout, encoding="utf-8")
    other = left_out.folder / "other.yaml"
    other.write_text("services: {x: {image: y, env_file: [.devenv/api.env]}}\n", encoding="utf-8")
    read = compose("-f", str(other), "config", "--format", "json")
    assert json.loads(read.stdout)["services"]["x"]["environment"] == expected

    unknown = left_out.run("env", "wob")
    assert unknown.returncode == 2
    assert "There is no service wob" in unknown.stderr


def test_it_stays_so_until_a_plain_up_and_the_data_stay_anyway(left_out: Repository) -> None:
    left_out.sql("INSERT INTO notes VALUES (77, 1, '{}')")
    left_out.up("db")
    assert left_out.status()["api"]["state"] == "on the host"
    plan = left_out.run("up", "--dry-run").stdout
    assert "it ran on the host" in plan
    assert "api runs in a container again" in plan
    left_out.up()
    assert left_out.status()["api"]["state"] == "running"
    assert page(left_out) == "good morning, it's me"
    assert left_out.sql("SELECT count(*) FROM notes WHERE id = 77") == "1"
    assert len(left_out.things()[2]) == 1

    left_out.up("--except", "api")
    assert len(left_out.things()[0]) == 5
    port = host_port(left_out)
    assert left_out.run("down").returncode == 0
    assert left_out.things() == ([], [], [f"{left_out.name}_db-data"])
    with serving(port, b"from the host"):
        told = left_out.run("env", "api", "--json")
    assert json.loads(told.stdout)["PORT"] == str(port)
    assert "is not up: these are the addresses that it will have" in told.stderr


@pytest.mark.slow
def test_other_verbs_leave_it_on_the_host(left_out: Repository) -> None:
    left_out.up("--except", "api")
    for words in (("restart",), ("stop",), ("start",), ("restart", "api"), ("stop", "api"), ("start", "web")):
        assert left_out.run(*words).returncode == 0, words
    assert left_out.status()["api"]["state"] == "on the host"
    with serving(host_port(left_out), b"still there"):
        until(lambda: from_inside(left_out, "api") == "still there")
        assert left_out.run("build", "api").returncode == 0


@pytest.mark.slow
def test_docker_compose_sees_a_service_and_brings_the_right_one_back(tmp_path: Path) -> None:
    manifest = MANIFEST.split("  web:")[0]
    with made(tmp_path / "repository", new_name(), manifest) as repository:
        repository.up()  # Compose would have to build the API without what devenv makes for it
        repository.up("--except", "api")
        file = str(repository.folder / ".devcontainer/compose.yaml")
        listed = compose("-f", file, "ps", "--format", "json").stdout
        names = {json.loads(line)["Name"] for line in listed.splitlines()}
        assert f"{repository.name}-api-1" in names
        assert compose("-f", file, "up", "-d").returncode == 0
        mine = [
            c.name for c in repository.client.containers.list(filters={"label": f"{labels.PROJECT}={repository.name}"})
        ]
        assert sorted(mine) == [f"{repository.name}-api-1", f"{repository.name}-db-1"]
        assert repository.status()["api"]["state"] == "running"
        assert "nothing to do" not in repository.up("--except", "api")
        assert compose("-f", file, "down").returncode == 0
        assert repository.things()[:2] == ([], [])
        assert repository.run("down").returncode == 0
        assert repository.things() == ([], [], [f"{repository.name}_db-data"])


def test_what_cannot_be_left_out_is_said(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name()) as repository:
        assert "it is the workspace" in repository.up("--except", "workspace", code=2)
        assert "There is no service wob" in repository.up("--except", "wob", code=2)
        assert "cannot be brought up and left to the host at once" in repository.up("api", "--except", "api", code=2)
        unsaid = repository.run("env")
        assert unsaid.returncode == 2
        assert f"No service of {repository.name} ({repository.folder}) runs on the host" in unsaid.stderr
        assert repository.things() == ([], [], [])
