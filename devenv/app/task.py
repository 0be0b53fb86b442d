"""`devenv run TASK`: a named command of the manifest, in its service."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.app.context import Context
from devenv.app.exec import begun, inside, on_terminal, running_container, workspace_of
from devenv.app.session import Session, session
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, ExitCode


def run_task(ctx: Context, task: str | None, args: Sequence[str] = ()) -> int:
    """Run `task` with `args` behind its own words; returns the command's exit code. None: list the tasks."""
    with session(ctx) as here:
        if task is None:
            return _list(ctx, here)
        found = here.stack.tasks.get(task)
        if found is None:
            raise DevenvError(
                f"There is no task `{task}` in {here.name}.",
                hint=did_you_mean(task, here.stack.tasks, what="Tasks")
                or "Tasks stand under `tasks:` in the manifest.",
            )
        container = running_container(here, found.service)
        user, folder = workspace_of(here, found.service, container)
        command = [*found.command]
        if command[:2] == ["sh", "-c"] and args:  # behind a script its arguments are "$@" once it has a name
            command = [*command[:2], command[2] + ' "$@"', task, *args]
        else:
            command += args
        with inside(here, found.service, container) as env:
            code = here.engine.exec_attached(
                container.id, command, user=user, env=env, workdir=folder, tty=on_terminal()
            )
        return begun(here, container, folder, code)


def _list(ctx: Context, here: Session) -> int:
    tasks = here.stack.tasks.values()
    if ctx.output == "json":
        import json

        data = [
            {"name": task.name, "service": task.service, "command": list(task.command), "description": task.description}
            for task in tasks
        ]
        ctx.ui.print(json.dumps(data, indent=2))
        return ExitCode.DONE
    width = max((len(task.name) for task in tasks), default=0)
    for task in tasks:
        ctx.ui.print(f"{task.name:<{width}}  {task.description or ' '.join(task.command)} (in {task.service})")
    if not tasks:
        ctx.ui.notice("this stack has no tasks")
    return ExitCode.DONE
