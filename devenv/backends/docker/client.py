"""The way to an engine: each request on a socket of its own, short ones here, streams in `stream`.

The Docker SDK and its HTTP library are not behind it: loading them takes longer than all else that an `up` does which
has nothing to do. The SDK reads the logins of registries. Every error that leaves this module is a DevenvError.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from devenv.backends.docker import errors
from devenv.model.errors import DevenvError, ExitCode

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

MINIMUM_API = (1, 41)
"""Docker 20.10: BuildKit over the API, platforms and all fields that are sent."""
READ = 30.0
"""Seconds that a question may take."""
WRITE = 180.0
"""Seconds that a change may take: a busy disk makes removing slow."""
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]


class Client:
    """`api` is the version that is spoken, the engine's own; `version` its whole answer to /version."""

    def __init__(self, url: str, *, timeout: float, tls: str = "") -> None:
        self.url = url
        self._timeout = timeout
        parts = urlsplit(url)
        if parts.scheme not in ("unix", "tcp", "http", "https"):
            raise DevenvError(
                f"devenv cannot speak to an engine over {parts.scheme or 'no'}:// ({url})",
                hint="use unix:// or tcp://; for ssh, `ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST` and "
                "DOCKER_HOST=unix:///tmp/engine.sock",
                code=ExitCode.UNFIT,
            )
        self._path = parts.path if parts.scheme == "unix" else ""
        self._secure = _security(tls, parts.scheme)
        try:
            self._address = (parts.hostname or "", parts.port or (2376 if self._secure else 2375))
        except ValueError as error:  # a port that is none
            raise errors.unreachable(url, error) from None
        self.api = ""
        self.version: Mapping[str, Any] = self.call("GET", "/version", what="ask for its version", timeout=timeout)
        self.api = str(self.version.get("ApiVersion", ""))
        if _number(self.api) < MINIMUM_API:
            raise DevenvError(
                f"the engine at {url} is too old: version {self.version.get('Version', '?')}, API {self.api or '?'}",
                hint="devenv needs API {}.{} (Docker 20.10) or later: update the engine".format(*MINIMUM_API),
                code=ExitCode.UNFIT,
            )

    def at_least(self, major: int, minor: int) -> bool:
        return _number(self.api) >= (major, minor)

    def path(self, template: str, params: Query | None = None) -> str:
        """The versioned path with its query. Values that are None are left out, True and False are 1 and 0, mappings
        and sequences JSON. Pairs allow for a name that comes more than once."""
        pairs = params.items() if isinstance(params, Mapping) else params or ()
        sent = [(key, _query(value)) for key, value in pairs if value is not None]
        prefix = f"/v{self.api}" if self.api else ""
        return f"{prefix}{template}" + (f"?{urlencode(sent)}" if sent else "")

    def call(
        self,
        method: str,
        template: str,
        *,
        what: str,
        params: Query | None = None,
        body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        accept: Sequence[int] = (),
    ) -> Any:
        """The decoded answer of one short request; None where there is none or its status is in `accept`. `what` says
        what was asked for, for the error."""
        status, text = self.ask(method, template, params=params, body=body, data=data, headers=headers, timeout=timeout)
        if status in accept:
            return None
        if status >= 400:
            raise errors.refusal(status, message(text), what)
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            return text

    def ask(
        self,
        method: str,
        template: str,
        *,
        params: Query | None = None,
        body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> tuple[int, str]:
        """Status and text of one short request."""
        sent = {"Host": "docker", "User-Agent": "devenv", "Connection": "close", **(headers or {})}
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if method != "GET":
            sent["Content-Length"] = str(len(data or b""))
        head = "".join(f"{key}: {value}\r\n" for key, value in sent.items())
        wait = timeout if timeout is not None else READ if method == "GET" else WRITE
        with contextlib.closing(self.socket()) as connection:
            connection.settimeout(wait)
            try:
                # One that refuses may not read all that is sent: its answer says why.
                with contextlib.suppress(BrokenPipeError):
                    connection.sendall(
                        f"{method} {self.path(template, params)} HTTP/1.1\r\n{head}\r\n".encode() + (data or b"")
                    )
                with http.client.HTTPResponse(connection, method=method) as answer:
                    answer.begin()
                    return answer.status, answer.read().decode(errors="replace")
            except TimeoutError:
                raise errors.silent(self.url, wait) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise self._lost(error) from None

    def socket(self, timeout: float | None = None) -> socket.socket:
        """A new connection to the engine, blocking once it stands."""
        wait = self._timeout if timeout is None else timeout
        try:
            if self._path:
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            else:
                connection = socket.create_connection(self._address, timeout=wait)
            with contextlib.ExitStack() as failed:
                failed.callback(connection.close)
                if self._path:
                    connection.settimeout(wait)
                    connection.connect(self._path)
                else:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._secure:
                    from devenv.backends.docker.tls import pump

                    connection = pump(connection, self._secure, self._address[0])
                failed.pop_all()
        except TimeoutError:
            raise errors.silent(self.url, wait) from None
        except OSError as error:
            raise self._lost(error) from None
        connection.settimeout(None)
        return connection

    def _lost(self, error: BaseException) -> DevenvError:
        return errors.denied(self.url) if isinstance(error, PermissionError) else errors.unreachable(self.url, error)

    def credentials(self, ref: str) -> dict[str, str]:
        """The header that tells the engine who asks the registry of `ref`; empty without a login."""
        from docker import auth
        from docker.errors import DockerException

        try:
            registry, _ = auth.resolve_repository_name(ref)
            login = auth.resolve_authconfig(auth.load_config(), registry)
            found = auth.encode_header(login) if login else b""
        except DockerException as error:
            raise DevenvError(
                f"the login for {ref} cannot be read: {error}",
                hint="mend `credsStore` or `credHelpers` in ~/.docker/config.json, or `docker login` again",
                code=ExitCode.UNFIT,
            ) from None
        return {"X-Registry-Auth": found.decode()} if found else {}


def together(calls: Sequence[Callable[[], T]], *, at_once: int = 16) -> list[T]:
    """The answers of `calls`, made side by side, in their order. The first error is raised when all have ended.

    Daemon threads: an engine that does not answer must not keep the process from ending."""
    if len(calls) <= 1:
        return [call() for call in calls]
    answers: list[Any] = [None] * len(calls)
    failed: list[BaseException] = []
    waiting = iter(range(len(calls)))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            try:
                answers[index] = calls[index]()
            except BaseException as error:
                failed.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(calls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return answers


def message(text: str) -> str:
    """What the engine says in the body of a refusal."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return str(found.get("message") or found.get("cause") or text) if isinstance(found, dict) else text


def name(value: str) -> str:
    """`value` as part of a path."""
    return quote(value, safe="/:@")


def _query(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _number(api: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in api.split("."))
    except ValueError:
        return (0,)


def _security(folder: str, scheme: str) -> ssl.SSLContext | None:
    """What a connection is secured with, by the certificates in `folder` where there is one; None for a plain one."""
    if scheme == "unix" or not (folder or scheme == "https"):
        return None
    import ssl

    ca, cert, key = (os.path.join(folder, f"{part}.pem") for part in ("ca", "cert", "key"))
    try:
        context = ssl.create_default_context(cafile=ca if folder and os.path.exists(ca) else None)
        # As the docker command takes them: an authority made by Docker's own instructions has no key usage.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if folder and os.path.exists(cert):
            context.load_cert_chain(cert, key)
    except OSError as error:
        raise DevenvError(
            f"the engine's certificates in {folder} cannot be used: {error}",
            hint="set DOCKER_CERT_PATH to the folder that holds ca.pem, cert.pem and key.pem",
            code=ExitCode.UNFIT,
        ) from None
    return context
