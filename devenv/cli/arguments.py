"""The options that every command takes, found before the command is known (DESIGN, rule 12). Pure.

`-C`, `-f` and `-p` stand before the verb, as with git and Compose, so that `logs -f` can follow; long forms stand
anywhere. What comes after the service of `exec` or the task of `run` belongs to someone else and is not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from devenv.core.suggest import closest, did_you_mean
from devenv.model.errors import DevenvError

VALUED = ("--project-directory", "--file", "--project-name", "--env-file", "--profile", "--output")
FLAGS = ("--yes", "--no-install", "--verbose")
SHORT = {"-C": "--project-directory", "-f": "--file", "-p": "--project-name", "-y": "--yes"}
OUTPUTS = ("text", "json")

PULLS = ("always", "missing", "never")
"""What may follow `up --pull`, as in Compose; alone it is `always`."""

PASSING: dict[str, tuple[str, ...]] = {
    "exec": ("-u", "--user", "-w", "--workdir", "-e", "--env", "--index"),
    "run": (),
}
"""Verbs that pass on what stands after their first argument, and those of their options that take a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What was asked for: the verb ("" for none) and what is left for it in `rest`."""

    verb: str = ""
    rest: tuple[str, ...] = ()
    directory: str | None = None
    files: tuple[str, ...] = ()
    project: str | None = None
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    output: str = "text"
    yes: bool = False
    no_install: bool = False
    verbose: bool = False
    version: bool = False
    help: bool = False


def parse(words: Sequence[str]) -> Arguments:
    """Take the options of every command out of `words`. Raises DevenvError (INPUT) for one that is none or lacks its
    value; what the verb itself takes is not looked at."""
    reader = _Reader(list(words))
    reader.before_verb()
    reader.after_verb()
    return reader.result()


def wants_json(words: Sequence[str]) -> bool:
    """Whether `words`, which may be wrong otherwise, ask for JSON: their errors then are JSON too."""
    return "--output=json" in words or ("--output", "json") in pairwise(words)


class _Reader:
    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.verb = ""
        self.rest: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.flags: set[str] = set()

    def before_verb(self) -> None:
        while self.words:
            word = self.words.pop(0)
            if not word.startswith("-") or word == "-":
                self.verb = word
                return
            if word in ("--version", "--help", "-h"):
                self.flags.add("--help" if word == "-h" else word)
            elif word[:2] in SHORT and not word.startswith("--"):
                self.short(word)
            elif not self.long(word):
                raise DevenvError(
                    f"`{word}` is not an option that stands before the command.",
                    hint=did_you_mean(word, (*VALUED, *FLAGS, *SHORT, "--version", "--help"), what="Those are")
                    or "`devenv --help` lists them; a command's own options stand after it.",
                )

    def after_verb(self) -> None:
        valued = PASSING.get(self.verb, ())
        while self.words:
            word = self.words.pop(0)
            if word == "--" or (self.verb in PASSING and not word.startswith("-")):
                self.rest += [word, *self.words]
                return
            if word == "-y":
                self.flags.add("--yes")
            elif not self.long(word):
                self.rest.append(word)
                if word in valued and self.words:
                    self.rest.append(self.words.pop(0))

    def short(self, word: str) -> None:
        name, attached = SHORT[word[:2]], word[2:]
        if name in FLAGS:
            self.flags.add(name)
            if attached:
                self.words.insert(0, f"-{attached}")
        else:
            self.value(name, word[:2], attached.removeprefix("=") or None)

    def long(self, word: str) -> bool:
        """Whether `word` is one of these options; it is taken then."""
        name, equals, value = word.partition("=")
        if name in FLAGS and not equals:
            self.flags.add(name)
        elif name in VALUED:
            self.value(name, name, value if equals else None)
        else:
            return False
        return True

    def value(self, name: str, shown: str, value: str | None) -> None:
        if value is None:
            if not self.words:
                raise DevenvError(f"`{shown}` needs a value.", hint=_NEEDS[name])
            value = self.words.pop(0)
        self.values.setdefault(name, []).append(value)

    def result(self) -> Arguments:
        output = self.values.get("--output", ["text"])[-1]
        if output not in OUTPUTS:
            near = closest(output, OUTPUTS)
            hint = f"Did you mean `{near}`?" if near else "Give text or json."
            raise DevenvError(f"`{output}` is not a form of output.", hint=hint)
        folders = self.values.get("--project-directory")
        return Arguments(
            verb=self.verb,
            rest=_with_policy(self.rest) if self.verb == "up" else tuple(self.rest),
            directory=os.path.join(*folders) if folders else None,  # each from the one before, as git has it
            files=tuple(self.values.get("--file", ())),
            project=self.values.get("--project-name", [None])[-1],
            env_files=tuple(self.values.get("--env-file", ())),
            profiles=tuple(self.values.get("--profile", ())),
            output=output,
            yes="--yes" in self.flags,
            no_install="--no-install" in self.flags,
            verbose="--verbose" in self.flags,
            version="--version" in self.flags,
            help="--help" in self.flags,
        )


def _with_policy(words: Sequence[str]) -> tuple[str, ...]:
    """`--pull never` and `--pull=never` as the option that takes a value: `--pull api` is about a service."""
    found: list[str] = []
    for word in words:
        if word in PULLS and found and found[-1] == "--pull":
            found[-1] = f"--pull-policy={word}"
        else:
            found.append(word.replace("--pull=", "--pull-policy=", 1) if word.startswith("--pull=") else word)
    return tuple(found)


_NEEDS = {
    "--project-directory": "Give the folder of the project: -C FOLDER.",
    "--file": "Give a manifest or Compose file: -f FILE.",
    "--project-name": "Give the project's name: -p NAME.",
    "--env-file": "Give a file of variables: --env-file FILE.",
    "--profile": "Give a profile's name: --profile NAME.",
    "--output": "Give text or json.",
}
