"""Whether two images are the same to who runs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.core.alike import alike
from devenv.model import labels
from devenv.model.observed import ObservedImage

CONFIG = {"Cmd": ["sh"], "Env": ["A=1"], "Image": "sha256:step", "OnBuild": None, "Labels": {"a": "b"}}
ONE = ObservedImage(ref="x", id="sha256:1", layers=("l1", "l2"), labels={"a": "b", labels.SOURCE: "1"}, config=CONFIG)


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({}, True),
        ({"labels": {"a": "b", labels.SOURCE: "2", labels.BASES: "{}"}}, True),
        ({"config": {**CONFIG, "Image": "sha256:other", "Labels": None}}, True),
        ({"layers": ("l1", "l3")}, False),
        ({"config": {**CONFIG, "Cmd": ["bash"]}}, False),
        ({"labels": {"a": "c"}}, False),
    ],
)
def test_layers_and_config_decide_and_not_our_labels(more: dict[str, Any], same: bool) -> None:
    assert alike(ONE, replace(ONE, id="sha256:2", **more)) is same


def test_where_nobody_tells_the_layers_only_the_very_same_is() -> None:
    bare = replace(ONE, layers=())
    assert alike(bare, bare)
    assert not alike(bare, replace(bare, id="sha256:2"))
