"""The `build` of a service in its normal form (what `docker compose config --format json` prints of it), and as what
devenv builds from.

Keys, their order and their forms: compose-go's `types.BuildConfig` and its transformations, tried with Compose 5.6.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.compose import mounts, values
from devenv.core.compose.values import Reader, fields
from devenv.core.remote import archive, git, is_remote
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError
from devenv.model.manifest import Path
from devenv.model.stack import SERVICE_PREFIX, Build, BuildSecret, Secret

_ALLOWED = "network.host"
"""The one entitlement that an engine grants unless its configuration says more."""
_PRIVILEGED = "security.insecure"


def _context(reader: Reader, value: Any, at: Path) -> str | None:
    given = values.text(reader, value, at)
    return _place(reader, given) if given else None


def _place(reader: Reader, given: str) -> str:
    """A folder's absolute path; what is no folder of this machine stays as it is written."""
    return given if is_remote(given) or given.startswith(SERVICE_PREFIX) else mounts.absolute(reader, given)


def _contexts(reader: Reader, value: Any, at: Path) -> dict[str, str] | None:
    found = {}
    for name, item in values.pairs(reader, value, at).items():
        if item is None:
            reader.wrong((*at, name), f"The context `{name}` names nothing.", "Write `name=folder`, or remove it.")
            continue
        found[name] = _place(reader, item)
    return found or None


def _args(reader: Reader, value: Any, at: Path) -> dict[str, str] | None:
    return {name: item for name, item in values.resolved(reader, value, at).items() if item is not None} or None


def _words(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """A list of texts, also the same one twice."""
    if not isinstance(value, list):
        reader.not_a(at, "a list")
        return None
    found = [values.text(reader, item, (*at, index)) for index, item in enumerate(value)]
    return [item for item in found if item] or None


def _attestation(reader: Reader, value: Any, at: Path) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return values.text(reader, value, at)


def _ssh(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """`default` for the agent of the shell, `id=path` for a socket or key, printed as Compose does: `id: path`."""
    found = []
    for name, item in values.pairs(reader, value, at).items():
        if item is None and isinstance(value, list) and name != "default":
            reader.wrong(at, f"The ssh key `{name}` names no file.", f"Write `{name}=path`, or `default`.")
        found.append(f"{name}: {mounts.absolute(reader, item)}" if item else name)
    return found or None


_SECRET: dict[str, values.Read] = {
    "source": values.text,
    "target": values.text,
    "uid": values.text,
    "gid": values.text,
    "mode": values.mode,
}


def _secrets(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """As of a service, but without a target: the Dockerfile says where a secret is mounted."""
    if not isinstance(value, list):
        reader.not_a(at, "a list of secrets")
        return None
    found = []
    for index, item in enumerate(value):
        grant = fields(reader, {"source": item} if isinstance(item, str) else item, (*at, index), _SECRET)
        if grant and "source" in grant:
            found.append(grant)
        elif grant is not None:
            reader.wrong((*at, index), "The secret has no `source`.", "Name one of the file's `secrets`.")
    return found or None


_KEYS: dict[str, values.Read] = {
    "context": _context,
    "dockerfile": values.text,
    "dockerfile_inline": values.text,
    "entitlements": _words,
    "args": _args,
    "provenance": _attestation,
    "sbom": _attestation,
    "ssh": _ssh,
    "labels": values.labels,
    "cache_from": _words,
    "cache_to": _words,
    "no_cache": values.boolean,
    "no_cache_filter": values.one_or_more,
    "additional_contexts": _contexts,
    "pull": values.boolean,
    "extra_hosts": mounts.hosts,
    "isolation": values.text,
    "network": values.text,
    "target": values.text,
    "secrets": _secrets,
    "shm_size": values.size,
    "tags": values.strings,
    "ulimits": mounts.ulimits,
    "platforms": _words,
    "privileged": values.boolean,
}


def build(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """The normal form of a `build`, also of one that is a folder's name only."""
    given = {"context": value} if isinstance(value, str) else value
    found = fields(reader, given, at, _KEYS)
    if found is None:
        return None
    if "context" not in given:
        found = {"context": reader.working_dir, **found}
    if "dockerfile" in found and "dockerfile_inline" in found:
        reader.wrong(at, "Both `dockerfile` and `dockerfile_inline` are given.", "Keep one of the two.")
    if "dockerfile" not in given and "dockerfile_inline" not in given:
        found["dockerfile"] = "Dockerfile"
    return {key: found[key] for key in _KEYS if key in found}


def check(reader: Reader, services: Mapping[str, Mapping[str, Any]], left_out: tuple[str, ...]) -> None:
    """Say what of the builds of normalised `services` contradicts the other services of the file, or asks for one that
    is not there; `left_out` are those whose profile is not active."""
    for name, service in services.items():
        build, at = service.get("build") or {}, ("services", name, "build")
        for key, place in build.get("additional_contexts", {}).items():
            target = place.removeprefix(SERVICE_PREFIX)
            here = (*at, "additional_contexts", key)
            if target == place:
                continue
            if target in left_out:
                reader.wrong(here, f"`{name}` is built from `{target}`, whose profile is not active.",
                             "Name the profile in COMPOSE_PROFILES.")  # fmt: skip
            elif target not in services:
                hint = did_you_mean(target, services) or "Name a service of this file that has a `build`."
                reader.wrong(here, f"`{name}` is built from `{target}`, which is no service of the file.", hint)
            elif not services[target].get("build"):
                hint = "Give it one, or write `docker-image://` and the name of its image."
                reader.wrong(here, f"`{name}` is built from `{target}`, which has no `build`.", hint)
        platform, platforms = service.get("platform"), build.get("platforms", ())
        if platform and platforms and platform not in platforms:
            reader.wrong((*at, "platforms"), f"The service's `platform: {platform}` is not among them.",
                         "Add it, or correct one of the two.")  # fmt: skip


def of(reader: Reader, config: Mapping[str, Any], at: Path, secrets: Mapping[str, Mapping[str, Any]]) -> Build | None:
    """The build of the normalised service `config` at `at`, None where it has none. `secrets` are the file's own, by
    name, normalised."""
    given = config.get("build")
    if given is None:
        return None
    here = (*at, "build")
    platforms: Sequence[str] = given.get("platforms", ())
    refusals = _Refusals(reader, here)
    refusals.keys(given)
    granted = tuple(refusals.secrets(given.get("secrets", ()), secrets))
    return Build(
        context=given.get("context", reader.working_dir),
        dockerfile=given.get("dockerfile", "Dockerfile"),
        inline=given.get("dockerfile_inline"),
        args=given.get("args", {}),
        target=given.get("target"),
        labels=given.get("labels", {}),
        # Docker Compose's `up` builds for one platform too: the service's, else the one of the engine.
        platform=config.get("platform") or (platforms[0] if len(platforms) == 1 else None),
        network=given.get("network"),
        no_cache=given.get("no_cache", False),
        no_cache_filter=tuple(given.get("no_cache_filter", ())),
        contexts=given.get("additional_contexts", {}),
        cache_from=tuple(given.get("cache_from", ())),
        cache_inline=any(_inline(entry) for entry in given.get("cache_to", ())),
        extra_hosts=tuple(given.get("extra_hosts", ())),
        pull=given.get("pull", False),
        privileged=given.get("privileged", False) or _PRIVILEGED in given.get("entitlements", ()),
        secrets=granted,
        ssh=dict(_halves(each) for each in given.get("ssh", ())),
        shm_size=int(given.get("shm_size", 0)),
        tags=tuple(given.get("tags", ())),
        ulimits={name: _limit(item) for name, item in given.get("ulimits", {}).items()},
        refusals=tuple(refusals.found),
        where=reader.document.where(here),
    )


class _Refusals:
    """What no engine that devenv speaks to can do of a build, each as the error that is raised once it is to be
    built."""

    def __init__(self, reader: Reader, at: Path) -> None:
        self.reader, self.at = reader, at
        self.found: list[DevenvError] = []

    def refuse(self, key: str, message: str, hint: str) -> None:
        self.found.append(DevenvError(message, hint=hint, where=self.reader.document.where((*self.at, key))))

    def keys(self, given: Mapping[str, Any]) -> None:
        for entry in given.get("cache_to", ()):
            if not _inline(entry):
                self.refuse("cache_to", f"the engine's own builder cannot put its cache to `{entry}`",
                            "write `type=inline`, or remove it: the engine keeps its cache itself")  # fmt: skip
        rights = [right for right in given.get("entitlements", ()) if right != _ALLOWED]
        for right in rights:
            if right != _PRIVILEGED:
                self.refuse("entitlements", f"`{right}` is no right of a build", f"write `{_ALLOWED}`, or remove it")
        for key in ("provenance", "sbom"):
            if given.get(key, "false") != "false":
                self.refuse(key, f"devenv has images built without attestations, so without `{key}`",
                            f"write `{key}: false`, or make it where the image is published")  # fmt: skip
        if given.get("isolation", "default") != "default":
            self.refuse("isolation", f"`isolation: {given['isolation']}` is of Windows containers alone",
                        "remove it: devenv builds for Linux")  # fmt: skip
        for name, place in given.get("additional_contexts", {}).items():
            if place.startswith("oci-layout://"):
                self.refuse("additional_contexts", f"the engine reads no OCI layout (`{name}`)",
                            "load it as an image and write `docker-image://` and its name")  # fmt: skip
        place = given.get("context", "")
        if is_remote(place) and git(place) is None and not archive(place):
            self.refuse("context", f"devenv builds from no such context ({place})",
                        "name a folder, a git repository or an archive of the web")  # fmt: skip
        elif place.startswith(SERVICE_PREFIX):
            self.refuse("context", f"`{place}` is no folder to build from",
                        "name it under `additional_contexts`, and use it in the Dockerfile")  # fmt: skip
        if given.get("network", "default") not in ("default", "host", "none"):
            self.refuse("network", f"a build step cannot be in the network `{given['network']}`",
                        "write `host`, `none` or `default`")  # fmt: skip

    def secrets(self, grants: Any, known: Mapping[str, Mapping[str, Any]]) -> list[BuildSecret]:
        found = []
        for grant in grants:
            source, item = grant["source"], known.get(grant["source"], {})
            name, variable = grant.get("target", source), item.get("environment")
            if variable is not None:
                value = self.reader.variables.get(variable)
                if value is None:
                    self.refuse("secrets", f"the secret `{source}` has no value",
                                f"set {variable} in the shell or in the `.env` file of the project")  # fmt: skip
                found.append(BuildSecret(id=name, content=Secret(value=value or "")))
            elif "file" in item:
                found.append(BuildSecret(id=name, file=item["file"]))
            elif item:
                self.refuse("secrets", f"the secret `{source}` is kept by a swarm, where no build can read it",
                            "give it a `file` or an `environment`")  # fmt: skip
        return found


def _inline(entry: str) -> bool:
    return "type=inline" in entry.split(",")


def _halves(key: str) -> tuple[str, str]:
    """(id, path) of one of `ssh`."""
    name, _, path = key.partition(": ")
    return name, path


def _limit(item: Any) -> tuple[int, int]:
    """(soft, hard) of one of `ulimits`."""
    if isinstance(item, Mapping):
        return int(item.get("soft", 0)), int(item.get("hard", 0))
    return int(item), int(item)
