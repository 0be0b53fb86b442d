from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from devenv.app import basefiles
from devenv.app.basefiles import FOLDER, RECORD, copy, signature, stale
from devenv.model.errors import DevenvError

COPIES = ((f"{FOLDER}/web", "{base}/web"), (f"{FOLDER}/schema.sql", "{base}/schema.sql"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for path in ("web/index.html", "web/css/a.css", "web/__pycache__/a.pyc", "schema.sql"):
        (tmp_path / "base" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "base" / path).write_text(path)
    return tmp_path / "base"


@pytest.fixture
def copies(base: Path) -> basefiles.Copies:
    return tuple((inside, source.format(base=base)) for inside, source in COPIES)


@pytest.fixture
def folder(tmp_path: Path, copies: basefiles.Copies) -> Path:
    """A repository that the base was copied to."""
    folder = tmp_path / "repository"
    copy(folder, copies)
    return folder


def _states(folder: Path, copies: basefiles.Copies) -> dict[str, str]:
    return {item.path.removeprefix(f"{FOLDER}/"): item.state for item in stale(folder, copies)}


def test_copies_are_as_their_sources_and_without_caches(folder: Path, copies: basefiles.Copies) -> None:
    found = sorted(str(path.relative_to(folder / FOLDER)) for path in (folder / FOLDER).rglob("*") if path.is_file())
    assert found == ["copied.json", "schema.sql", "web/css/a.css", "web/index.html"]
    assert _states(folder, copies) == {}
    before = {path: path.stat().st_ino for path in (folder / FOLDER).rglob("*")}
    copy(folder, copies)
    assert {path: path.stat().st_ino for path in (folder / FOLDER).rglob("*")} == before


def test_what_a_person_edited_is_kept_and_what_is_of_an_earlier_base_is_renewed(
    folder: Path, base: Path, copies: basefiles.Copies
) -> None:
    (folder / FOLDER / "schema.sql").write_text("mine")
    (folder / FOLDER / "web/css/a.css").unlink()
    (base / "web/index.html").write_text("newer")
    (base / "schema.sql").write_text("newer")
    assert _states(folder, copies) == {"schema.sql": "edited", "web/css/a.css": "missing", "web/index.html": "earlier"}
    for _ in range(2):
        copy(folder, copies)
        assert _states(folder, copies) == {"schema.sql": "edited"}
    assert (folder / FOLDER / "schema.sql").read_text() == "mine"
    assert (folder / FOLDER / "web/index.html").read_text() == "newer"
    copy(folder, copies, force=True)
    assert _states(folder, copies) == {}
    assert (folder / FOLDER / "schema.sql").read_text() == "newer"


def test_what_left_the_base_goes_unless_it_was_edited(folder: Path, base: Path, copies: basefiles.Copies) -> None:
    shutil.rmtree(base / "web/css")
    (base / "web/index.html").unlink()
    (folder / FOLDER / "web/index.html").write_text("mine")
    assert _states(folder, copies) == {"web/css/a.css": "gone"}
    copy(folder, copies)
    assert not (folder / FOLDER / "web/css/a.css").exists()
    assert (folder / FOLDER / "web/index.html").read_text() == "mine"


_X = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize("text", ["", "[]", f'{{"outside": "{_X}", "{FOLDER}/../../outside": "{_X}"}}'])
def test_a_record_that_is_none_or_leads_outside_removes_nothing(
    text: str, folder: Path, copies: basefiles.Copies
) -> None:
    outside = folder / "outside"
    outside.write_text("x")
    (folder / RECORD).write_text(text)
    copy(folder, copies)
    assert outside.exists()
    assert _states(folder, copies) == {}


def test_the_signature_changes_with_source_and_copy(folder: Path, base: Path, copies: basefiles.Copies) -> None:
    seen = [signature(folder, copies)]
    assert signature(folder, copies) == seen[0]
    (base / "schema.sql").write_text("longer than before")
    seen.append(signature(folder, copies))
    (folder / FOLDER / "web/index.html").unlink()
    seen.append(signature(folder, copies))
    assert len(set(seen)) == 3


def test_a_base_without_a_file_that_it_names_is_a_sentence(folder: Path, base: Path, copies: basefiles.Copies) -> None:
    (base / "schema.sql").unlink()
    with pytest.raises(DevenvError, match=r"schema\.sql of the base cannot be read"):
        copy(folder, copies)
