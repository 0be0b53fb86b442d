"""What every verb is given: which project, how to speak, how to be stopped."""

from __future__ import annotations

from dataclasses import dataclass, field

from devenv.model.protocols import Cancel
from devenv.run.cancel import CancelToken
from devenv.ui.protocol import Ui


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`directory`, `files` and `project` are the options -C, -f and -p as given, `env_files` and `profiles` those of
    --env-file and --profile; `output` is "text" or "json".

    `verb` is the command, for sentences that say it again. `yes` answers every question, `no_install` forbids
    installing packages on this machine; a stopped engine is started all the same.
    """

    ui: Ui
    directory: str | None = None
    files: tuple[str, ...] = ()
    project: str | None = None
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    output: str = "text"
    yes: bool = False
    no_install: bool = False
    verb: str = ""
    cancel: Cancel = field(default_factory=CancelToken)

    def ask(self, question: str) -> bool:
        """Whether the user says yes: by `--yes`, else at the terminal; no where there is none."""
        return self.yes or self.ui.ask(question)
