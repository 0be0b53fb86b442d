"""Builds: POST /build with a context that we send, BuildKit's progress read, a failure told by its Dockerfile line."""

from __future__ import annotations

import base64
import contextlib
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from devenv.backends.docker import context, errors
from devenv.backends.docker.client import Client
from devenv.backends.docker.client import name as client_name
from devenv.backends.docker.images import unanswered
from devenv.backends.docker.stream import Exchange
from devenv.backends.docker.trace import Trace
from devenv.core import dockerfile, recipes
from devenv.model import labels
from devenv.model.errors import BuildFailed, DevenvError, ExitCode, Span
from devenv.model.observed import ObservedImage
from devenv.model.plan import Build
from devenv.model.protocols import Cancel, Report, Trust
from devenv.model.stack import Build as BuildConfig

_REGISTRY = 3.0
"""Seconds within which a registry must offer the frontend of `# syntax=`."""
_LARGE = 500 * 1024 * 1024
"""Bytes of context from which on it is said that they are sent."""
_FOLDER = "context"
_FOLDER_TEXT = f"FROM scratch\nCOPY {_FOLDER}/ /\n"
"""The image that holds a folder: it is sent one level deeper, so that the Dockerfile is no part of it."""
_LIMITS = (1, 42)
"""The API from which on BuildKit takes `shm_size` and `ulimits`; the classic builder always has."""
_CODE = re.compile(r"exit code: (\d+)|returned a non-zero code: (\d+)")
_PARSE_LINE = re.compile(r"(?:parse error (?:on )?line |Dockerfile:)(\d+)")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_TAIL = 20


class Lookup(Protocol):
    """What a build asks of the engine's images."""

    def image(self, ref: str) -> ObservedImage | None: ...

    def registry_has(self, ref: str, timeout: float) -> bool | None: ...


def build(
    client: Client,
    lookup: Lookup,
    step: Build,
    *,
    trust: Trust,
    report: Report,
    cancel: Cancel,
    versions: tuple[str, ...] = ("2", "1"),
) -> str:
    """See `protocols.Engine.build`. `versions` are the engine's builders to try in turn: BuildKit, the classic one."""
    text = _FOLDER_TEXT if step.folder else context.dockerfile(step.build)
    frontend = dockerfile.syntax(text)
    without = frontend is not None and (step.drop_syntax or not _available(lookup, frontend))
    sent_text = dockerfile.rewrite(text, step.bases, step.build.args, step.build.context_names, drop_syntax=without)
    files = context.entries(step.build)
    if step.folder:
        files = context.under(_FOLDER, step.build.context, files)
    name = context.sent_dockerfile(step.build, files)
    extra: dict[str, bytes] = {}
    if sent_text != text or name == context.IGNORED_DOCKERFILE:
        extra[name] = sent_text.encode("utf-8", "surrogateescape")
    if step.trust:
        extra |= _authorities(trust.certificates)
    size = sum(entry.found.st_size for entry in files)
    for line in _told(step.build):
        report.log(line, "stderr")
    if size > _LARGE:
        report.log(f"sending {size // 1024**2} MB of {step.build.context}: .dockerignore would make it less", "stderr")
    if step.on:
        below = {ref: image.id for ref in step.on if (image := lookup.image(ref)) is not None}
        step = replace(step, labels={**step.labels, labels.BUILT_ON: recipes.bases_label(below)})
    parameters = _parameters(step, name, trust)
    what = f"build {step.ref}"
    if (step.build.shm_size or step.build.ulimits) and not client.at_least(*_LIMITS):
        if step.build.secrets or step.build.ssh:
            raise DevenvError(
                f"cannot build {step.ref}: this engine's BuildKit knows no `shm_size` and no `ulimits`, "
                "and its classic builder no `secrets` and no `ssh`",
                hint="update the engine to Docker 23 or later, or do without one of the two",
                code=ExitCode.UNFIT,
                where=step.build.where,
            )
        versions = versions[-1:]
    for version in versions:
        said = _Said(report)
        if version == "1" and step.build.no_cache_filter and not step.build.no_cache:
            report.log("no_cache_filter: the classic builder builds all stages anew", "stderr")
        try:
            if version == "2" and (step.build.privileged or (step.build.no_cache_filter and not step.build.no_cache)):
                said.error = _solve(client, step, name, trust, context.tar(files, extra), said=said, cancel=cancel)
            else:
                with (
                    _granted(client, step, text, version, cancel) as session,
                    Exchange(client, what=what, cancel=cancel) as exchange,
                ):
                    exchange.send(
                        "POST",
                        client.path("/build", [("version", version), ("session", session), *parameters]),
                        stream=context.tar(files, extra),
                    )
                    for message in exchange.messages():
                        said.feed(message)
        except DevenvError as error:
            if version != versions[-1] and re.search(r"buildkit.*not (?:supported|enabled)", error.message, re.I):
                continue
            # A Dockerfile that is not one is refused before the first message.
            if not said.error and re.search("parse error|target stage|build target", error.message):
                said.error = error.message
            else:
                raise
        if said.error:
            raise _failure(step, text, said, heredoc_is_new=not client.at_least(1, 42))
        break
    made = said.image or getattr(lookup.image(step.ref), "id", "")
    if not made:
        raise errors.unreachable(client.url, "the build broke off without a word")
    if step.folder:
        _forget_older(client, step)
    return str(made)


def _forget_older(client: Client, step: Build) -> None:
    """Remove the images of what the folder was before: nothing names them any more."""
    label = f"{labels.CONTEXT}={step.labels[labels.CONTEXT]}"
    listed = client.call("GET", "/images/json", params={"filters": {"label": [label]}}, what="list images")
    for ref in (ref for image in listed for ref in image.get("RepoTags") or () if ref != step.ref):
        # One that is being built on stays until the next time.
        client.call("DELETE", f"/images/{client_name(ref)}", what=f"remove image {ref}", accept=(404, 409))


@contextlib.contextmanager
def _granted(client: Client, step: Build, text: str, version: str, cancel: Cancel) -> Iterator[str | None]:
    """The id of a session in which the builder finds the secrets and keys of the build; None where neither the build
    nor its Dockerfile (`text`) names any."""
    named = bool(step.build.secrets or step.build.ssh or step.build.privileged)
    if not named and (version != "2" or not dockerfile.uses_grants(text)):
        yield None
        return
    if version != "2":
        raise DevenvError(
            f"cannot build {step.ref}: `secrets`, `ssh` and `privileged` of a build need BuildKit, which this "
            "engine has not",
            hint="switch it on (`features: {buildkit: true}` in the engine's daemon.json), or do without them",
            code=ExitCode.UNFIT,
            where=step.build.where,
        )
    from devenv.backends.docker.grants import services
    from devenv.backends.docker.session import Session

    with services(step.build) as found, Session(client, found, cancel=cancel) as session:
        yield session.id


def _solve(
    client: Client, step: Build, name: str, trust: Trust, tar: Iterator[bytes], *, said: _Said, cancel: Cancel
) -> str:
    """Build by BuildKit's control API, for what POST /build cannot say; "" or why it failed."""
    from devenv.backends.docker import solve
    from devenv.backends.docker.grants import services
    from devenv.backends.docker.session import Session

    build = step.build
    attrs = solve.attributes(
        build, dockerfile=name, args={**_proxies(trust), **build.args}, labels={**build.labels, **step.labels}
    )
    if caches := tuple(_caches(build)):
        attrs["cache-from"] = ",".join(caches)
    with services(build) as granted, Session(client, {**granted, solve.UPLOAD: solve.upload(tar)}, cancel=cancel) as it:
        message = solve.request(build, it.id, attrs, dict.fromkeys((step.ref, *build.tags)))
        return solve.solve(client, it.id, message, feed=said.trace.feed, cancel=cancel, what=f"build {step.ref}")


def _parameters(step: Build, dockerfile_name: str, trust: Trust) -> list[tuple[str, Any]]:
    """The query of POST /build. Newer images of bases are asked for before, by `core.resolve`."""
    build = step.build
    args = {**_proxies(trust), **build.args}
    if build.cache_inline:
        args["BUILDKIT_INLINE_CACHE"] = "1"
    limits = [{"Name": name, "Soft": soft, "Hard": hard} for name, (soft, hard) in build.ulimits.items()]
    return [
        *(("t", ref) for ref in dict.fromkeys((step.ref, *build.tags))),
        ("dockerfile", dockerfile_name),
        ("buildargs", args),
        ("labels", {**build.labels, **step.labels}),
        ("target", build.target or None),
        ("platform", build.platform),
        ("networkmode", build.network),
        ("nocache", build.no_cache or bool(build.no_cache_filter)),
        ("cachefrom", list(_caches(build)) or None),
        *(("extrahosts", host.replace("=", ":", 1)) for host in build.extra_hosts),
        ("shmsize", build.shm_size or None),
        ("ulimits", limits or None),
        ("rm", True),
        ("forcerm", True),
    ]


def _told(build: BuildConfig) -> Iterator[str]:
    """What of the build is done otherwise than it is written, and does no harm."""
    known = tuple(_caches(build))
    for entry in build.cache_from:
        if "=" in entry and not any(f"ref={ref}" in entry for ref in known):
            yield f"cache_from: the engine's own builder takes no cache from {entry}"


def _caches(build: BuildConfig) -> Iterator[str]:
    """The images of `cache_from`: the API knows no other kind of cache."""
    for entry in build.cache_from:
        if "=" not in entry:
            yield entry
            continue
        fields = dict(part.partition("=")[::2] for part in entry.split(","))
        if fields.get("type") == "registry" and "ref" in fields:
            yield fields["ref"]


class _Said:
    """The messages of a build, BuildKit's and the classic builder's."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.trace = Trace(report)
        self.image = ""
        self.error = ""
        self.step = ""
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._held = ""

    def feed(self, message: Mapping[str, Any]) -> None:
        aux = message.get("aux")
        if message.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
            self.trace.feed(base64.b64decode(aux))
        elif isinstance(aux, Mapping) and aux.get("ID"):
            self.image = str(aux["ID"])
        elif message.get("error"):
            detail = message.get("errorDetail")
            self.error = str(detail.get("message") if isinstance(detail, Mapping) else "") or str(message["error"])
        elif message.get("stream"):
            *lines, self._held = (self._held + str(message["stream"])).split("\n")
            for line in lines:
                self._classic(line.rstrip("\r"))

    def _classic(self, line: str) -> None:
        step = _STEP.fullmatch(line)
        if step:
            self.step = step[3]
            self._report.progress(int(step[1]) - 1, int(step[2]), "steps", step[3])
        elif line and not line.startswith(("Successfully ", " ---> ", "Removing intermediate container")):
            self.tail.append(line)
            self._report.log(line)


def _authorities(certificates: str) -> dict[str, bytes]:
    """The files that `core.recipes.TRUSTED` expects: the private CAs one by one, as `update-ca-certificates` wants
    them, and the public ones."""
    import certifi

    found = {
        recipes.PRIVATE.replace("*", str(number)): f"{pem.strip()}\n".encode()
        for number, pem in enumerate(_PEM.findall(certificates), 1)
    }
    with open(certifi.where(), "rb") as file:
        return {**found, recipes.PUBLIC: file.read()}


def _available(lookup: Lookup, frontend: str) -> bool:
    return lookup.image(frontend) is not None or lookup.registry_has(frontend, _REGISTRY) is True


def _proxies(trust: Trust) -> dict[str, str]:
    """Both spellings, since programs differ in which they read. They are build arguments that Docker knows by itself:
    no Dockerfile names them, and no cache depends on them."""
    return {name: value for key, value in trust.proxies.items() for name in (key.upper(), key.lower())}


def _failure(step: Build, text: str, said: _Said, *, heredoc_is_new: bool) -> DevenvError:
    vertex = said.trace.failed
    instruction = vertex.name.partition("] ")[2] or vertex.name if vertex else said.step
    log = tuple(vertex.tail if vertex and vertex.tail else said.tail)
    error = vertex.error if vertex and vertex.error else said.error
    if "no space left on device" in error.lower():
        return errors.refusal(500, error, f"build {step.ref}")
    if unanswered(error) and (vertex is None or vertex.name.startswith("[internal]") or " FROM " in vertex.name):
        stage = _named(step, text, vertex.name if vertex else said.step)
        base = f" builds on {stage.base}, which no registry delivers" if stage else ""
        return DevenvError(
            f"cannot build {step.ref}:{base and f' it{base}:'} {error}",
            hint="the engine reaches no registry for an image that the Dockerfile builds on: see its network and proxy",
            code=ExitCode.UNFIT,
            where=_span(step, text, stage.head.line if stage else 0),
        )
    if "is not allowed" in error and "insecure" in error:
        return DevenvError(
            f"cannot build {step.ref}: this engine lets no build step have all rights",
            hint="allow it in its daemon.json (`builder: {entitlements: {security-insecure: true}}`), or remove "
            "`privileged`",
            code=ExitCode.UNFIT,
            where=step.build.where,
        )
    if re.search("target stage|build target", error):
        names = ", ".join(f"`{stage.name}`" for stage in dockerfile.stages(text) if stage.name) or "no name"
        return BuildFailed(
            f"cannot build {step.ref}: {error}",
            hint=f"`build.target` is a stage's name; those of this Dockerfile have {names}",
            where=step.build.where or _span(step, text, 0),
        )
    parse = _PARSE_LINE.search(said.error)
    if parse:
        hint = "mend that line of the Dockerfile"
        if dockerfile.uses_heredoc(text) and heredoc_is_new:
            hint = (
                "it has a heredoc (`<<EOF`), which this engine's own builder does not know and whose frontend no "
                "registry delivers: write it as `RUN a && b`, or update the engine to Docker 23 or later"
            )
        return BuildFailed(f"cannot build {step.ref}: {said.error}", hint=hint, where=_span(step, text, int(parse[1])))
    line = dockerfile.step_line(text, vertex.name) if vertex else _classic_line(text, said.step)
    code = _CODE.search(error) or _CODE.search(said.error)
    ended = f"ended with exit code {code[1] or code[2]}" if code else f"failed: {error}"
    hint = "mend that step of the Dockerfile and call devenv again: the steps before it are kept"
    if re.search(r"secret \S+ not found|unset ssh forward key|no ssh", error):
        hint = "name it in `build.secrets` (or `build.ssh`) of the Compose file"
    elif "not found" in error and instruction.startswith(("COPY", "ADD")):
        hint = "that file is not in the build context, or .dockerignore leaves it out"
    return BuildFailed(
        f"cannot build {step.ref}: {instruction or 'the build'} {ended}",
        hint=hint,
        log=log,
        where=_span(step, text, line),
    )


def _classic_line(text: str, instruction: str) -> int:
    """The classic builder says the instruction itself."""
    return dockerfile.step_line(text, f"[0/0] {instruction}") if instruction else 0


def _named(step: Build, text: str, said: str) -> dockerfile.Stage | None:
    """The stage whose FROM names the image that `said` names."""
    for stage in dockerfile.stages(text, step.build.args):
        if stage.base and step.bases.get(stage.base, stage.base) in said:
            return stage
    return None


def _span(step: Build, text: str, line: int) -> Span | None:
    if step.build.inline is not None:
        return step.build.where
    lines = text.split("\n")
    source = lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""
    return Span(
        file=context.dockerfile_path(step.build),
        line=line if source else 0,
        column=1 if source else 0,
        length=max(1, len(source)),
        text=source,
    )
