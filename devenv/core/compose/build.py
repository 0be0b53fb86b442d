"""The `build` of a service in its normal form (what `docker compose config --format json` prints of it), and as what
devenv builds from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.core.compose import mounts, values
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Path
from devenv.model.stack import Build

_REFUSED = frozenset(
    ("additional_contexts", "cache_from", "cache_to", "entitlements", "extra_hosts", "isolation", "privileged",
     "provenance", "pull", "sbom", "secrets", "shm_size", "ssh", "tags", "ulimits")
)  # fmt: skip


def _context(reader: Reader, value: Any, at: Path) -> str | None:
    given = values.text(reader, value, at)
    if given and ("://" in given or given.startswith(("git@", "github.com/"))):
        reader.wrong(at, "devenv builds from folders of this machine only.", "Clone it and name the folder.")
        return None
    return mounts.absolute(reader, given) if given else None


def _args(reader: Reader, value: Any, at: Path) -> dict[str, str] | None:
    return {name: item for name, item in values.resolved(reader, value, at).items() if item is not None} or None


_KEYS: dict[str, values.Read] = {
    "context": _context,
    "dockerfile": values.text,
    "dockerfile_inline": values.text,
    "args": _args,
    "labels": values.labels,
    "no_cache": values.boolean,
    "network": values.text,
    "target": values.text,
    "platforms": values.strings,
}


def build(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """The normal form of a `build`, also of one that is a folder's name only."""
    given = {"context": value} if isinstance(value, str) else value
    found = fields(reader, given, at, _KEYS, unsupported=_REFUSED)
    if found is None:
        return None
    if "context" not in found:
        found = {"context": reader.working_dir, **found}
    if "dockerfile" in found and "dockerfile_inline" in found:
        reader.wrong(at, "Both `dockerfile` and `dockerfile_inline` are given.", "Keep one of the two.")
    if "dockerfile_inline" not in found:
        found.setdefault("dockerfile", "Dockerfile")
    if len(found.get("platforms", ())) > 1:
        reader.wrong((*at, "platforms"), "devenv builds for one platform.", "Keep one of them.")
    return found


def of(reader: Reader, config: Mapping[str, Any], at: Path) -> Build | None:
    """The build of the normalised service `config`, None where it has none."""
    given = config.get("build")
    if given is None:
        return None
    platforms = given.get("platforms") or ()
    return Build(
        context=given.get("context", reader.working_dir),
        dockerfile=given.get("dockerfile", "Dockerfile"),
        inline=given.get("dockerfile_inline"),
        args=given.get("args", {}),
        target=given.get("target"),
        labels=given.get("labels", {}),
        platform=config.get("platform") or (platforms[0] if platforms else None),
        network=given.get("network"),
        no_cache=given.get("no_cache", False),
        where=reader.document.where((*at, "build")),
    )
