"""What is not loaded: how long a command takes to begin is how much it imports. By names, not by time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = frozenset(
    ("docker", "h2", "jinja2", "jsonschema_rs", "pydantic", "requests", "rich", "typer", "urllib3", "watchfiles")
)
"""What devenv uses and a command with nothing to do does not."""
SLOW = frozenset(("concurrent.futures", "logging", "shutil", "subprocess", "tarfile", "tempfile"))
"""Of the standard library, the same."""
WORK = frozenset(
    (
        "devenv.app.compiling", "devenv.backends.docker.build", "devenv.backends.fake", "devenv.core.decode",
        "devenv.core.render", "devenv.core.schema", "devenv.core.template", "devenv.extensions.seeders.postgres_load",
        "devenv.host.bootstrap", "devenv.host.engine_install", "devenv.host.engine_start", "devenv.run.perform",
    )
)  # fmt: skip
"""Of devenv, what renders, builds, loads, installs and carries out."""


def loaded(code: str) -> set[str]:
    """The modules that Python has loaded after `code`."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-I", "-c", start], capture_output=True, text=True, timeout=60, check=True)
    return set(ran.stderr.split())


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """What an interpreter has loaded by itself; an installed package may add to it."""
    return loaded("")


def test_the_version_needs_next_to_nothing(bare: set[str]) -> None:
    found = loaded("from devenv.cli.main import run; run(['--version'])") - bare
    assert not found & {*LIBRARIES, *SLOW, *WORK, "json", "socket", "yaml"}
    ours = {name for name in found if name.startswith("devenv.") and name.count(".") > 1}
    assert ours == {"devenv.cli.main", "devenv.model.errors"}


@pytest.mark.parametrize("verb", ["up", "status"])
def test_a_verb_and_its_engine_are_loaded_without_what_may_not_be_needed(bare: set[str], verb: str) -> None:
    modules = (f"devenv.app.{verb}", "devenv.backends.docker.engine", "devenv.extensions.probes",
               "devenv.extensions.seeders", "devenv.host.engine", "devenv.ui.plain")  # fmt: skip
    found = loaded("import " + ", ".join(modules)) - bare
    assert not found & {*LIBRARIES, *SLOW, *WORK}
