"""devenv's own package, packed from what runs here: the same bytes each time. A repository's wrapper carries it.

Source: the binary distribution format (packaging.python.org/specifications/binary-distribution-format)
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.host.files import read_text
from devenv.model.errors import DevenvError, ExitCode

NAME = "devenv-stack"
_LATEST = (1980, 1, 1, 0, 0, 0)
_DATA = ("stacks", "templates", "dev", "requirements.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel's file name, its version, its bytes and their sha256 in hex."""

    file: str
    version: str
    content: bytes
    digest: str


def pack(package: Path, data: Path, version: str) -> Wheel:
    """The wheel of devenv as it stands in the folder `package`, with what it brings along from `data` (the checkout, or
    the package's own `_data`). Raises DevenvError where something of it cannot be read."""
    project = data / "pyproject.toml"
    metadata = _from_project(read_text(project), version) if project.is_file() else _installed(version)
    info = f"devenv_stack-{version}.dist-info"
    files = dict(_files(package, data))
    files[f"{info}/METADATA"] = metadata.encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: devenv\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\ndevenv = devenv.cli.main:main\n"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    content = _zip(files)
    return Wheel(
        file=f"devenv_stack-{version}-py3-none-any.whl",
        version=version,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
    )


def read(path: Path) -> Wheel:
    """A wheel that lies at `path`. Raises DevenvError (INPUT) where it is none of devenv's."""
    match = re.fullmatch(r"devenv_stack-([0-9][^-]*)-py3-none-any\.whl", path.name)
    if match is None or not path.is_file():
        raise DevenvError(
            f"{path} is not a wheel of devenv.",
            hint=f"Name a file such as {NAME.replace('-', '_')}-1.0-py3-none-any.whl.",
        )
    content = path.read_bytes()
    return Wheel(file=path.name, version=match[1], content=content, digest=hashlib.sha256(content).hexdigest())


def _files(package: Path, data: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).as_posix()
        if not inside.startswith("_data/"):
            yield f"devenv/{inside}", _bytes(path)
    typed = package / "py.typed"
    if typed.is_file():
        yield "devenv/py.typed", _bytes(typed)
    for name in _DATA:
        top = data / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            inside = path.relative_to(data).as_posix()
            if not path.is_dir() and "__pycache__" not in inside and "/.devenv/" not in f"/{inside}":
                yield f"devenv/_data/{inside}", _bytes(path)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DevenvError(
            f"{path}, a part of devenv, cannot be read: {error.strerror}.",
            hint="Mend this devenv, or write no wrapper (`devenv init --no-wrapper`).",
            code=ExitCode.UNFIT,
        ) from error


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{own},,\n"]).encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _LATEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _from_project(text: str, version: str) -> str:
    import tomllib

    project = tomllib.loads(text)["project"]
    needs = "".join(f"Requires-Dist: {need}\n" for need in project["dependencies"])
    return (
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\nSummary: {project['description']}\n"
        f"Requires-Python: {project['requires-python']}\n{needs}"
    )


def _installed(version: str) -> str:
    from importlib import metadata

    try:
        text = metadata.distribution(NAME).read_text("METADATA")
    except metadata.PackageNotFoundError:
        text = None
    if text is None:
        raise DevenvError(
            "This devenv does not know its own package, so it cannot give the repository a wrapper.",
            hint="Name its wheel (`devenv init --wheel FILE`), or write no wrapper (`devenv init --no-wrapper`).",
            code=ExitCode.UNFIT,
        )
    return text
