from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devenv.app.lastlook import last_looks, remember
from devenv.model.observed import ObservedContainer
from devenv.model.stack import Ready, Service


def _container(identity: str, started_at: str) -> ObservedContainer:
    return ObservedContainer(
        id=identity, name=identity, image="x", image_id="x", state="running", labels={}, started_at=started_at
    )


def test_a_look_counts_for_the_same_start_alone(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    first, again = {"db": _container("a", "1")}, {"db": _container("a", "2")}
    assert last_looks(tmp_path, first) == {}
    remember(tmp_path, first, {"db": True})
    assert last_looks(tmp_path, first) == {"db": True}
    assert last_looks(tmp_path, again) == {}
    remember(tmp_path, first, {})
    assert last_looks(tmp_path, first) == {"db": True}
    remember(tmp_path, again, {"db": False})
    assert last_looks(tmp_path, again) == {"db": False}
    assert last_looks(tmp_path, first) == {}


def test_a_look_counts_for_what_was_looked_for_alone(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    one = {"db": replace(_container("a", "1"), labels={"com.docker.compose.service": "db"})}
    plain = Service(name="db", config={}, image="x", container_name="p-db-1")
    asked = replace(plain, ready=(Ready(kind="tcp", options={"port": 1}),))
    remember(tmp_path, one, {"db": True}, {"db": plain})
    assert last_looks(tmp_path, one, {"db": plain}) == {"db": True}
    assert last_looks(tmp_path, one, {"db": asked}) == {}


def test_a_torn_file_and_a_missing_folder_say_nothing(tmp_path: Path) -> None:
    one = {"db": _container("a", "1")}
    remember(tmp_path, one, {"db": True})
    assert last_looks(tmp_path, one) == {}
    (tmp_path / ".devenv").mkdir()
    (tmp_path / ".devenv/looks.json").write_text("{")
    assert last_looks(tmp_path, one) == {}
