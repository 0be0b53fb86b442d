"""What the shell offers at a Tab: commands, options, services, tasks. Reads files, never an engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from devenv.cli.arguments import FLAGS, OUTPUTS, VALUED, Arguments, parse
from devenv.cli.verbs import ALIASES, VERBS
from devenv.model.errors import DevenvError


def complete(words: Sequence[str]) -> list[str]:
    """What may stand for the last of `words`, the words of the command line after the program's name; [] where the
    shell should offer files."""
    if words and words[0] == "--":  # what the scripts put before the words, so that none is taken for ours
        words = words[1:]
    *before, current = words or ("",)
    if before and before[-1] == "--output":
        return _fit(OUTPUTS, current)
    try:
        given = parse(before)
    except DevenvError:  # also where the last word is an option that waits for its value: a file or folder
        return []
    if not given.verb:
        return _fit((*VALUED, *FLAGS, "--help", "--version") if current.startswith("-") else (*VERBS, "help"), current)
    name = ALIASES.get(given.verb, given.verb)
    if name == "help":
        return _fit(VERBS, current) if not given.rest else []
    if name not in VERBS or (name in ("exec", "run") and _positional(given.rest)):
        return []
    if current.startswith("-"):
        return _fit((*_options(name), *VALUED, *FLAGS), current)
    return _fit(_values(VERBS[name].takes, given), current)


def _fit(offered: Iterable[str], current: str) -> list[str]:
    return sorted(word for word in dict.fromkeys(offered) if word.startswith(current))


def _positional(rest: Sequence[str]) -> bool:
    return any(not word.startswith("-") for word in rest)


def _options(verb: str) -> list[str]:
    from devenv.cli.dispatch import build

    params = [param for param in build(verb).params if not getattr(param, "hidden", False)]
    return [name for param in params for name in param.opts if name.startswith("--")] + ["--help"]


def _values(takes: str, given: Arguments) -> Iterable[str]:
    match takes:
        case "shells":
            return SCRIPTS
        case "services":
            return _names(given, ("services",)) - set(given.rest)
        case "tasks":
            return _names(given, ("tasks",)) | _names(given, ("x-devenv", "tasks"))
    return ()


def _names(given: Arguments, path: Sequence[str]) -> set[str]:
    """The keys at `path` in the project's files; none where they cannot be read: this is no place to complain."""
    from devenv.core.source import read_yaml
    from devenv.host.project import find_project

    found: set[str] = set()
    with suppress(DevenvError, OSError, ValueError):
        project = find_project(Path.cwd(), given.directory, given.files)
        rendered = project.folder / ".devcontainer" / "compose.yaml"
        files = project.compose or (() if project.manifest is None else (rendered, project.manifest))
        for file in files:
            with suppress(DevenvError, OSError, ValueError):
                value: Any = read_yaml(file.read_text(encoding="utf-8"), str(file)).value
                for key in path:
                    value = value.get(key) if isinstance(value, dict) else None
                found |= set(value) if isinstance(value, dict) else set()
    return found


# A `dev` or `./dev` may be anybody's: only one that says in its second line that it is devenv is called.
_BASH = r"""_devenv() {
  local IFS=$'\n' program=${COMP_WORDS[0]}
  case ${program##*/} in devenv) ;; *) sed -n 2p -- "$program" 2>/dev/null | grep -q '^# devenv' || return ;; esac
  COMPREPLY=($(DEVENV_NO_INSTALL=1 "$program" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o bashdefault -F _devenv devenv dev"""
_ZSH = r"""_devenv() {
  local -a found
  case ${words[1]:t} in devenv) ;; *) sed -n 2p -- "${words[1]}" 2>/dev/null | grep -q '^# devenv' || return ;; esac
  found=("${(@f)$(DEVENV_NO_INSTALL=1 "${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n ${found[1]} ]]; then compadd -a found; else _files; fi
}
compdef _devenv devenv dev ./dev"""
_FISH = r"""function __devenv_complete
  set -l words (commandline -opc)
  if test (basename -- $words[1]) != devenv
    sed -n 2p -- $words[1] 2>/dev/null | grep -q '^# devenv'; or return
  end
  env DEVENV_NO_INSTALL=1 $words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c devenv -a '(__devenv_complete)'
complete -c dev -a '(__devenv_complete)'"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
