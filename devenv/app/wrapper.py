"""The wrapper of a repository, `./dev`: its script, its lock, devenv's own package and the schema for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from devenv import __version__
from devenv.app.context import Context
from devenv.app.data import templates
from devenv.app.places import data_folder
from devenv.app.schema import for_editors
from devenv.core.init.wrapper import FOLDER, LOCK, SCHEMA, SCRIPT, lock, ours, wrapper
from devenv.host import wheel as packing
from devenv.host.files import read_text, write_atomic
from devenv.model.errors import DevenvError

_ADDRESS = re.compile(r"([a-z+]+://[^#\s]+/devenv_stack-([0-9][^-/]*)-py3-none-any\.whl)#sha256=([0-9a-f]{64})")


def wrapper_files(wheel: str | None) -> Mapping[str, bytes]:
    """Path (relative to the repository) → content. `wheel` is a file, or an address with its hash as pip writes it;
    None: devenv as it runs here is packed, and lies in the repository. Raises DevenvError (INPUT, UNFIT)."""
    data = data_folder()
    files: dict[str, bytes] = {}
    if wheel is not None and "://" in wheel:
        match = _ADDRESS.fullmatch(wheel)
        if match is None:
            raise DevenvError(
                f"{wheel} does not name a wheel of devenv with its hash.",
                hint="Write it so: https://…/devenv_stack-1.0-py3-none-any.whl#sha256=<64 hex digits>.",
            )
        found_at, version, digest = match[1], match[2], match[3]
    else:
        package = Path(__file__).resolve().parents[1]
        packed = packing.read(Path(wheel)) if wheel is not None else packing.pack(package, data, __version__)
        found_at, version, digest = ".", packed.version, packed.digest
        files[f"{FOLDER}/{packed.file}"] = packed.content
    own = read_text(data / "requirements.lock")
    files[LOCK] = lock(own, packing.NAME, version, digest, found_at).encode()
    files |= schema_files()
    files[SCRIPT] = wrapper(templates()["wrapper.sh.j2"], read_text(data / SCRIPT), version).encode()
    return files


def schema_files() -> Mapping[str, bytes]:
    """What the first line of a devenv.yaml names, for editors."""
    schema = json.dumps(for_editors(), ensure_ascii=False, separators=(",", ":"))
    return {SCHEMA: f"{schema}\n".encode()}


def write_wrapper(ctx: Context, folder: Path, files: Mapping[str, bytes], *, force: bool) -> list[str]:
    """Write them; returns what changed. A `dev` of the repository's own stays, unless the person says yes: then nothing
    of the wrapper is written but the schema."""
    script = folder / SCRIPT
    if script.exists() and not force and not _ours(script):
        if script.is_dir() or not ctx.ask(f"{SCRIPT} is there already, and is not devenv's. Overwrite it?"):
            ctx.ui.notice(f"`{SCRIPT}` is the repository's own and stays: no wrapper was written")
            files = {SCHEMA: files[SCHEMA]}
    elif script.is_dir():
        raise DevenvError(
            f"{script} is a folder: the wrapper cannot be written there.",
            hint="`devenv init --no-wrapper` leaves it out.",
        )
    written = []
    for path, content in files.items():
        if write_atomic(folder / path, content, 0o755 if path == SCRIPT else None):
            written.append(path)
    if LOCK in files:
        for old in (folder / FOLDER).glob("devenv_stack-*.whl"):
            if f"{FOLDER}/{old.name}" not in files:
                old.unlink()
    return written


def _ours(script: Path) -> bool:
    return script.is_file() and ours(script.read_bytes().decode("utf-8", "replace"))
