"""`devenv render [--check]`: the manifest as Compose and devcontainer files."""

from __future__ import annotations

from devenv.app import basefiles
from devenv.app.context import Context
from devenv.app.notices import tell_rendered
from devenv.app.project import read_project
from devenv.app.session import tell_elsewhere
from devenv.model.errors import DevenvError, ExitCode

_WORDS = {
    "missing": "not there",
    "earlier": "as an earlier one had it",
    "edited": "edited by hand",
    "gone": "no longer part of it",
}


def render(ctx: Context, *, check: bool = False, force: bool = False, devcontainer: bool = False) -> int:
    """Write the rendered files. `check`: write nothing, show what differs and end 1 where anything does.
    `force`: files that a person edited are overwritten. `devcontainer`: beside a team's own Compose file, whose
    workspace it is. Raises DevenvErrors (INPUT)."""
    project = read_project(ctx, force=force, anew=True)
    if project.rendered is None:
        if devcontainer:
            from devenv.app.beside_theirs import render_devcontainer

            return render_devcontainer(ctx, project, check=check, force=force)
        raise DevenvError(
            f"{project.files[0]} is a Compose file: it is used as it is, and nothing is rendered.",
            hint="A devcontainer.json beside it, for editors: devenv render --devcontainer",
        )
    tell_elsewhere(ctx, project.folder, project.name)
    if not check:
        tell_rendered(ctx, project)
        return ExitCode.DONE
    copies = basefiles.stale(project.folder, project.rendered.copies)
    for difference in project.rendered.differences:
        ctx.ui.print(difference.diff.rstrip("\n"))
    for item in copies:
        ctx.ui.print(f"{item.path} of the base: {_WORDS[item.state]}")
    return ExitCode.FAILED if project.rendered.differences or copies else ExitCode.DONE
