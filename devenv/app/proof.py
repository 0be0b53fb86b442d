"""Whether the manifest's checks held when they were last walked: what failed is walked again by the next `up`, also
where that has nothing else to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

from devenv.host.files import write_atomic
from devenv.model.errors import DevenvError
from devenv.model.stack import Stack

_FILE = ".devenv/checked"


def proved(stack: Stack) -> bool:
    """Whether these very checks held at the last walk."""
    try:
        return (Path(stack.folder) / _FILE).read_text(encoding="ascii") == _mark(stack)
    except (OSError, ValueError):
        return False


def remember(stack: Stack, *, held: bool) -> None:
    """Keep whether all of them held. Where nothing can be kept they are walked again."""
    file = Path(stack.folder) / _FILE
    try:
        if not held:
            file.unlink(missing_ok=True)
        elif file.parent.is_dir():
            write_atomic(file, _mark(stack).encode())
    except (OSError, DevenvError):
        return


def _mark(stack: Stack) -> str:
    steps = {name: [repr(step) for step in check.all_steps] for name, check in sorted(stack.checks.items())}
    return hashlib.sha256(repr((stack.project, steps)).encode()).hexdigest()
