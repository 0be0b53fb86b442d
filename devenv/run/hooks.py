"""The hooks of a service: commands in its containers after their start and before their stop, and what is said where
one fails."""

from __future__ import annotations

from devenv.model.errors import Conflict, DevenvError, NotFound
from devenv.model.events import Done, Failed, Outcome
from devenv.model.plan import Exec, Run
from devenv.model.protocols import Cancel, Engine, Report
from devenv.run.oneshot import Lines

POST_START = "post_start"
PRE_STOP = "pre_stop"


def run_hook(engine: Engine, step: Exec, *, report: Report, cancel: Cancel) -> Outcome:
    """Run the hook of `step` to its end, its output into the log of events.

    A `post_start` that fails stops its container, as the Compose Specification says, so that the next `up` starts it
    again with its hooks; a `pre_stop` that fails leaves it running. One whose container has ended meanwhile has nothing
    to be done before a stop. Raises DevenvError where the engine fails.
    """
    lines = Lines(report)
    hook, kind = step.hook, step.which.partition(" ")[0]
    try:
        result = engine.exec(
            step.container,
            hook.command,
            user=hook.user,
            env=hook.environment,
            workdir=hook.workdir,
            privileged=hook.privileged,
            on_output=lines.feed,
            cancel=cancel,
        )
    except (NotFound, Conflict):
        if kind == PRE_STOP and not _runs(engine, step.container):
            return Done(detail="had ended before")
        raise
    lines.end()
    if result.exit_code == 0:
        return Done()
    if kind == POST_START:
        engine.stop(step.container)
    left = "its container was stopped" if kind == POST_START else "so it was not stopped"
    again = "`devenv up` again" if kind == POST_START else "do the same again"
    return Failed(
        message=f"the hook {step.which} of {step.service} ended with exit code {result.exit_code}: {left}",
        hint=f"mend what its last lines say (it ran `{' '.join(hook.command)}`), then {again}",
        log=tuple(lines.last),
        data={"exit_code": result.exit_code, "hook": step.which},
    )


def hook_ended(engine: Engine, step: Run, ended: Outcome) -> Outcome:
    """What the container for a `pre_start` hook came to, as that of the hook: `ended` speaks of the service. It is
    removed where its work is done, and kept for who wants to see what failed."""
    if isinstance(ended, Done):
        engine.remove_container(step.container, volumes=True)
    return _of_hook(step, ended) if isinstance(ended, Failed) else ended


def _of_hook(step: Run, failed: Failed) -> Failed:
    which = f"the hook pre_start {step.hook} of {step.service}"
    code = failed.data.get("exit_code")
    said = failed.message.removeprefix(f"{step.service} ")
    message = f"{which} ended with exit code {code}" if code else f"{which}: {said}"
    return Failed(
        message=f"{message}, so {step.service} was not started",
        hint=f"mend what its last lines say, then `devenv up` again; `docker logs {step.container}` shows all of them",
        log=failed.log,
        code=failed.code,
        data={**failed.data, "hook": f"pre_start {step.hook}"},
    )


def _runs(engine: Engine, container: str) -> bool:
    try:
        return engine.inspect(container).running
    except DevenvError:
        return False
