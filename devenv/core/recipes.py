"""Recipes as far as names go: which one stands in for an official image, and what the image that it makes is called.

A recipe's tag is made of the recipe alone (its files, those of the recipes it builds on, the host's private CAs), never
of what the engine has: so it can be looked for before anything is decided, and does not change when a registry answers
again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from devenv.core import dockerfile
from devenv.model import labels
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Recipe
from devenv.model.stack import Build

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where an image that trusts the host's private CAs has all authorities in one file."""
VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
)
"""By which programs that bring authorities of their own are told of that file."""
PRIVATE = "devenv-ca-*.crt"
"""Files that a build with `Step.trust` finds in its context: the host's private CAs, one a file."""
PUBLIC = "devenv-public.pem"
"""And the public ones, for an image that has none."""
_HEX = 12
_TAG = 128
"""Characters that a tag may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeSource:
    """A recipe with what its folder holds: `digest` is hex over its files, `text` its Dockerfile ("" where the recipe
    is a bootstrap)."""

    recipe: Recipe
    digest: str = ""
    text: str = ""


def stands_in(recipe: Recipe, ref: str) -> bool:
    """Whether what `recipe` makes can be used for the official image `ref`."""
    repository, tag = split(full(ref))
    return full(recipe.image) == f"{repository}:latest" and any(fnmatchcase(tag, known) for known in recipe.tags)


class Recipes:
    """All recipes, on a host whose private CAs are `certificates` (PEM, "" for none)."""

    def __init__(self, sources: Iterable[RecipeSource], certificates: str = "") -> None:
        self._sources = {source.recipe.name: source for source in sources}
        self.trust = _hex(certificates) if certificates else ""
        self._hexes: dict[str, str] = {}

    def find(self, ref: str) -> RecipeSource | None:
        """The recipe that stands in for the official image `ref`."""
        return next((source for source in self._sources.values() if stands_in(source.recipe, ref)), None)

    def offers(self, ref: str) -> tuple[str, ...]:
        """What recipes can make of the repository of `ref`: `("postgres:17",)`."""
        repository = f"{split(full(ref))[0]}:latest"
        return tuple(
            f"{source.recipe.image}:{source.recipe.version}"
            for source in self._sources.values()
            if full(source.recipe.image) == repository
        )

    def root(self, source: RecipeSource) -> str:
        """What a bootstrap imports."""
        recipe = source.recipe
        made = _hex("bootstrap", recipe.name, recipe.version, recipe.suite)
        return f"{labels.IMAGE_NAMESPACE}/{recipe.name}:{recipe.version}-{made}"

    def ref(self, source: RecipeSource) -> str:
        """The image that is used in place of the official one."""
        if source.recipe.bootstrap:
            return self.trusted(self.root(source)) if self.trust else self.root(source)
        return f"{labels.IMAGE_NAMESPACE}/{source.recipe.name}:{source.recipe.version}-{self.hex(source)}"

    def hex(self, source: RecipeSource, above: tuple[str, ...] = ()) -> str:
        """Hex over all that the recipe's image is made of."""
        name = source.recipe.name
        if name in above:
            raise DevenvError(
                f"the recipe {name} builds on itself: {' → '.join((*above, name))}",
                hint="let its Dockerfile be FROM debian:trixie-slim",
                where=Span(file=f"{source.recipe.folder}/Dockerfile"),
            )
        if name not in self._hexes:
            below = []
            for base in dockerfile.bases(source.text):
                other = self.find(base)
                if other and not other.recipe.bootstrap:
                    self.hex(other, (*above, name))
                below.append(self.ref(other) if other else full(base))
            self._hexes[name] = _hex(name, source.recipe.version, source.recipe.suite, source.digest, below, self.trust)
        return self._hexes[name]

    def trusted(self, ref: str) -> str:
        """The image derived from `ref` in which the host's private CAs are trusted."""
        repository, tag = split(full(ref).removeprefix(f"{labels.IMAGE_NAMESPACE}/"))
        path = re.sub(r"[^a-z0-9._/-]", "_", repository.lower())
        made = _hex("trusted", full(ref), TRUSTED, self.trust)
        return f"{labels.IMAGE_NAMESPACE}/trusted/{path}:{tag.removeprefix('sha256:')[: _TAG - _HEX - 1]}-{made}"

    def usable(self, ref: str, *, runs: bool) -> frozenset[str]:
        """The images on which a Dockerfile that says FROM `ref` may have been built, as things stand; `runs`: it has a
        RUN there, which needs the private CAs."""
        found = {self.trusted(ref) if self.trust and runs and not ours(ref) else ref}
        source = self.find(ref)
        return frozenset(found | {self.ref(source)} if source else found)


TRUSTED = f"""\
FROM {{ref}} AS base
FROM base AS bundle
USER 0
COPY {PRIVATE} {PUBLIC} /.devenv-ca/
RUN set -e; cd /.devenv-ca; mkdir -p out/etc/ssl/certs out/usr/local/share/ca-certificates; \\
    cp {PRIVATE} out/usr/local/share/ca-certificates/; \\
    have=; for at in {BUNDLE} /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem {PUBLIC}; do \\
      if [ -z "$have" ] && [ -s "$at" ]; then have=$at; fi; done; \\
    {{{{ cat "$have"; echo; cat {PRIVATE}; }}}} > bundle; chmod 644 bundle; \\
    if [ -L /etc/ssl/certs ]; then \\
      rm -r out/etc/ssl; at=$(readlink -f /etc/ssl/certs); mkdir -p "out$at"; cp bundle "out$at/ca-certificates.crt"; \\
      if [ -e /etc/pki/tls/certs/ca-bundle.crt ]; then \\
        at=$(readlink -f /etc/pki/tls/certs/ca-bundle.crt); mkdir -p "out$(dirname "$at")"; cp bundle "out$at"; fi; \\
    else cp bundle out{BUNDLE}; fi
FROM base
COPY --from=bundle /.devenv-ca/out/ /
ENV {" ".join(f"{name}={BUNDLE}" for name in VARIABLES)}
"""
"""The Dockerfile of such an image. Its own stage makes the files, so that the image's USER stays as it is. The folder
under /usr/local is where Debian's and Alpine's `update-ca-certificates` finds them again, when a build on top installs
ca-certificates."""


def trusting(ref: str) -> Build:
    """The build of `Recipes.trusted(ref)`."""
    return Build(context="", inline=TRUSTED.format(ref=ref))


def of_folder(digest: str) -> str:
    """The image that holds a folder whose content has `digest`, for who builds with it as an additional context."""
    return f"{labels.IMAGE_NAMESPACE}/context:{digest[:_HEX]}"


def ours(ref: str) -> bool:
    return ref.startswith(f"{labels.IMAGE_NAMESPACE}/")


def full(ref: str) -> str:
    """`ref` in one way: without Docker Hub's own prefixes, with the tag that is meant."""
    for prefix in ("index.docker.io/", "docker.io/"):
        ref = ref.removeprefix(prefix)
    ref = ref.removeprefix("library/")
    return ref if "@" in ref or ":" in ref.rpartition("/")[2] else f"{ref}:latest"


def split(ref: str) -> tuple[str, str]:
    """Repository and tag, or digest, of a full reference."""
    repository, at, digest = ref.partition("@")
    if at:
        return (repository.rpartition(":")[0] if ":" in repository.rpartition("/")[2] else repository), digest
    repository, _, tag = ref.rpartition(":")
    return repository, tag


def host(ref: str) -> str:
    """The host of the registry that offers `ref`, by Docker's rule: the first part is one if it looks like one."""
    first, slash, _ = ref.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def bases_label(bases: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(bases.items())), separators=(",", ":"))


def read_bases_label(text: str | None) -> Mapping[str, str] | None:
    """What `bases_label` wrote; None for anything else."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else None


def _hex(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_HEX]
