"""A team's own Compose file in a folder, with nothing of devenv's: what the tests of Compose's keys work on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devenv.model import labels
from tests.e2e.compose import compose
from tests.e2e.repository import Repository
from tests.engines import BASE

HEAD = """\
name: {name}
x-wait: &wait
  image: {image}
  init: true
  stop_grace_period: 2s
  command: [sh, -c, "echo $$HOSTNAME says so; exec sleep infinity"]
"""


class Plain(Repository):
    """A project that is one `compose.yaml`; services wait where they say `<<: *wait`."""

    def furnish(self, text: str) -> None:
        """Write the file anew: `text` behind the head."""
        self.write("compose.yaml", HEAD.format(name=self.name, image=BASE) + text)

    def compose(self, *words: str, code: int = 0) -> str:
        """The real Compose on the file; what it wrote."""
        result = compose("-f", str(self.folder / "compose.yaml"), *words)
        assert result.returncode == code, (words, result.stdout, result.stderr)
        return result.stdout + result.stderr

    def each(self) -> dict[str, Any]:
        """All containers of the project by name, also stopped ones."""
        found = self.client.containers.list(all=True, filters={"label": f"{labels.PROJECT}={self.name}"})
        return {container.name.removeprefix(f"{self.name}-"): container for container in found}

    def held(self) -> dict[str, tuple[str, str]]:
        """Name → (container's id, when it was started)."""
        return {name: (c.id, c.attrs["State"]["StartedAt"]) for name, c in self.each().items()}

    def says(self, *words: str, code: int = 0) -> str:
        """What devenv writes to standard output for `words`."""
        result = self.run(*words)
        assert result.returncode == code, (words, result.stdout, result.stderr)
        return result.stdout

    def planned(self, *words: str) -> list[str]:
        """The steps of `up --dry-run` with `words`, as "service verb object"."""
        nodes = json.loads(self.says("up", "--dry-run", "--output", "json", *words))
        return [f"{node['service']} {node['step']} {node['object']}" for node in nodes]


@contextmanager
def plain(folder: Path, name: str, text: str) -> Iterator[Plain]:
    """A project called `name` in `folder`; gone from the engine afterwards."""
    project = Plain(folder, name)
    project.furnish(text)
    try:
        yield project
    finally:
        project.clean()
