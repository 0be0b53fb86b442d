"""The real YAML language server, as editors run it: never a part of the product."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.e2e.npm import program

_PATIENCE = 60.0
"""Seconds that it has to answer."""


class LanguageServer:
    """It, speaking over its standard input and output (the Language Server Protocol), with `folder` open in an editor.
    Nothing is fetched: what a file does not name by a path is not known to it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [str(program("yaml-language-server", "yaml-language-server")), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number = 0
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        uri = folder.as_uri()
        settings = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}}
        self._settings = settings
        self.ask(
            "initialize",
            {"processId": None, "rootUri": uri, "capabilities": {}, "workspaceFolders": [{"uri": uri, "name": "it"}]},
        )
        self._say("initialized", {})
        self._say("workspace/didChangeConfiguration", {"settings": settings})

    def opened(self, file: Path, text: str) -> list[dict[str, Any]]:
        """Open `file`, as if it held `text`; what is marked in it."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._say("textDocument/didOpen", {"textDocument": document})
        while file.as_uri() not in self._diagnostics:
            self._take(self._heard.get(timeout=_PATIENCE))
        return self._diagnostics[file.as_uri()]

    def hover(self, file: Path, line: int, character: int) -> str:
        """What is shown of the place (both from 0)."""
        found = self._at("textDocument/hover", file, line, character)
        return str(found["contents"]["value"]) if found else ""

    def complete(self, file: Path, line: int, character: int) -> dict[str, str]:
        """What is offered at the place, with what is told of each."""
        found = self._at("textDocument/completion", file, line, character)
        return {item["label"].strip(): _text(item.get("documentation")) for item in found["items"]}

    def _at(self, method: str, file: Path, line: int, character: int) -> Any:
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": character}}
        return self.ask(method, place)

    def ask(self, method: str, params: Any) -> Any:
        """Call `method`; its result."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._heard.get(timeout=_PATIENCE)
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(30)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _say(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:  # it asks the editor
            wanted = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            self._send({"id": message["id"], "result": [self._settings.get(each.get("section")) for each in wanted]})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while header := stream.readline():
                length = int(header.split(b":")[1])
                while stream.readline().strip():
                    pass
                self._heard.put(json.loads(stream.read(length)))
        except (ValueError, OSError):
            return  # closed


def _text(documentation: Any) -> str:
    return str(documentation.get("value", "")) if isinstance(documentation, dict) else str(documentation or "")
