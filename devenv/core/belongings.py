"""What on an engine is devenv's, and what is somebody else's. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from devenv.core.plan_up import ANONYMOUS
from devenv.model import labels
from devenv.model.observed import Inventory, ObservedContainer, ObservedImage, ObservedVolume

_OURS = (labels.RECIPE, labels.SOURCE)
"""Labels of images that devenv made: by a recipe, or from a Dockerfile of a stack. What a person builds on one of
these, or calls by a name of their own, has them too."""

_NAMESPACES = (f"{labels.IMAGE_NAMESPACE}/", f"{labels.IMAGE_NAMESPACE}-test/")
"""Where images of ours are, and those of this repository's tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A project that devenv brought up. `volumes` are those that hold its data, with anonymous ones."""

    name: str
    folder: str
    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """`stacks` and `images` (a reference, or the id of one without) are devenv's. `others` says in words what on this
    engine is not: () where all of it is devenv's, but for images that a registry delivers again."""

    stacks: tuple[Stack, ...] = ()
    images: tuple[str, ...] = ()
    image_bytes: int = 0
    others: tuple[str, ...] = ()


def belongings(inventory: Inventory) -> Belongings:
    """Sort what is there. A project is devenv's where a container or a volume of it says so by devenv's label; then all
    of it is, also what Compose made in it."""
    folders: dict[str, str] = {}
    marks = [*(c.labels for c in inventory.containers), *(v.labels for v in inventory.volumes)]
    for mark in marks:
        project, folder = mark.get(labels.PROJECT), mark.get(labels.FOLDER)
        if project and folder:
            folders.setdefault(project, folder)
    stacks = tuple(_stack(name, folder, inventory) for name, folder in sorted(folders.items()))
    held = {name for stack in stacks for name in stack.volumes}
    run = {c.image for c in inventory.containers if _project(c) in folders}
    ours = [image for image in inventory.images if _ours(image, run)]
    foreign = {
        "container": sum(_project(c) not in folders for c in inventory.containers),
        "volume": sum(v.name not in held for v in inventory.volumes),
        "image that was built here": sum(bool(i.ref) and not i.digests and i not in ours for i in inventory.images),
    }
    return Belongings(
        stacks=stacks,
        images=tuple(dict.fromkeys(image.ref or image.id for image in ours)),
        image_bytes=sum({image.id: image.size for image in ours}.values()),
        others=tuple(_many(count, what) for what, count in foreign.items() if count),
    )


def _stack(name: str, folder: str, inventory: Inventory) -> Stack:
    containers = [c for c in inventory.containers if _project(c) == name]
    named = [v.name for v in inventory.volumes if _project(v) == name]
    mounted = {source for c in containers for source in c.mounts.values()}
    nameless = [v.name for v in inventory.volumes if v.name in mounted and not v.labels.get(labels.PROJECT)]
    anonymous = [name for name in nameless if ANONYMOUS.fullmatch(name)]
    return Stack(name=name, folder=folder, containers=tuple(c.name for c in containers), volumes=(*named, *anonymous))


def _ours(image: ObservedImage, run: Collection[str]) -> bool:
    """Whether devenv made it, and gave it its name: one of ours, one of a build as Compose gives it, or one by which a
    stack runs it (`run`)."""
    if image.ref.startswith(_NAMESPACES):
        return True
    if not image.ref:
        return any(label in image.labels for label in _OURS)
    project = image.labels.get(labels.PROJECT, "")
    named = bool(project) and image.ref.startswith(f"{project}-") and image.ref.endswith(":latest")
    return labels.SOURCE in image.labels and (named or bool({image.ref, image.ref.removesuffix(":latest")} & {*run}))


def _project(thing: ObservedContainer | ObservedVolume) -> str:
    return thing.labels.get(labels.PROJECT, "")


def _many(count: int, what: str) -> str:
    noun, space, rest = what.partition(" ")
    if count > 1:
        noun, rest = f"{noun}s", rest.replace("was", "were")
    return f"{count} {noun}{space}{rest}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first of `names`, and how many more there are; a volume without a name by the begin of its id."""
    shown = [f"{name[:12]} (unnamed)" if ANONYMOUS.fullmatch(name) else name for name in names]
    more = len(shown) - most
    return ", ".join(shown) if more <= 1 else f"{', '.join(shown[:most])} and {more} more"
