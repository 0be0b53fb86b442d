"""Images: looked up, pulled, imported, tagged, and asked for at their registry through the engine."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping

from devenv.backends.docker import errors, observe
from devenv.backends.docker.client import Client, message, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.protocols import Cancel, Report

_SAID_NO = re.compile(
    r"not found|unknown|denied|unauthorized|authentication required|does not exist|no such image", re.I
)
_NO_ANSWER = re.compile(
    r"no such host|connection refused|i/o timeout|deadline exceeded|server misbehaving|no route to host|x509|"
    r"network is unreachable|\bEOF\b|proxyconnect|tls:|connection reset|temporary failure|Client\.Timeout",
    re.I,
)


def split(ref: str) -> tuple[str, str]:
    """Repository and tag (or digest) of `ref`; the tag is `latest` where none is said."""
    repository, at, digest = ref.partition("@")
    if at:
        return repository.rpartition(":")[0] if ":" in repository.rpartition("/")[2] else repository, digest
    head, colon, tag = ref.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (ref, "latest")


def registry(ref: str) -> str:
    """The host of `ref`'s registry, by Docker's rule: the first part is a host if it looks like one."""
    first, slash, _ = ref.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def unanswered(said: str) -> bool:
    """Whether the engine says that it got no answer from a registry, rather than a no."""
    return _NO_ANSWER.search(said) is not None


def registry_digest(client: Client, ref: str, timeout: float) -> str | None:
    """See `protocols.Engine.registry_digest`."""
    until = time.monotonic() + timeout
    try:
        headers = client.credentials(ref)
        status, text = client.ask(
            "GET", f"/distribution/{name(ref)}/json", headers=headers, timeout=max(0.1, until - time.monotonic())
        )
    except DevenvError:
        # The registry (or a credential helper) is silent. That the engine itself is gone is said by the next call.
        return None
    if status < 400:
        return _digest(text)
    said = message(text)
    if unanswered(said):
        return None
    return "" if status in (401, 403, 404) or _SAID_NO.search(said) else None


def _digest(text: str) -> str:
    try:
        return str(json.loads(text)["Descriptor"]["digest"])
    except (ValueError, KeyError, TypeError):
        return "sha256:unknown"


def pull(client: Client, ref: str, *, platform: str | None, report: Report, cancel: Cancel) -> str:
    """See `protocols.Engine.pull`. Progress is in bytes over all layers that are known so far."""
    repository, tag = split(ref)
    what = f"pull image {ref}"
    layers: dict[str, list[int]] = {}

    def refused(status: int, said: str, what: str) -> DevenvError:
        return _failed_pull(ref, status, said, what)

    with Exchange(client, what=what, cancel=cancel, refusal=refused) as exchange:
        exchange.send(
            "POST",
            client.path("/images/create", {"fromImage": repository, "tag": tag, "platform": platform}),
            headers=client.credentials(ref),
        )
        for said in exchange.messages():
            if said.get("error"):
                raise refused(500, str(said["error"]), what)
            _count(layers, said)
            report.progress(
                sum(done for done, _ in layers.values()),
                sum(total for _, total in layers.values()),
                "bytes",
                str(said.get("status", "")),
            )
    found = observe.image(client, ref)
    if found is None:
        raise errors.refusal(404, f"the engine does not have {ref} after the pull", what)
    return found.id


def _count(layers: dict[str, list[int]], said: Mapping[str, object]) -> None:
    layer, status, detail = str(said.get("id", "")), said.get("status"), said.get("progressDetail")
    if status == "Downloading" and isinstance(detail, Mapping):
        done, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
        layers[layer] = [done, max(total, done)]
    elif status in ("Download complete", "Pull complete") and layer in layers:
        layers[layer][0] = layers[layer][1]


def _failed_pull(ref: str, status: int, said: str, what: str) -> DevenvError:
    if unanswered(said):
        return DevenvError(
            f"cannot {what}: {said}",
            hint=f"the engine does not reach {registry(ref)}: see its network, proxy and certificates",
            code=ExitCode.UNFIT,
        )
    if "toomanyrequests" in said.lower():
        return DevenvError(
            f"cannot {what}: {said}",
            hint="log in (`docker login`) or wait: the limit is an hour's",
            code=ExitCode.UNFIT,
        )
    if _SAID_NO.search(said):
        return NotFound(
            f"cannot {what}: {said}",
            hint=f"see that name and tag are right; a private one needs `docker login {registry(ref)}`",
            code=ExitCode.FAILED,
        )
    return errors.refusal(status, said, what)


def import_image(client: Client, ref: str, tar: Iterable[bytes], *, labels: Mapping[str, str], cancel: Cancel) -> str:
    """See `protocols.Engine.import_image`. Its default command is bash, as in Debian's own images."""
    repository, tag = split(ref)
    changes = ['CMD ["bash"]', *(f"LABEL {_quoted(key)}={_quoted(value)}" for key, value in sorted(labels.items()))]
    query = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", change) for change in changes)]
    what = f"import image {ref}"
    with Exchange(client, what=what, cancel=cancel) as exchange:
        exchange.send("POST", client.path("/images/create", query), stream=tar)
        made = ""
        for said in exchange.messages():
            if said.get("error"):
                raise errors.refusal(500, str(said["error"]), what)
            made = str(said.get("status", "")) or made
    return made


def tag(client: Client, source: str, ref: str) -> None:
    repository, label = split(ref)
    client.call(
        "POST",
        f"/images/{name(source)}/tag",
        params={"repo": repository, "tag": label},
        what=f"tag image {source} as {ref}",
    )


def remove(client: Client, ref: str) -> None:
    client.call("DELETE", f"/images/{name(ref)}", what=f"remove image {ref}", accept=(404,))


def _quoted(text: str) -> str:
    """As a Dockerfile's LABEL takes it."""
    return json.dumps(text, ensure_ascii=False).replace("$", "\\$")
