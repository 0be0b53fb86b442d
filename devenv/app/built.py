"""What built images fit, kept in `.devenv/` where the image itself cannot say it.

A build that comes out as the image that was there leaves that image (`run.perform`), with the labels of its day: the
sources that it fits by now are remembered here. So are those of an image that Docker Compose built, as they were when
devenv first saw it: Compose takes an image that is there as it is, and does not say what it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.app.kept import keep, recall
from devenv.core.alike import MARKS, UNKNOWN, by_compose
from devenv.core.imagefacts import BuildSource
from devenv.core.recipes import full
from devenv.model import labels
from devenv.model.events import Done, Outcome
from devenv.model.observed import ObservedImage
from devenv.model.stack import Service

_FILE = "built.json"
_MOST = 100
"""Images of which something is remembered; the oldest are forgotten first."""

Have = Mapping[str, ObservedImage | None]


def remember(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """Keep in the repository `folder` what those images fit that builds left as they were."""
    found = {
        str(end.data["image"]): dict(end.data["fits"])
        for end in outcomes
        if isinstance(end, Done) and end.data.get("fits")
    }
    if found:
        _add(folder / ".devenv", found)


def marked(have: Have, services: Iterable[Service], builds: Mapping[str, BuildSource], memos: Path | None) -> Have:
    """`have` with the labels of what each image fits now, as far as `memos` (a folder; None for none) says so. Images
    of `services` that Docker Compose built and of which nothing is remembered fit the sources of now, `builds`."""
    if memos is None or not any(have.values()):
        return have
    known = _known(memos)
    theirs: dict[str, dict[str, str]] = {}
    for service in services:
        image, source = have.get(full(service.image)), builds.get(service.name)
        if image and source and image.id not in known and by_compose(image, service.name):
            theirs[image.id] = {labels.SOURCE: source.digest, labels.BASES: UNKNOWN}
    if theirs:
        _add(memos, theirs)
    known = {**known, **theirs}
    return {
        ref: replace(image, labels={**image.labels, **known[image.id]}) if image and image.id in known else image
        for ref, image in have.items()
    }


def _known(memos: Path) -> dict[str, dict[str, str]]:
    kept: Mapping[str, Any] = recall(memos, _FILE)
    return {
        image: {key: str(value) for key, value in marks.items() if key in MARKS}
        for image, marks in kept.items()
        if isinstance(marks, dict)
    }


def _add(memos: Path, found: Mapping[str, Mapping[str, str]]) -> None:
    if memos.is_dir():
        rest = {image: marks for image, marks in _known(memos).items() if image not in found}
        keep(memos, _FILE, dict([*rest.items(), *found.items()][-_MOST:]))
