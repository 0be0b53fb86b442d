"""What `up` says of a project that is not called as its manifest says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from devenv.app.session import Session
from devenv.app.up import kept_name
from devenv.app.values import Given


def _session(
    name: str, *, shell: dict[str, str] | None = None, asked: str | None = None, data: bool = False
) -> Session:
    volumes = {"data": SimpleNamespace(external=False), "theirs": SimpleNamespace(external=True)}
    found: Any = SimpleNamespace(
        ctx=SimpleNamespace(project=asked), name=name, known=Given(shell=shell or {}),
        project=SimpleNamespace(own=True, name="shop"),
        stack=SimpleNamespace(volumes=volumes if data else {"theirs": volumes["theirs"]}),
    )  # fmt: skip
    return cast(Session, found)


def test_a_name_that_stays_though_the_manifest_has_another_one_is_told() -> None:
    (line,) = kept_name(_session("notes"))
    assert line.startswith("the project stays `notes`, not `shop` as the manifest says, while its containers are there")
    assert line.endswith("(`devenv down` first)")
    (line,) = kept_name(_session("notes", data=True))
    assert "containers or data are there (`devenv down --volumes` first: the data are gone then)" in line


@pytest.mark.parametrize("name", ["shop", "shop-03af"])
def test_its_own_name_and_that_of_a_second_clone_are_no_news(name: str) -> None:
    assert list(kept_name(_session(name))) == []


def test_nor_is_one_that_a_person_says() -> None:
    assert list(kept_name(_session("notes", asked="notes"))) == []
    assert list(kept_name(_session("notes", shell={"DEVENV_PROJECT": "notes"}))) == []
