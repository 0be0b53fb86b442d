"""One connection to an engine: short requests through the SDK's pool, streams on sockets of their own.

Every error that leaves this module is a DevenvError.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import requests
from docker.api.client import APIClient
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests.adapters import HTTPAdapter

from devenv.backends.docker import errors
from devenv.backends.docker.tls import pump
from devenv.model.errors import DevenvError, ExitCode

T = TypeVar("T")

MINIMUM_API = (1, 41)
"""Docker 20.10: BuildKit over the API, platforms and all fields that are sent."""
READ = 30.0
"""Seconds that a question may take."""
WRITE = 180.0
"""Seconds that a change may take: a busy disk makes removing slow."""
POOL = 64
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]


class Client:
    """`api` is the version that is spoken, the engine's own; `version` its whole answer to /version."""

    def __init__(self, url: str, *, timeout: float, tls: str = "") -> None:
        self.url = url
        self._timeout = timeout
        self._secure = _security(url, tls)
        parts = urlsplit(url)
        if parts.scheme not in ("unix", "tcp", "http", "https"):
            raise DevenvError(
                f"devenv cannot speak to an engine over {parts.scheme or 'no'}:// ({url})",
                hint="use unix:// or tcp://; for ssh, `ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST` and "
                "DOCKER_HOST=unix:///tmp/engine.sock",
                code=ExitCode.UNFIT,
            )
        self._path = parts.path if parts.scheme == "unix" else ""
        self._address = (parts.hostname or "", parts.port or (2376 if self._secure else 2375))
        try:
            self._session = APIClient(
                base_url=url,
                version="1.41",
                timeout=int(READ),
                tls=self._secure[0] if self._secure else False,
                max_pool_size=POOL,
            )
        except (DockerException, ValueError) as error:
            raise errors.unreachable(url, error) from None
        # Nothing of the environment: a proxy variable must not stand between us and the engine, REQUESTS_CA_BUNDLE
        # would override the engine's own CA, and looking for a .netrc at each request takes time.
        self._session.trust_env = False
        if not self._path and not self._secure:
            self._session.mount("http://", HTTPAdapter(pool_maxsize=POOL))
        self._base = self._session.base_url
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
        sent = dict(headers or {})
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        wait = timeout if timeout is not None else READ if method == "GET" else WRITE
        try:
            with self._session.request(
                method,
                self._base + self.path(template, params),
                data=data,
                headers=sent,
                timeout=(self._timeout, wait),
            ) as answer:
                return answer.status_code, answer.text
        except requests.exceptions.Timeout:
            raise errors.silent(self.url, wait) from None
        except (requests.exceptions.RequestException, DockerException, OSError) as error:
            raise self._lost(error) from None

    def socket(self, timeout: float | None = None) -> socket.socket:
        """A new connection to the engine, blocking once it stands."""
        wait = self._timeout if timeout is None else timeout
        try:
            if self._path:
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                connection.settimeout(wait)
                connection.connect(self._path)
            else:
                connection = socket.create_connection(self._address, timeout=wait)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._secure:
                    connection = pump(connection, self._secure[1], self._address[0])
        except TimeoutError:
            raise errors.silent(self.url, wait) from None
        except OSError as error:
            raise self._lost(error) from None
        connection.settimeout(None)
        return connection

    def _lost(self, error: BaseException) -> DevenvError:
        if "Permission denied" in str(error):
            return errors.denied(self.url)
        return errors.unreachable(self.url, error)

    def credentials(self, ref: str) -> dict[str, str]:
        """The header that tells the engine who asks the registry of `ref`; empty without a login."""
        from docker import auth

        try:
            registry, _ = auth.resolve_repository_name(ref)
            found = auth.get_config_header(self._session, registry)
        except DockerException as error:
            raise DevenvError(
                f"the login for {ref} cannot be read: {error}",
                hint="mend `credsStore` or `credHelpers` in ~/.docker/config.json, or `docker login` again",
                code=ExitCode.UNFIT,
            ) from None
        return {"X-Registry-Auth": found.decode() if isinstance(found, bytes) else str(found)} if found else {}

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._session.close()


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


def _security(url: str, folder: str) -> tuple[TLSConfig, ssl.SSLContext] | None:
    """For the SDK, and the same for our own sockets; None for a plain connection."""
    if not folder or url.startswith("unix://"):
        return None
    ca, cert, key = (os.path.join(folder, f"{part}.pem") for part in ("ca", "cert", "key"))
    try:
        pair = (cert, key) if os.path.exists(cert) else None
        context = ssl.create_default_context(cafile=ca if os.path.exists(ca) else None)
        if pair:
            context.load_cert_chain(*pair)
        config = TLSConfig(client_cert=pair, ca_cert=ca if os.path.exists(ca) else None, verify=True)
    except (OSError, DockerException) as error:
        raise DevenvError(
            f"the engine's certificates in {folder} cannot be used: {error}",
            hint="set DOCKER_CERT_PATH to the folder that holds ca.pem, cert.pem and key.pem",
            code=ExitCode.UNFIT,
        ) from None
    return config, context
