"""Where a repository keeps its devcontainer.json (containers.dev/implementors/spec/#devcontainerjson)."""

from __future__ import annotations

from pathlib import Path

NAMES = ("devcontainer.json", ".devcontainer.json")


def devcontainer_files(folder: Path) -> tuple[Path, ...]:
    """The devcontainer.json of the repository `folder`, absolute; several only where each has a folder of its own."""
    for path in (folder / ".devcontainer" / "devcontainer.json", folder / ".devcontainer.json"):
        if path.is_file():
            return (path,)
    return tuple(sorted((folder / ".devcontainer").glob("*/devcontainer.json")))


def repository_of(file: Path) -> Path:
    """The repository that the devcontainer.json `file` belongs to."""
    if file.name == ".devcontainer.json":
        return file.parent
    return next((parent.parent for parent in file.parents if parent.name == ".devcontainer"), file.parent)


def git_root(folder: Path) -> Path:
    """The folder that git takes for the top of the repository `folder` lies in; `folder` where there is none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
