"""An engine that makes nothing and remembers what it is asked for: what the real Docker Compose sends, on whatever
version of the engine's API, without that engine and without the devices that a file names.
"""

from __future__ import annotations

import http.server
import json
import re
import socketserver
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Asked:
    """What was asked for: containers and networks and volumes by name, as the body of the call that makes them.
    `joined` are networks that a container was connected to later: (container, network) → endpoint."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    joined: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)

    def id_of(self, name: str) -> str:
        return f"{list(self.containers).index(name):064x}"

    def name_of(self, container: str) -> str | None:
        return next((name for name in self.containers if container in (name, self.id_of(name))), None)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    asked: Asked
    api: str


@contextmanager
def recording(socket: Path, api: str, existing: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[Asked]:
    """An engine at `socket` that speaks `api`. `existing`: names of `networks` and `volumes` that are there."""
    with _Server(str(socket), _Handler) as server:
        server.api, server.asked = api, Asked()
        for kind, names in (existing or {}).items():
            getattr(server.asked, kind).update((name, {"Name": name, "Labels": {}}) for name in names)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server.asked
        server.shutdown()
        thread.join(timeout=5)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def address_string(self) -> str:
        return ""

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, value: Any, status: int = 200) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in (("Api-Version", self.server.api), ("Ostype", "linux"), ("Content-Type", "application/json")):
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _handle(self) -> None:
        said = self._read()
        url = urllib.parse.urlsplit(self.path)
        path = re.sub(r"^/v[\d.]+", "", url.path)
        query = urllib.parse.parse_qs(url.query)
        if self.command in ("GET", "HEAD"):
            self._look(path)
        else:
            self._make(path, query, said)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _look(self, path: str) -> None:
        asked = self.server.asked
        simple = {
            "/_ping": None,
            "/version": {"ApiVersion": self.server.api, "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"},
            "/info": {"OSType": "linux", "Architecture": "x86_64", "SecurityOptions": []},
            "/images/json": [],
            "/containers/json": [_row(asked, name) for name in asked.containers],
            "/networks": [_there(name, body) for name, body in asked.networks.items()],
            "/volumes": {"Volumes": []},
        }
        if path in simple:
            self._answer(simple[path])
            return
        kind, _, name = path.strip("/").partition("/")
        name = urllib.parse.unquote(name)
        if kind == "images":
            image = name.removesuffix("/json")
            found: Any = {"Id": f"sha256:{'a' * 64}", "RepoTags": [image], "Config": {}, "Os": "linux"}
            self._answer({**found, "Architecture": "amd64"})
        elif kind == "containers" and (known := asked.name_of(name.removesuffix("/json"))):
            self._answer(_inspected(asked, known))
        elif kind in ("networks", "volumes") and name.removesuffix("-id") in getattr(asked, kind):
            bare = name.removesuffix("-id")
            self._answer(_there(bare, getattr(asked, kind)[bare]))
        else:
            self._answer({"message": f"no such thing: {path}"}, 404)

    def _make(self, path: str, query: dict[str, list[str]], said: bytes) -> None:
        asked = self.server.asked
        if path in ("/networks/create", "/volumes/create"):
            body = json.loads(said)
            getattr(asked, path.split("/")[1])[body["Name"]] = body
            self._answer(_there(body["Name"], body), 201)
        elif path == "/containers/create":
            name = query["name"][0]
            asked.containers[name] = json.loads(said)
            self._answer({"Id": asked.id_of(name), "Warnings": []}, 201)
        elif match := re.fullmatch(r"/networks/(.+)/connect", path):
            body = json.loads(said)
            asked.joined[str(asked.name_of(body["Container"])), match[1].removesuffix("-id")] = body["EndpointConfig"]
            self._answer(None)
        elif path.endswith("/archive"):
            self._answer(None)
        else:
            asked.strange.append(f"{self.command} {path}")
            self._answer({"message": f"not here: {path}"}, 404)


def _there(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Id": f"{name}-id", "Labels": body.get("Labels") or {}, "Driver": "local"}


def _row(asked: Asked, name: str) -> dict[str, Any]:
    found = _inspected(asked, name)
    return {
        "Id": found["Id"], "Names": [f"/{name}"], "Labels": found["Config"].get("Labels") or {}, "State": "created",
        "Status": "Created", "Mounts": [], "NetworkSettings": {"Networks": {}}, "HostConfig": {},
    }  # fmt: skip


def _inspected(asked: Asked, name: str) -> dict[str, Any]:
    body = asked.containers[name]
    return {
        "Id": asked.id_of(name), "Name": f"/{name}", "Config": body, "HostConfig": body["HostConfig"],
        "State": {"Status": "created"}, "Mounts": [], "NetworkSettings": {"Networks": {}},
    }  # fmt: skip
