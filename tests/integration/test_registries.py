"""Registries asked through the engine: one that answers, one that says no, one that is silent."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from devenv.app.images import ask
from devenv.backends.docker import connect
from devenv.host.engine import Address
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.protocols import Engine
from devenv.run.cancel import CancelToken
from tests.engines import Told

pytestmark = pytest.mark.engine

CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(CONFIG),
            "digest": f"sha256:{hashlib.sha256(CONFIG).hexdigest()}",
        },
        "layers": [],
    }
).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


class Registry(BaseHTTPRequestHandler):
    """Offers app:1 and nothing else."""

    def do_GET(self) -> None:
        if self.path == "/v2/":
            self.answer(200, b"{}", "application/json")
        elif self.path in ("/v2/app/manifests/1", f"/v2/app/manifests/{DIGEST}"):
            self.answer(200, MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
        elif self.path.startswith("/v2/limited/"):
            self.answer(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull limit"}]}', "application/json")
        else:
            self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}', "application/json")

    do_HEAD = do_GET

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", DIGEST)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def registry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    yield f"localhost:{listener.getsockname()[1]}"
    listener.close()


@pytest.fixture
def fresh(engine_address: Address) -> Iterator[Engine]:
    """A connection that has not learned of any silent registry."""
    found = connect(engine_address.url, tls=engine_address.tls)
    yield found
    found.close()


def test_what_a_registry_offers_and_what_it_does_not(fresh: Engine, registry: str) -> None:
    answers = ask(fresh, [f"{registry}/app:1", f"{registry}/app:2", f"{registry}/limited:1"], time.monotonic() + 3)
    assert answers == {f"{registry}/app:1": DIGEST, f"{registry}/app:2": "", f"{registry}/limited:1": None}
    assert fresh.registry_has(f"{registry}/app:1", 3) is None  # one that did not answer once is not asked again


def test_silence_is_known_in_time_for_all_and_not_waited_for_again(fresh: Engine, silent: str) -> None:
    begun = time.monotonic()
    refs = [f"{silent}/app:{number}" for number in range(5)]
    assert ask(fresh, refs, begun + 1) == dict.fromkeys(refs)
    assert time.monotonic() - begun < 2
    time.sleep(0.2)
    begun = time.monotonic()
    assert fresh.registry_digest(f"{silent}/other:1", 3) is None
    assert time.monotonic() - begun < 0.5


def test_pulls_that_are_refused_have_their_sentences(fresh: Engine, registry: str) -> None:
    def pull(name: str) -> DevenvError:
        with pytest.raises(DevenvError) as failed:
            fresh.pull(f"{registry}/{name}", report=Told(), cancel=CancelToken())
        return failed.value

    assert isinstance(pull("app:2"), NotFound)
    limited = pull("limited:1")
    assert (limited.code, "docker login" in limited.hint) == (ExitCode.UNFIT, True)
