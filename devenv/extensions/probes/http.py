"""`http: PATH`: a request is answered with a status, and perhaps a body, that says all is well."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from devenv.core import readiness
from devenv.core.compose import values
from devenv.core.compose.values import Reader
from devenv.core.readiness import Command, Named, ReadyKind
from devenv.extensions.probes.exec import run
from devenv.extensions.probes.reach import Door, connect, cut_off, default_port, doors, elsewhere, why
from devenv.model.errors import DevenvError
from devenv.model.manifest import Path
from devenv.model.protocols import Broken, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema

_MOST = 1 << 20
"""Bytes of a body that are read."""

_NO_PROXY = {
    name: value
    for low, value in (("http_proxy", ""), ("https_proxy", ""), ("all_proxy", ""), ("no_proxy", "*"))
    for name in (low, low.upper())
}

_INSIDE = r"""
url=$1; seconds=$2; shift 2
if command -v curl >/dev/null 2>&1; then
  for header do set -- "$@" -H "$header"; shift; done
  exec curl -s -S -i --http1.1 --noproxy '*' --max-time "$seconds" "$@" "$url"
elif command -v python3 >/dev/null 2>&1; then
  exec python3 -c '
import http.client, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(url.hostname, url.port, timeout=float(sys.argv[2]))
try:
    connection.request("GET", sys.argv[1].split(url.netloc, 1)[1], headers=dict(h.split(": ", 1) for h in sys.argv[3:]))
    answer = connection.getresponse()
except OSError as error:
    sys.exit(str(error))
sys.stdout.buffer.write(b"HTTP/1.1 %d\r\n\r\n" % answer.status + answer.read(1 << 20))
' "$url" "$seconds" "$@"
elif command -v wget >/dev/null 2>&1; then
  for header do set -- "$@" --header "$header"; shift; done
  exec wget -q -S -O - -T "$seconds" "$@" "$url"
fi
exit 127
"""


def _status(reader: Reader, value: Any, at: Path) -> Any:
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, (int, str)) and not isinstance(item, bool) for item in items):
        return value
    reader.not_a(at, "a status such as 200, or a range such as `200-399`")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is asked for, and what answer will do."""

    port: int
    path: str = "/"
    status: Any = "200-399"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def judge(self, status: int, body: bytes) -> Look:
        """Whether this answer will do."""
        if not _matches(status, self.status):
            return NotYet(why=f"HTTP {status} from {self.path}")
        if self.body and not re.search(self.body, body.decode("utf-8", "replace")):
            return NotYet(why=f"HTTP {status} from {self.path}, but its body does not match {self.body!r}")
        return IsReady()


class _Silent(Exception):
    """It took the request and did not answer in time: no other door will do better."""


class HttpProbe(ReadyKind):
    """Options: `path` (default `/`), `port` (default: the port that the container publishes or exposes), `status`
    (a number, "200-399" or a list of such; that range by default), `headers`, `body` (a regular expression)."""

    kind = "http"
    means = "It answers a request over HTTP."
    example = "/health"
    short = "path"
    options: ClassVar = {
        "path": values.text,
        "port": readiness.port,
        "status": _status,
        "headers": values.labels,
        "body": values.text,
    }
    scheme = "http"
    named = True

    def shape(self) -> Schema:
        """A path, or a mapping of what is asked for and what answer will do."""
        from devenv.core.schema.shapes import PORT, SCALAR, by_name, either, key, mapping, text

        path = text("a path that begins with `/`", "^/")
        status = text("a status such as 200, or a range such as `200-399`", "^[1-5][0-9][0-9](?:-[1-5][0-9][0-9])?$")
        status |= {"type": ["integer", "string"], "minimum": 100, "maximum": 599}
        headers = by_name(SCALAR, "a mapping of headers", ".")
        long = mapping(
            {
                "path": key(path, "What is asked for.", "/health"),
                "port": key(PORT, "Port inside the container; by default the service's first.", 8000),
                "status": key(status, "The answer that counts; by default `200-399`.", 200),
                "headers": key(headers, "Headers of the request.", {"Host": "shop.test"}),
            },
            "a path, or a mapping with `path`",
        )
        return either(path, long, title="a path that begins with `/`, or a mapping")

    def rendered(self, value: Any, port: Any) -> Any:
        """Path and port written out."""
        long = dict(self.long(value))
        return {"path": long.pop("path", "/"), **({"port": readiness.number(port)} if port else {}), **long}

    def command(self, value: Any, named: Named) -> Command | None:
        """The catalogue's, which knows a status and headers not."""
        long = self.long(value)
        if "status" in long or "headers" in long:
            return None
        return named(port=long.get("port"), path=str(long.get("path", "/")))

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        """One GET. It goes straight to the container, whatever proxies the environment names."""
        options = ready.options
        port = options.get("port") or default_port(target.container)
        if not port:
            return Broken(why="the http probe names no port, and the container has none")
        path = str(options.get("path") or "/")
        expected = Expected(
            port=int(port),
            path=quote(path if path.startswith("/") else "/" + path, safe="/?&=%:;,@+$!*'()~"),
            status=options.get("status") or "200-399",
            headers={
                "Host": f"localhost:{port}",
                **{_title(k): str(v) for k, v in (options.get("headers") or {}).items()},
            },
            body=str(options.get("body") or ""),
        )
        try:
            return _ask(target, expected, timeout)
        except (ValueError, re.error) as error:
            return Broken(why=f"the http probe cannot ask for {path}: {error}")


def _ask(target: ProbeTarget, expected: Expected, timeout: float) -> Look:
    until = time.monotonic() + timeout
    first: NotYet | None = None
    for door in doors(target, expected.port):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return expected.judge(*_get(door, expected, left))
        except _Silent:
            return NotYet(why=f"{door} takes connections, but gives no answer to {expected.path} in {timeout:.1f} s")
        except http.client.HTTPException as error:
            empty = isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead)
            return first or NotYet(why=f"{door} closed without an answer" if empty else f"{door} does not speak HTTP")
        except OSError as error:
            if not elsewhere(error):
                first = first or NotYet(why=why(error, door, target.container, expected.port))
    return first or _from_inside(target, expected, max(until - time.monotonic(), 0.05))


def _get(door: Door, expected: Expected, timeout: float) -> tuple[int, bytes]:
    until = time.monotonic() + timeout
    connection = http.client.HTTPConnection(door.host, door.port, timeout=timeout)
    connection.sock = connect(door, timeout)
    try:
        connection.sock.settimeout(timeout)
        with cut_off(connection.sock, until - time.monotonic()):
            connection.request("GET", expected.path, headers=dict(expected.headers))
            answer = connection.getresponse()
            return answer.status, answer.read(_MOST) if expected.body else b""
    except (OSError, http.client.HTTPException):
        if time.monotonic() >= until:
            raise _Silent from None
        raise
    finally:
        connection.close()


def _from_inside(target: ProbeTarget, expected: Expected, timeout: float) -> Look:
    headers = [f"{name}: {value}" for name, value in expected.headers.items()]
    url = f"http://127.0.0.1:{expected.port}{expected.path}"
    command = ("sh", "-c", _INSIDE, "sh", url, str(max(1, int(timeout))), *headers)
    try:
        result = run(target, command, timeout + 0.5, env=_NO_PROXY)
    except DevenvError as error:
        return NotYet(why=error.message)
    if result.exit_code in (126, 127):
        return Broken(why="the http probe cannot run: no port is published, and the image has no curl, wget or python3")
    # curl and python3 put the head before the body, wget on its standard error.
    head, gap, body = result.output.partition(b"\r\n\r\n")
    found = re.findall(rb"HTTP/[\d.]+ (\d{3})", head if head.startswith(b"HTTP/") else result.errors)
    if found:
        return expected.judge(int(found[-1]), body if gap and head.startswith(b"HTTP/") else result.output)
    return NotYet(why=f"no answer on port {expected.port} inside the container")


def _title(name: str) -> str:
    return "Host" if name.lower() == "host" else name


def _matches(status: int, wanted: Any) -> bool:
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return any(_matches(status, one) for one in wanted)
    low, dash, high = str(wanted).partition("-")
    return int(low) <= status <= int(high if dash else low)


PROBE = HttpProbe()
