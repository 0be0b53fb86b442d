"""The values of the variables that a Compose file names: found, or chosen for this host.

Precedence: the shell, the repository's `.env`, what an earlier `up` kept, the default.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from devenv.app.project import Project, shown
from devenv.core import allocate
from devenv.core.compose import dotenv, interpolate
from devenv.core.compose.grants import secret_names
from devenv.core.rendered import ENV_FILE, Variable
from devenv.host import facts
from devenv.host.files import read_text, write_atomic
from devenv.model import labels
from devenv.model.errors import DevenvError, raise_all
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine

PROJECT = "DEVENV_PROJECT"
PROFILES = "COMPOSE_PROFILES"
"""The variable that says which profiles are active: Compose's own, named by no file."""
PORT = "DEVENV_PORT_"
"""What the variables of ports that devenv chooses begin with."""
_WHOLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?][^${}]*)?\}")
"""A text that is one reference and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Where a variable's value may come from. `shell` is this process's environment, `repository` the `.env` at the
    repository's top, `kept` the cache that an earlier `up` wrote, `labels` what the project's containers carry."""

    shell: Mapping[str, str]
    repository: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def said(self, name: str) -> str | None:
        """What the person says now, in the shell or in the repository's `.env`."""
        return self.shell.get(name, self.repository.get(name))

    def known(self, name: str) -> str | None:
        """What is said, else what an earlier `up` kept."""
        said = self.said(name)
        return said if said is not None else self.kept.get(name, self.labels.get(name))

    def source(self, name: str) -> str:
        """Where the value of `name` comes from, in words; "" where nobody says it."""
        if name in self.shell:
            return "the shell"
        if name in self.repository:
            return ".env"
        if name in self.kept or name in self.labels:
            return f"an earlier up ({ENV_FILE})" if name in self.kept else "the containers"
        return ""


def given(project: Project, containers: Collection[ObservedContainer] = ()) -> Given:
    """Read every source. For a team's own Compose file `.env` is Compose's own, and nothing is kept."""
    shell: Mapping[str, str] = os.environ
    if not project.own and "PWD" not in shell:  # Compose has it always
        shell = {**shell, "PWD": os.getcwd()}
    if project.profiles:
        shell = {**shell, PROFILES: ",".join(project.profiles)}
    repository = _repository(project, shell)
    if not project.own:
        return Given(shell=shell, repository=repository)
    return Given(shell=shell, repository=repository, kept=_read_env(project.env_file), labels=_from_labels(containers))


def _repository(project: Project, shell: Mapping[str, str]) -> dict[str, str]:
    """What the files of `--env-file` say, the last to win, else every `.env`, the first to win."""
    found: dict[str, str] = {}
    for file in project.env_files:
        found |= dotenv.parse(read_text(file), shown(file), lookup=shell.get, earlier=found)
    if not project.env_files:
        for file in (folder / ".env" for folder in project.env_folders):
            if file.is_file():
                found = {**dotenv.parse(read_text(file), shown(file), lookup={**found, **shell}.get), **found}
    return found


def _read_env(path: Path) -> Mapping[str, str]:
    return dotenv.parse(read_text(path), str(path)) if path.is_file() else {}


def _from_labels(containers: Collection[ObservedContainer]) -> dict[str, str]:
    found: dict[str, str] = {}
    for container in containers:
        try:
            said = json.loads(container.labels.get(labels.ENV, "{}"))
        except ValueError:
            continue
        if isinstance(said, dict):
            found |= {str(name): str(value) for name, value in said.items()}
    return found


def from_containers(project: Project, engine: Engine, own: Collection[ObservedContainer]) -> dict[str, str]:
    """The values of people's variables as the project's containers were created with them, where a variable is all of
    an environment's value. Secrets are not among them: once they are lost their source is asked again."""
    hidden = secret_names([document.value for document in project.documents])
    found: dict[str, str] = {}
    for container in own:
        service = container.labels.get(labels.SERVICE, "")
        environment = dict(item.partition("=")[::2] for item in engine.inspect(container.id).config.get("Env") or ())
        for document in project.documents:
            written = ((document.value.get("services") or {}).get(service) or {}).get("environment") or {}
            for name, text in written.items() if isinstance(written, dict) else ():
                variable = _WHOLE.fullmatch(str(text))
                if variable and variable[1] not in hidden and name in environment:
                    found[variable[1]] = environment[name]
    return found


def owner(container: ObservedContainer) -> str:
    """The repository that a container's project belongs to, "" where nothing says it."""
    folder = container.labels.get(labels.FOLDER)
    if folder:
        return folder
    working_dir = container.labels.get(labels.WORKING_DIR, "")
    return working_dir.removesuffix("/.devcontainer")


def project_name(
    project: Project,
    asked: str | None,
    known: Given,
    holders: Mapping[str, Collection[ObservedContainer]],
    default: str,
    data_folders: Callable[[], Mapping[str, Collection[str]]],
) -> str:
    """The project's name on the engine. `asked` is -p, `holders` every project that has containers; `data_folders` is
    asked for the folders whose data each project holds, where containers do not settle it.

    One that devenv chooses steps aside for another folder's; one that a person or a Compose file says is refused
    where another folder that still exists holds it. Data alone hold a name that nobody says now. Raises DevenvError
    (INPUT).
    """
    folder = str(project.folder)
    folders = {name: {owner(container) for container in some} for name, some in holders.items()}
    existing = {path for some in folders.values() for path in some if path and Path(path).is_dir()}
    variable = PROJECT if project.own else "COMPOSE_PROJECT_NAME"
    said = asked or known.said(variable)
    if said or not project.own:
        name = said or default
        if folder in folders.get(name, ()) or _is_one_of(folder, folders.get(name, ())):
            return name
        others = sorted(path for path in folders.get(name, ()) if path in existing)
        if others:
            raise DevenvError(
                f"The project name `{name}` of {folder} is held by {others[0]}.",
                hint=f"Give this one another name: -p {name}-2; or take the other one down first.",
            )
        data = () if said else data_folders().get(name, ())
        others = sorted(path for path in data if Path(path).is_dir())
        if others and folder not in data and not _is_one_of(folder, data):
            raise DevenvError(
                f"The data of the project `{name}`, which {folder} is as well, belong to {others[0]}.",
                hint=f"Give this one another name: -p {name}-2; or say -p {name} to work on those data.",
            )
        return name
    kept = known.kept.get(PROJECT)
    held = kept if kept and folder in folders.get(kept, ()) else allocate.held_name(default, folder, folders)
    if held:
        return held
    data_of = data_folders()
    existing |= {path for some in data_of.values() for path in some if Path(path).is_dir()}
    if kept and folder in data_of.get(kept, ()) and not folders.get(kept, set()) & existing:
        return kept
    return allocate.project_name(default, folder, folders, existing, data_of)


def _is_one_of(folder: str, others: Collection[str]) -> bool:
    """Whether one of `others` is the same folder by another path."""
    real = os.path.realpath(folder)
    return any(path and os.path.realpath(path) == real for path in others)


def choose_ports(
    variables: Collection[Variable],
    known: Given,
    own: Collection[ObservedContainer],
    local: bool,
    lost: Collection[int] = (),
    on_host: Collection[str] = (),
    promised: Collection[int] = (),
) -> dict[str, str]:
    """A host port for every port variable. What is said is taken literally; what was kept stays unless something else
    has it; a port that our own containers listen on is not taken. `local`: the engine runs on this host. `lost` are
    ports that the engine has found taken, wherever it runs; `on_host` services whose ports a process of the person's
    has, which is as it should be, `promised` the ports of such services of other projects: theirs, also while nobody
    listens."""
    wishes, chosen = [], {}
    for variable in variables:
        if variable.kind != "port":
            continue
        said = known.said(variable.name)
        if said is not None:
            chosen[variable.name] = said
        else:
            wishes.append(
                allocate.PortWish(variable=variable.name, preferred=variable.preferred, service=variable.service)
            )
    kept = {
        wish.variable: int(value)
        for wish in wishes
        if (value := known.labels.get(wish.variable, known.kept.get(wish.variable, ""))).isdigit()
    }
    ours = {port for container in own for bound in container.ports.values() for _, port in bound}
    ours |= {kept[wish.variable] for wish in wishes if wish.service in on_host and wish.variable in kept}
    taken: set[int] = set()
    if local and any(kept.get(wish.variable) not in ours for wish in wishes):  # else all stay, whatever else is taken
        wanted = {*kept.values(), *(port for wish in wishes for port in range(wish.preferred, wish.preferred + 200))}
        taken = {*facts.taken(wanted), *promised} - ours
        if any(variable.kind == "port" and variable.protocol == "udp" for variable in variables):
            taken |= facts.taken(wanted, "udp") - ours  # one number for both protocols: easy to remember
    taken |= {int(value) for value in chosen.values() if value.isdigit()} | set(lost)
    return {
        **chosen,
        **{name: str(port) for name, port in allocate.ports(wishes, kept, taken).items()},
    }


def host_ids(variables: Collection[Variable], known: Given) -> dict[str, str]:
    """The user and group that files made in the workspace belong to: this process's own, unless others are said."""
    ids = {"uid": os.getuid, "gid": os.getgid}
    return {
        variable.name: known.said(variable.name) or str(ids[variable.kind]())
        for variable in variables
        if variable.kind in ids
    }


def people(variables: Collection[Variable], known: Given) -> dict[str, str]:
    """The values of people's own variables and of secrets, where somebody says one."""
    found = {}
    for variable in variables:
        if variable.kind in ("user", "secret") and (value := known.known(variable.name)) is not None:
            found[variable.name] = value
    return found


class Naming(Protocol):
    """What is read with values in it, and says which variables the services' files of variables name."""

    @property
    def looked_up(self) -> frozenset[str]: ...


Read = TypeVar("Read", bound=Naming)


def with_files(
    project: Project, known: Given, found: Mapping[str, str], load: Callable[[Mapping[str, str]], Read]
) -> tuple[dict[str, str], Read]:
    """The values `found`, with those that `known` has for variables in files of variables, and what `load` makes of
    them all. No manifest says which these are, and a value may name others: it is loaded until nothing is new. What a
    file says must be set is looked for before it is refused. For a team's own Compose file all is found already."""
    found = dict(found)

    def more(asked: Collection[str]) -> dict[str, str]:
        named = ((name, known.known(name)) for name in sorted({*asked} - found.keys()))
        return {name: value for name, value in named if value is not None} if project.own else {}

    while True:
        try:
            read = load(found)
        except DevenvError as error:
            new = more(dotenv.not_set(error))
            if not new:
                raise
        else:
            new = more(read.looked_up)
            if not new:
                return found, read
        found |= new


def check_required(variables: Collection[Variable], found: Mapping[str, str]) -> None:
    """Raise DevenvErrors (INPUT), all at once and at their place in the manifest, for values that nobody says."""
    raise_all(
        DevenvError(
            f"The {'secret' if variable.kind == 'secret' else 'variable'} `{variable.name}` has no value"
            + (f": {variable.why.rstrip('.')}." if variable.why else "."),
            hint=f"Set it in the shell (`export {variable.name}=…`) or in the repository's .env (`{variable.name}=…`).",
            where=variable.where,
        )
        for variable in sorted(variables, key=_place)
        if variable.required and variable.kind in ("user", "secret") and not found.get(variable.name)
    )


def _place(variable: Variable) -> tuple[int, int]:
    return (variable.where.line, variable.where.column) if variable.where else (0, 0)


def _names(project: Project) -> set[str]:
    """The variables that the rendered file names, as the compiler says it; else as the file does, with its secrets and
    all that was kept before: what is lost from there would have to be asked for again."""
    if project.variables is not None:
        return {variable.name for variable in project.variables}
    named = {item.name for document in project.documents for item in interpolate.names(document)}
    return named | secret_names([document.value for document in project.documents]) | {*_read_env(project.env_file)}


def write_env(project: Project, values: Mapping[str, str], looked_up: Collection[str] = ()) -> bool:
    """Write `.devcontainer/.env`, mode 0600: the values of the variables that the rendered file names, and of those
    that the services' files of variables do (`looked_up`). False where it says the same already."""
    file = project.env_file
    named = _names(project).union(looked_up)
    values = {name: value for name, value in values.items() if name in named}
    if file.is_file() and file.stat().st_mode & 0o777 == 0o600 and _read_env(file) == values:
        return False
    from devenv.app.data import templates
    from devenv.core.render.env import render_env

    return write_atomic(file, render_env(values, templates=templates()).encode(), 0o600)
