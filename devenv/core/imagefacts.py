"""What images are chosen from, and what comes of it: the data of `core.resolve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.core.recipes import Recipes
from devenv.model.observed import ObservedImage
from devenv.model.plan import Node
from devenv.model.stack import Service, Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSource:
    """What was read of a service's build: the Dockerfile's text and the digest of all that is sent."""

    text: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is decided from. `makers` are services beside the stack's whose builds its services may need. `builds` is by
    service, `folders` has the digests of folders that builds name as further contexts. `have` is what the engine has by
    full reference (None: it does not have it), `registry` the digest that a registry offers by full reference ("" where
    it has no such image, None where none answers). `build` asks for every build anew, `no_build` for none, `pull` for
    what registries have newer; `at` is the time in seconds since the epoch. `lenient`: an image that nothing can
    deliver is no error; it is pulled, and fails for those that need it alone."""

    stack: Stack
    recipes: Recipes
    makers: tuple[Service, ...] = ()
    builds: Mapping[str, BuildSource] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    have: Mapping[str, ObservedImage | None] = field(default_factory=dict)
    registry: Mapping[str, str | None] = field(default_factory=dict)
    at: float = 0.0
    pull: bool = False
    build: bool = False
    no_build: bool = False
    lenient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Full references to look for on the engine (`images`) or, once those are known, at registries (`registry`)."""

    images: tuple[str, ...] = ()
    registry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """`use`: service → the image its container is created from. `nodes` make what is not there, in an order in which
    they could be done. `after`: service → ids of nodes that must be Done before its container is created, () where the
    image is there and stays; `causes` says why in the other case. `variables` are the values of `DEVENV_IMAGE_…`.
    `under`: service → its Compose file's own image, where that is there and devcontainer.json makes another of it."""

    use: Mapping[str, str]
    nodes: tuple[Node, ...] = ()
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    causes: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, str] = field(default_factory=dict)
