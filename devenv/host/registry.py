"""What a registry has that is no image: a feature's files (containers.dev/implementors/features-distribution; the
registry speaks the OCI distribution specification)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.model.errors import DevenvError, ExitCode, Span

PATIENCE = 10.0
"""Seconds in which a registry must answer, and between two parts of an answer."""
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_REF = re.compile(r"([^/]+)/(.+?)(?::([\w][\w.-]*)|@(sha256:[0-9a-f]{64}))?")
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_LOCAL = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`registry` host (with its port), `name` the repository, `version` a tag or a digest."""

    registry: str
    name: str
    version: str

    @classmethod
    def of(cls, text: str) -> Reference | None:
        """`ghcr.io/devcontainers/features/git:1`; None for what is none such."""
        found = _REF.fullmatch(text)
        if found is None or not ("." in found[1] or ":" in found[1] or found[1] == "localhost"):
            return None
        return cls(registry=found[1].lower(), name=found[2].lower(), version=found[3] or found[4] or "latest")

    @property
    def base(self) -> str:
        scheme = "http" if _LOCAL.fullmatch(self.registry) else "https"
        return f"{scheme}://{self.registry}/v2/{self.name}"


def blob(reference: Reference, what: str, where: Span | None = None) -> bytes:
    """The first layer of `reference`: a tar. `what` names it in messages. Raises DevenvError (UNFIT) where the registry
    does not answer or does not have it."""
    try:
        login = _Login()
        manifest: Any = json.loads(_get(reference, f"/manifests/{reference.version}", login, what, where))
        layers = manifest.get("layers") if isinstance(manifest, Mapping) else None
        if not layers:
            raise _unfit(what, f"what {reference.registry} has under this name is no feature", where)
        digest = str(layers[0]["digest"])
        data = _get(reference, f"/blobs/{digest}", login, what, where)
    except (OSError, ValueError, KeyError) as error:
        raise _unfit(what, f"{reference.registry} does not answer ({error})", where) from None
    return checked(data, digest, what, where)


def tarball(url: str, what: str, where: Span | None = None) -> bytes:
    """The file at `url`. Raises DevenvError (UNFIT)."""
    try:
        return _fetch(url, {})
    except _Refused as error:
        raise _unfit(what, f"its address answers {error.code}", where) from None
    except (OSError, ValueError) as error:
        raise _unfit(what, f"its address does not answer ({error})", where) from None


def checked(data: bytes, digest: str, what: str, where: Span | None = None) -> bytes:
    """`data`, which must have the `digest` that was asked for."""
    if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise _unfit(what, "what came is not what its digest says", where)
    return data


class _Refused(OSError):
    """An answer that is none of what was asked for: its `code`, and how it wants to be asked (`challenge`)."""

    def __init__(self, code: int, challenge: str) -> None:
        super().__init__(f"it answers {code}")
        self.code, self.challenge = code, challenge


@dataclass(slots=True)
class _Login:
    """What the registry wants to see, once it said so."""

    authorization: str = ""


def _get(reference: Reference, path: str, login: _Login, what: str, where: Span | None) -> bytes:
    try:
        return _fetch(reference.base + path, {"Accept": _MANIFEST}, login.authorization)
    except _Refused as error:
        if error.code == 401 and not login.authorization:
            login.authorization = _authorized(reference, error.challenge)
            if login.authorization:
                return _get(reference, path, login, what, where)
        if error.code in (401, 403):
            hint = f"`docker login {reference.registry}`, then again."
            raise _unfit(what, f"{reference.registry} wants a login", where, hint) from None
        if error.code == 404:
            hint = "See that its name and version are right."
            raise _unfit(what, f"{reference.registry} has no such feature or version", where, hint) from None
        raise


def _fetch(url: str, headers: Mapping[str, str], authorization: str = "") -> bytes:
    """What `url` answers. Where it leads elsewhere (a blob's storage) the login is not shown there."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    request = Request(url, headers=dict(headers))
    if authorization:
        request.add_unredirected_header("Authorization", authorization)
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            data: bytes = answer.read()
    except HTTPError as error:
        with error:
            raise _Refused(error.code, error.headers.get("WWW-Authenticate", "")) from None
    return data


def _authorized(reference: Reference, challenge: str) -> str:
    """The login as it stands, or a token that the registry gives for it; "" where there is none."""
    from urllib.parse import urlencode

    login = _login(reference.registry)
    basic = f"Basic {login}" if login else ""
    if not challenge.lower().startswith("bearer "):
        return basic
    fields = dict(_FIELD.findall(challenge))
    asked = {"service": fields.get("service", ""), "scope": f"repository:{reference.name}:pull"}
    try:
        said = json.loads(_fetch(f"{fields.get('realm', '')}?{urlencode(asked)}", {}, basic))
    except _Refused:
        return ""
    return f"Bearer {said.get('token') or said.get('access_token')}"


def _login(registry: str) -> str:
    """What `docker login` left in its file, "" where it did not (or put it into a keychain)."""
    file = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        entry = (json.loads(file.read_text(encoding="utf-8")).get("auths") or {}).get(registry) or {}
    except (OSError, ValueError, AttributeError):
        return ""
    if entry.get("auth"):
        return str(entry["auth"])
    if entry.get("username") and entry.get("password"):
        return base64.b64encode(f"{entry['username']}:{entry['password']}".encode()).decode()
    return ""


def _unfit(what: str, why: str, where: Span | None, hint: str = "") -> DevenvError:
    return DevenvError(
        f"{what} cannot be had: {why}.",
        hint=hint
        or "Let this machine reach it (network, proxy, certificates), or keep a copy beside devcontainer.json "
        'and name that: `"./my-feature": {}`.',
        code=ExitCode.UNFIT,
        where=where,
    )
