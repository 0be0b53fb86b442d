"""A new kind of readiness is one file and one line: a checkout with just these two more takes it all the way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
FILE = '''\
"""`file: PATH`: a file is there."""

from typing import Any, ClassVar

from devenv.core.compose import values
from devenv.core.readiness import Command, Named, ReadyKind
from devenv.extensions.probes.exec import attempt
from devenv.model.protocols import Look, ProbeTarget
from devenv.model.stack import Ready


class FileProbe(ReadyKind):
    """Options: `path`."""

    kind = "file"
    means = "A file is there."
    example = "/run/ready"
    short = "path"
    options: ClassVar = {"path": values.text}

    def shape(self) -> dict[str, Any]:
        from devenv.core.schema.shapes import text

        return text("an absolute path", "^/")

    def command(self, value: Any, named: Named) -> Command:
        return ["test", "-e", str(value)]

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        return attempt(target, ["test", "-e", ready.options["path"]], timeout)


PROBE = FileProbe()
'''
LINE = '    "file",\n'
GOOD = "name: x\nservices:\n  a: {image: busybox, ready: {file: /run/ready}}\n  b: {image: busybox, depends_on: [a]}\n"
WALK = """\
import json, sys
from pathlib import Path

from devenv.app import compiling
from devenv.core.compose.load import load
from devenv.core.reference import manifest_reference
from devenv.core.schema import compose_schema, manifest_schema
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError
from tests.unit.extensions.probes.places import Inside, at

here = Path(sys.argv[1])
_, rendered = compiling.compile_manifest(here / "devenv.yaml", "devenv.yaml", here, {})
text = rendered.files[".devcontainer/compose.yaml"]
stack = load([read_yaml(text, "c.yaml")], variables={}, folder="/r", working_dir="/r", files=["c.yaml"], kinds=PROBES)
ready = stack.services["a"].ready[0]
engine = Inside()
(here / "devenv.yaml").write_text((here / "devenv.yaml").read_text().replace("/run/ready", "run"))
try:
    compiling.compile_manifest(here / "devenv.yaml", "devenv.yaml", here, {})
    said = []
except DevenvError as error:
    said = [f"{error.where.line}: {error.message}"]
print(json.dumps({
    "rendered": read_yaml(text, "c.yaml").value["services"]["a"],
    "ready": [ready.kind, dict(ready.options)],
    "look": type(PROBES[ready.kind].look(at(engine), ready, timeout=2)).__name__,
    "ran": engine.ran,
    "said": said,
    "schemas": [of(PROBES)["$defs"]["condition"]["properties"]["file"] for of in (manifest_schema, compose_schema)],
    "reference": [line for line in manifest_reference(PROBES).splitlines() if line.startswith("| `file`")],
}))
"""


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What becomes of a manifest that names the new kind, in a checkout that has it."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("devenv", "stacks", "templates"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    table = checkout / "devenv" / "extensions" / "probes" / "__init__.py"
    (table.parent / "file.py").write_text(FILE)
    text = table.read_text()
    assert text.count('    "health",\n') == 1
    table.write_text(text.replace('    "health",\n', f'    "health",\n{LINE}'))
    (checkout / "tests").symlink_to(ROOT / "tests")
    here = tmp_path_factory.mktemp("repository")
    (here / "devenv.yaml").write_text(GOOD)
    code = f"import sys; sys.path.insert(0, {str(checkout)!r})\n{WALK}"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code, str(here)], capture_output=True, text=True, timeout=120, cwd=checkout
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_it_is_rendered_with_a_healthcheck_that_says_the_same(walked: dict[str, Any]) -> None:
    assert walked["rendered"]["healthcheck"]["test"] == ["CMD", "test", "-e", "/run/ready"]
    assert walked["rendered"]["x-devenv"] == {"ready": [{"file": "/run/ready"}]}


def test_it_is_read_back_and_its_probe_looks(walked: dict[str, Any]) -> None:
    assert walked["ready"] == ["file", {"path": "/run/ready"}]
    assert (walked["look"], walked["ran"]) == ("IsReady", [["test", "-e", "/run/ready"]])


def test_it_is_in_the_schemas_the_reference_and_the_errors(walked: dict[str, Any]) -> None:
    shape = {
        "type": "string",
        "title": "an absolute path",
        "description": "A file is there.",
        "examples": ["/run/ready"],
    }
    assert all({**each, **shape} == each for each in walked["schemas"])
    assert walked["reference"] == ["| `file` | A file is there. | an absolute path | `file: /run/ready` |"]
    assert walked["said"] == ["3: `services.a.ready.file` must be an absolute path, not `run`."]
