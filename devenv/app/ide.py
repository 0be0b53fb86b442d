"""`devenv up --for-ide`: what an editor runs on the host before it opens the devcontainer.

The person must get into the editor, most of all when the stack is broken: it ends 0 as soon as the workspace runs and
the rest is ready or has failed.
"""

from __future__ import annotations

from dataclasses import replace

from devenv.app.context import Context
from devenv.app.features import Claimed
from devenv.app.observing import container_of
from devenv.app.project import Project, committed_project, read_project
from devenv.app.session import session
from devenv.app.up import Wishes, bring_up
from devenv.core.rendered import DEVCONTAINER_FILE
from devenv.model.errors import DevenvError, ExitCode


def up_for_ide(ctx: Context, wishes: Wishes) -> int:
    """As `up`, but the workspace waits for no service, a manifest that cannot be read is answered with the committed
    files, and devcontainer.json, which the editor has read already, is not rewritten."""
    project = project_to_open(ctx)
    said = project.devcontainer
    if said is not None and said.config.get("runServices"):  # what an editor starts: these, and no others
        wishes = replace(wishes, services=tuple(dict.fromkeys((*said.config["runServices"], said.service))))
    try:
        code = bring_up(ctx, project, replace(wishes, for_ide=True, leave=frozenset({DEVCONTAINER_FILE})))
    except Claimed as error:  # the editor opens the one that it made
        ctx.ui.error(error)
        return ExitCode.DONE
    if code in (ExitCode.DONE, ExitCode.INTERRUPTED):
        return code
    return ExitCode.DONE if _workspace_runs(ctx, project) else code


def project_to_open(ctx: Context) -> Project:
    """The project as its manifest says it; where that cannot be read, which is told, as its committed files do."""
    try:
        return read_project(ctx)
    except DevenvError as error:
        committed = committed_project(ctx)  # raises the same where there is no rendered file to fall back on
        ctx.ui.error(error)
        ctx.ui.notice(f"starting what {committed.files[0]} says, as it was rendered before")
        if not committed.own:
            return committed
        from devenv.core.render.readback import variables

        # Ports that are taken move, and files belong to the person, as if the manifest could be read.
        return replace(committed, variables=variables(committed.documents[0]))


def _workspace_runs(ctx: Context, project: Project) -> bool:
    try:
        with session(ctx, project=project) as here:
            service = str(here.stack.workspace.get("service", ""))
            found = container_of(here.engine.observe(here.name), service)
            return found is not None and found.state == "running"
    except DevenvError:
        return False
