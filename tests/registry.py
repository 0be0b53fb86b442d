"""A registry of files that are no images (features), as the OCI distribution specification has it: read alone."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_LAYER = "application/vnd.devcontainers.layer.v1+tar"


class Registry:
    """`files` maps `name:tag` to a layer. `token`: it gives these only to who has asked for a token. `spoiled`: what it
    gives is not what it promised."""

    def __init__(self, files: Mapping[str, bytes], *, token: bool = False, spoiled: bool = False) -> None:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                code, headers, body = registry._answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._files, self._token, self._spoiled = files, token, spoiled
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"localhost:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/token"):
            return 200, {}, b'{"token": "mine"}'
        if self._token and authorization != "Bearer mine":
            challenge = f'Bearer realm="http://{self.address}/token",service="here"'
            return 401, {"WWW-Authenticate": challenge}, b""
        name, _, rest = path.removeprefix("/v2/").rpartition("/manifests/")
        if name and f"{name}:{rest}" in self._files:
            data = self._files[f"{name}:{rest}"]
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            layer = {"mediaType": _LAYER, "digest": digest, "size": len(data)}
            return 200, {}, json.dumps({"schemaVersion": 2, "layers": [layer]}).encode()
        blob = path.rpartition("/blobs/")[2]
        for data in self._files.values():
            if blob == f"sha256:{hashlib.sha256(data).hexdigest()}":
                return 200, {}, data + b"x" if self._spoiled else data
        return 404, {}, b""
