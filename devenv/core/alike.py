"""Whether a build came out as the image that was there: what a container gets of it, without what is written on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.model import labels
from devenv.model.observed import ObservedImage

MARKS = (labels.SOURCE, labels.BASES, labels.BUILT_ON)
"""Labels that say what an image was built from. They are others where the sources are, whatever came out."""
UNKNOWN = "unknown"
"""What is remembered as the bases of an image that Docker Compose built: it does not say."""
_BESIDE = (*MARKS, labels.MADE_FROM, labels.VERSION, labels.IMAGE_BUILDER, labels.PROJECT, labels.SERVICE)
_OF_THE_BUILDER = ("Hostname", "Image", "Labels")
"""Of an image's config: what the classic builder leaves of the step before, and the labels, compared by themselves."""


def by_compose(image: ObservedImage, service: str) -> bool:
    """Whether Docker Compose built `image` for `service`, which does not say of what."""
    if labels.SOURCE in image.labels:
        return False
    return image.labels.get(labels.SERVICE, service if labels.IMAGE_BUILDER in image.labels else "") == service


def alike(one: ObservedImage, other: ObservedImage) -> bool:
    """Whether a container of `one` is a container of `other`: the same layers and the same config but for labels of
    ours. Where an engine does not tell the layers, only the very same image is."""
    if one.id == other.id:
        return True
    return bool(one.layers) and one.layers == other.layers and _says(one) == _says(other)


def _says(image: ObservedImage) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    config = {key: value for key, value in image.config.items() if key not in _OF_THE_BUILDER and value}
    return config, {key: value for key, value in image.labels.items() if key not in _BESIDE}
