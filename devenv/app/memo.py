"""What compiling a manifest gave, kept in `.devenv/`, so that nothing is compiled again that did not change.

Rendering is pure: the same input gives the same files. What it was made from is known by a fingerprint of the manifest,
the rendered files, the catalogue and devenv's own code; anything else than the very same is compiled anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from devenv import __version__
from devenv.core.rendered import Variable
from devenv.host.files import write_atomic
from devenv.model.errors import DevenvError, Span

_FILE = ".devenv/rendered.json"
_FORM = 2
_CODE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """`name` is the manifest's, `variables`, `notices` and `copies` are what `render` gave. `copied` is the signature
    (`app.basefiles`) of the copies as they were made, "" where there are none."""

    name: str
    variables: tuple[Variable, ...]
    notices: tuple[str, ...]
    copies: tuple[tuple[str, str], ...] = ()
    copied: str = ""


def fingerprint(manifest: Path, folder: Path, existing: Mapping[str, str], data: Path) -> str:
    """What the compiler's result hangs on, as a hash. `existing` are the rendered files that are there, `data` is the
    folder of catalogue and templates."""
    total = hashlib.sha256(f"{_FORM} {__version__} {manifest} {os.access(folder / 'dev', os.X_OK)}\n".encode())
    for text in (_bytes(manifest), *(f"{path}\0{text}".encode() for path, text in sorted(existing.items()))):
        total.update(hashlib.sha256(text).digest())
    # Files that come with devenv change when devenv does: their times say it. What renders is `core`, and the kinds of
    # readiness.
    code = (*_files(_CODE / "core", ".py"), *_files(_CODE / "extensions" / "probes", ".py"))
    for path in (*_files(data / "stacks", ".yaml"), *_files(data / "templates", ".j2"), *code):
        found = os.stat(path)
        total.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return total.hexdigest()


def recall(folder: Path, mark: str) -> Memo | None:
    """What was kept for the fingerprint `mark`, None where there is nothing, or nothing that can be read."""
    try:
        kept = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        if kept["mark"] != mark:
            return None
        variables = tuple(_variable(item) for item in kept["variables"])
        return Memo(
            name=str(kept["name"]),
            variables=variables,
            notices=tuple(map(str, kept["notices"])),
            copies=tuple((str(inside), str(source)) for inside, source in kept["copies"]),
            copied=str(kept["copied"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(folder: Path, mark: str, memo: Memo) -> None:
    """Keep `memo` for `mark`; a disk that is full costs the time of compiling again, no more."""
    kept = {
        "mark": mark,
        "name": memo.name,
        "variables": [asdict(variable) for variable in memo.variables],
        "notices": memo.notices,
        "copies": memo.copies,
        "copied": memo.copied,
    }
    try:
        write_atomic(folder / _FILE, json.dumps(kept, ensure_ascii=False).encode())
    except DevenvError:
        return


def _variable(item: Mapping[str, object]) -> Variable:
    known = {field.name: item[field.name] for field in fields(Variable)}
    where = known["where"]
    return Variable(**{**known, "where": Span(**where) if isinstance(where, dict) else None})  # type: ignore[arg-type]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # whoever reads it for its content says what is wrong


def _files(folder: Path, ending: str) -> Iterable[str]:
    """The files below `folder` that end so, in the order of their paths; folders of data and code alone are entered."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "seeds", "html")]
        found += [os.path.join(path, name) for name in names if name.endswith(ending)]
    return sorted(found)
