"""devenv's own package, packed from what runs here."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from devenv import __version__
from devenv.host import wheel
from devenv.model.errors import DevenvError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def packed() -> wheel.Wheel:
    return wheel.pack(ROOT / "devenv", ROOT, __version__)


def test_it_is_the_same_each_time(packed: wheel.Wheel) -> None:
    assert wheel.pack(ROOT / "devenv", ROOT, __version__) == packed
    assert packed.digest == hashlib.sha256(packed.content).hexdigest()
    assert packed.file == f"devenv_stack-{__version__}-py3-none-any.whl"


def test_it_holds_all_that_devenv_brings_along_and_nothing_else(packed: wheel.Wheel) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed.content))
    names = set(archive.namelist())
    code = {f"devenv/{path.relative_to(ROOT / 'devenv').as_posix()}" for path in (ROOT / "devenv").rglob("*.py")}
    assert code <= names
    data = {name.removeprefix("devenv/_data/") for name in names if name.startswith("devenv/_data/")}
    assert {"dev", "requirements.lock", "templates/compose.yaml.j2", "stacks/services/node/Dockerfile"} <= data
    assert not any(word in name for name in names for word in ("__pycache__", "tests/unit", ".git/"))
    assert {name.split("/")[0] for name in names} == {"devenv", f"devenv_stack-{__version__}.dist-info"}


def test_its_record_is_true(packed: wheel.Wheel) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed.content))
    info = f"devenv_stack-{__version__}.dist-info"
    rows = list(csv.reader(archive.read(f"{info}/RECORD").decode().splitlines()))
    assert [row[0] for row in rows] == archive.namelist()
    for path, digest, size in rows[:-1]:
        content = archive.read(path)
        made = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        assert (digest, int(size)) == (f"sha256={made}", len(content))
    metadata = archive.read(f"{info}/METADATA").decode()
    assert f"Name: devenv-stack\nVersion: {__version__}\n" in metadata
    assert "Requires-Dist: docker>=7.1\n" in metadata


def test_a_wheel_that_lies_somewhere_is_read(packed: wheel.Wheel, tmp_path: Path) -> None:
    file = tmp_path / packed.file
    file.write_bytes(packed.content)
    assert wheel.read(file) == packed
    other = tmp_path / "rich-1.0-py3-none-any.whl"
    other.touch()
    for path in (other, tmp_path / "devenv_stack-9-py3-none-any.whl"):
        with pytest.raises(DevenvError, match="not a wheel of devenv"):
            wheel.read(path)


def test_one_that_knows_no_package_of_its_own_says_so(tmp_path: Path) -> None:
    for name in ("stacks", "templates"):
        (tmp_path / "_data" / name).mkdir(parents=True)
    with pytest.raises(DevenvError, match="does not know its own package"):
        wheel.pack(tmp_path, tmp_path / "_data", "1.0")


def test_a_part_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    with pytest.raises(DevenvError, match=r"stacks, a part of devenv, cannot be read"):
        wheel.pack(tmp_path / "devenv", tmp_path, "1.0")
