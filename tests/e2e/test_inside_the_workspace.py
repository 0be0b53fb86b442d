"""In a real workspace container: `./dev` installs nothing there, and says where on the host a command is typed."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.e2e.repository import ROOT, Repository

pytestmark = pytest.mark.engine


def _checkout() -> bytes:
    """What of a checkout `./dev` needs, as a tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("dev", "requirements.lock", "devenv/__init__.py"):
            tar.add(ROOT / name, arcname=f"checkout/{name}")
    return packed.getvalue()


def test_every_command_says_where_it_is_typed_and_nothing_is_installed(running: Repository) -> None:
    workspace = running.containers()["workspace"]
    workspace.put_archive("/opt", _checkout())
    before = workspace.exec_run(["sh", "-c", "dpkg-query -W; ls -A ~ /var/lib/apt/lists"]).output
    for verb in ("status", "logs", "seed", "check", "up"):
        result = running.run("exec", "workspace", "/opt/checkout/dev", verb)
        assert result.returncode == 3
        assert result.stdout == ""
        assert result.stderr.splitlines() == [
            "devenv: This is the inside of a workspace, where ./dev installs nothing, not even its Python packages.",
            f"  Type it on the host: cd {running.folder} && ./dev {verb}",
        ]
    assert workspace.exec_run(["sh", "-c", "dpkg-query -W; ls -A ~ /var/lib/apt/lists"]).output == before
    assert running.run("exec", "db", "printenv", "DEVENV_HOST_FOLDER").returncode == 1, "only in the workspace"


def test_an_editor_sets_the_folder_too(running: Repository) -> None:
    assert '"DEVENV_HOST_FOLDER": "${localWorkspaceFolder}"' in (
        running.folder / ".devcontainer/devcontainer.json"
    ).read_text(encoding="utf-8")
