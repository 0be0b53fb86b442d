"""A project met with its engine: the values that fit this host, the stack with these values in it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from devenv.app import values
from devenv.app.context import Context
from devenv.app.engine import connect_engine
from devenv.app.project import Project, committed_project, locate
from devenv.app.stack import load_stack
from devenv.app.told import as_written
from devenv.core.compose import interpolate
from devenv.core.compose.normalise import as_name
from devenv.core.inputs import ComposeCreator
from devenv.core.rendered import COMPOSE_FILE, DEVCONTAINER_FILE
from devenv.core.selection import check as check_services
from devenv.core.selection import promised, standing
from devenv.host.lock import project_lock
from devenv.host.project import here
from devenv.host.proxy import container_proxies
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.observed import EngineInfo, ObservedContainer
from devenv.model.protocols import Engine
from devenv.model.stack import Stack

PROFILES = values.PROFILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`own` are the project's containers as listed, `known` where values may come from, `values` those in `stack`;
    `excepted` are the services in whose place it has a forwarder, `promised` ports that other projects' have, `scale`
    how many containers services shall have, where a person said another number than the files; `provided` are
    variables of services that providers gave."""

    ctx: Context
    project: Project
    engine: Engine
    name: str
    own: tuple[ObservedContainer, ...]
    known: values.Given
    values: Mapping[str, str]
    stack: Stack
    excepted: tuple[str, ...] = ()
    promised: frozenset[int] = frozenset()
    scale: Mapping[str, int] = field(default_factory=dict)
    provided: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def with_values(self, more: Mapping[str, str]) -> Session:
        """The same with other values of some variables, the stack loaded again where any differs."""
        if all(self.values.get(name) == value for name, value in more.items()):
            return self
        changed = {**self.values, **more}
        stack = load_stack(self.project, changed, self.name)
        found = replace(self, values=changed, stack=_with_forwarders(stack, self.excepted, self.engine.info), scale={})
        return found.scaled(self.scale).providing(self.provided)

    def scaled(self, scale: Mapping[str, int]) -> Session:
        """The same with as many containers of services as `scale` says. Raises DevenvErrors (INPUT) where that cannot
        be."""
        if not scale:
            return self
        from devenv.core.replicas import scaled

        return replace(self, stack=scaled(self.stack, scale), scale={**self.scale, **scale})

    def providing(self, variables: Mapping[str, Mapping[str, str]]) -> Session:
        """The same with `variables`, by service, over what the files say."""
        if not variables:
            return self
        from devenv.core.provided import with_variables

        return replace(self, stack=with_variables(self.stack, variables), provided=variables)

    def wants(self, variable: str) -> bool:
        """Whether a person says yes to `variable`, one of Compose's own (`COMPOSE_REMOVE_ORPHANS`, …)."""
        return (self.known.said(variable) or "").strip().lower() in ("1", "t", "true", "y", "yes")

    def naming(self, names: Iterable[str]) -> Session:
        """The same with the services `names`, though their profile is not active: who names one means it."""
        if not set(self.stack.left_out).intersection(names):
            return self
        whole = load_stack(self.project, {**self.values, PROFILES: "*"}, self.name, lenient=True)
        profiles = more_profiles(self.values, whole, names)
        changed = {**self.values, PROFILES: profiles}
        stack = load_stack(self.project, changed, self.name, lenient=True)
        return replace(self, values=changed, stack=_with_forwarders(stack, self.excepted, self.engine.info))

    def excepting(self, names: Collection[str]) -> Session:
        """The same with `names`, and no others, on the host. Raises DevenvErrors for what cannot be there (INPUT), and
        where containers have no way to this host (UNFIT)."""
        if set(names) == set(self.excepted):
            return self
        if names:
            check_services(self.stack, sorted(names))
            reachable(self.engine.info)
        return self.again(self.own, excepted=tuple(sorted(names)))

    def again(
        self, own: tuple[ObservedContainer, ...], *, excepted: tuple[str, ...] | None = None, lost: Collection[int] = ()
    ) -> Session:
        """All values chosen anew; `own`, `lost` and `excepted` (None: those of this one) as for `assemble`."""
        excepted = self.excepted if excepted is None else excepted
        profiles = {name: value for name, value in self.values.items() if name == PROFILES}
        found = assemble(
            self.ctx, self.project, self.engine, self.name, own, lost,
            excepted=excepted, promised=self.promised, more=profiles,
        )  # fmt: skip
        return found.scaled(self.scale).providing(self.provided)

    def workspace_first(self) -> Session:
        """The same with a workspace that waits for no other service."""
        name = self.stack.workspace.get("service")
        service = self.stack.services.get(str(name))
        if service is None or not service.needs:
            return self
        services = {**self.stack.services, str(name): replace(service, needs=())}
        return replace(self, stack=replace(self.stack, services=services))

    def marks(self) -> tuple[str, str] | None:
        """The labels (local folder, config file) by which editors find the container of the workspace; None where no
        devcontainer.json lies there for them to open."""
        said = self.project.devcontainer
        return (str(self.project.folder), said.file) if said is not None and Path(said.file).is_file() else None

    def creator(self) -> ComposeCreator:
        """What containers of this stack are created from, and what belongs to this host alone."""
        folder = str(self.project.folder)
        said = self.project.devcontainer
        return ComposeCreator(
            stack=self.stack,
            proxies=container_proxies(),
            devcontainer=(folder, said.file if said else f"{folder}/{DEVCONTAINER_FILE}")
            if self.stack.workspace
            else None,
            logins=_logins(self.stack),
        )


def _logins(stack: Stack) -> str:
    """What registries know this user by, where a service asks for it (`use_api_socket`)."""
    if not any(service.config.get("use_api_socket") for service in stack.services.values()):
        return ""
    from devenv.backends.docker.logins import logins

    return logins()


@contextmanager
def session(
    ctx: Context, *, locked: bool = False, project: Project | None = None, named: Sequence[str] = ()
) -> Iterator[Session]:
    """The project as its containers were made, on an engine that must run already. `locked`: alone (rule 11); `named`:
    services that are there, whether their profile is active or not."""
    engine = connect_engine(ctx, ensure=False)
    with on_engine(ctx, project or committed_project(ctx), engine, locked=locked, lenient=True) as found:
        yield found.naming(named)


@contextmanager
def labelled_session(ctx: Context, error: DevenvError) -> Iterator[Session]:
    """The project by its labels alone, where its files cannot be read because of `error`: the one that -p names, else
    the one that the containers of this folder belong to. Its stack is empty. Raises `error` where there is none."""
    folder = locate(ctx).folder
    engine = connect_engine(ctx, ensure=False)
    with ExitStack() as stack:
        stack.callback(engine.close)
        holders = engine.projects()
        mine = [name for name, some in holders.items() if str(folder) in {values.owner(c) for c in some}]
        name = ctx.project or (mine[0] if len(mine) == 1 else "")
        if name not in holders:
            raise error
        ctx.ui.error(error)
        ctx.ui.notice(f"going by what the containers of {name} say")
        stack.enter_context(project_lock(engine.info.id, name, ctx.ui.say))
        yield by_labels(ctx, engine, name, folder, holders[name])


def by_labels(
    ctx: Context, engine: Engine, name: str, folder: Path, own: tuple[ObservedContainer, ...] = ()
) -> Session:
    """The project `name` of `folder` without its files: what carries its label, and a stack that is empty."""
    file = folder / COMPOSE_FILE
    return Session(
        ctx=ctx,
        project=Project(folder=folder, working_dir=file.parent, files=(file,), documents=()),
        engine=engine,
        name=name,
        own=own,
        known=values.Given(shell={}),
        values={},
        stack=Stack(
            project=name, folder=str(folder), working_dir=str(file.parent), files=(), services={}, networks={},
            volumes={},
        ),
    )  # fmt: skip


@contextmanager
def open_session(ctx: Context, project: Project, *, ensure: bool, locked: bool) -> Iterator[Session]:
    """`project` on its engine, with every value chosen; `ensure`: the engine is started or installed first."""
    with on_engine(ctx, project, connect_engine(ctx, ensure=ensure), locked=locked) as found:
        yield found


@contextmanager
def on_engine(
    ctx: Context, project: Project, engine: Engine, *, locked: bool, lenient: bool = False, kept: bool = False
) -> Iterator[Session]:
    """`project` on `engine`, which is closed at the end. `lenient`: for verbs that make nothing (see `load_stack`);
    `kept`: ports that were chosen before stay, whoever has them now. Errors, also those of who uses it, name places in
    the manifest."""
    with ExitStack() as stack:
        stack.callback(engine.close)
        stack.enter_context(as_written(project))
        name, holders = _name(ctx, project, engine)
        tell_elsewhere(ctx, project.folder, name)
        if locked:
            while True:  # while one waits the name may have been taken by another clone
                lock = stack.enter_context(ExitStack())
                lock.enter_context(project_lock(engine.info.id, name, ctx.ui.say))
                again, holders = _name(ctx, project, engine)
                if again == name:
                    break
                lock.close()
                name = again
        yield assemble(
            ctx,
            project,
            engine,
            name,
            holders.get(name, ()),
            lenient=lenient,
            kept=kept,
            promised=promised(holders, name),
        )


def tell_elsewhere(ctx: Context, folder: Path, name: str) -> None:
    """Say what a command in no repository is about: nobody guesses that it is that of the `./dev` that was called."""
    if not (ctx.directory or ctx.files or any(place.is_relative_to(folder) for place in (Path.cwd(), here()))):
        ctx.ui.notice(f"there is no manifest here: this is about {name} in {folder}")


def _name(ctx: Context, project: Project, engine: Engine) -> tuple[str, Mapping[str, tuple[ObservedContainer, ...]]]:
    holders = engine.projects()
    known = values.given(project)
    default = default_name(project, known)
    return values.project_name(project, ctx.project, known, holders, default, engine.data_folders), holders


def default_name(project: Project, known: values.Given) -> str:
    """The project's name where nobody asks for another: the manifest's or the Compose file's, else, as Compose does
    it, the folder's."""
    if project.name:
        return project.name
    written = [document.value.get("name") for document in project.documents if isinstance(document.value, dict)]
    said = next((str(name) for name in reversed(written) if name), "")
    if project.own:  # `${DEVENV_PROJECT:-shop}`: what the file itself says, not what is set
        return interpolate.substitute(said, lambda name: None, lenient=True)
    if said:
        said = interpolate.substitute(said, known.said, lenient=True)
    return as_name(said) or said or as_name(project.folder.name) or "default"


def assemble(
    ctx: Context,
    project: Project,
    engine: Engine,
    name: str,
    own: tuple[ObservedContainer, ...],
    lost: Collection[int] = (),
    lenient: bool = False,
    excepted: tuple[str, ...] | None = None,
    kept: bool = False,
    promised: frozenset[int] = frozenset(),
    more: Mapping[str, str] = MappingProxyType({}),
) -> Session:
    """Choose or find every value, and load the stack with them. `lost` are ports that are known to be taken, `promised`
    those that forwarders of other projects lead to; `excepted` the services on the host, None for those in whose place
    a forwarder stands. `kept` as for `on_engine`; `more` are values that go over those that are found."""
    own = settled(engine, own)
    known = values.given(project, own)
    if project.own and own and not project.env_file.is_file():
        known = replace(known, labels={**values.from_containers(project, engine, own), **known.labels})
    excepted = standing(own) if excepted is None else excepted
    steady = [variable.service for variable in project.variables or ()] if kept else excepted
    found = find_values(project, known, name, own, engine.info.local, lost, steady, promised) | dict(more)
    # A forwarder stands though its profile was asked for once.
    found, stack = load_naming(project, known, found, name, excepted, lenient=lenient)
    excepted = tuple(each for each in excepted if each in stack.services)
    return Session(
        ctx=ctx,
        project=project,
        engine=engine,
        name=name,
        own=own,
        known=known,
        values=found,
        stack=_with_forwarders(stack, excepted, engine.info),
        excepted=excepted,
        promised=promised,
    )


def load_naming(
    project: Project,
    known: values.Given,
    found: Mapping[str, str],
    name: str,
    names: Iterable[str],
    *,
    lenient: bool = False,
) -> tuple[dict[str, str], Stack]:
    """The values `found`, those that `known` has for variables in files of variables, and the stack with them, the
    profiles of the services `names` active too: to name one turns its profiles on. `lenient` as for `load_stack`."""

    def load(given: Mapping[str, str]) -> Stack:
        return load_stack(project, given, name, lenient=lenient)

    found, stack = values.with_files(project, known, found, load)
    hidden = {*names}.intersection(stack.left_out)
    if not hidden:
        return found, stack
    whole = load({**found, PROFILES: "*"})
    found = {**found, PROFILES: more_profiles(found, whole, hidden)}
    return values.with_files(project, known, found, load)


def more_profiles(known: Mapping[str, str], whole: Stack, names: Iterable[str]) -> str:
    """The profiles that are active, and those of the services `names`, but no others: where all of the stack is brought
    up these may not come along. `whole` is the stack with all profiles."""
    more = {p for name in names if name in whole.services for p in whole.services[name].config.get("profiles") or ()}
    return ",".join(filter(None, (known.get(PROFILES), *sorted(more))))


def settled(engine: Engine, own: Iterable[ObservedContainer]) -> tuple[ObservedContainer, ...]:
    """`own`, those with ports of ours that do not run looked at once more: one that a killed run was starting has its
    port already, and its listing does not say so. The engine answers when the start is through."""

    def again(container: ObservedContainer) -> ObservedContainer:
        if container.running or values.PORT not in container.labels.get(labels.ENV, ""):
            return container
        try:
            return engine.inspect(container.id)
        except NotFound:
            return container

    return tuple(again(container) for container in own)


def find_values(
    project: Project,
    known: values.Given,
    name: str,
    own: tuple[ObservedContainer, ...],
    local: bool,
    lost: Collection[int] = (),
    on_host: Collection[str] = (),
    promised: Collection[int] = (),
) -> dict[str, str]:
    """A value for every variable that the files name and somebody knows one for. Where the manifest was not read it is
    not known which these are: then all that is said and kept."""
    if not project.own:
        return {**known.repository, **known.shell, "COMPOSE_PROJECT_NAME": name}
    variables = project.variables
    if variables is None:
        return {**known.labels, **known.kept, **known.repository, **known.shell, values.PROJECT: name}
    images = {v.name: value for v in variables if v.kind == "image" and (value := known.known(v.name)) is not None}
    said = values.people(variables, known)
    values.check_required(variables, said)
    profiles = known.said(PROFILES)
    return {
        **({} if profiles is None else {PROFILES: profiles}),
        **images,
        **said,
        **values.host_ids(variables, known),
        **values.choose_ports(variables, known, own, local, lost, on_host, promised),
        values.PROJECT: name,
    }


def _with_forwarders(stack: Stack, names: Collection[str], info: EngineInfo) -> Stack:
    """`stack` with the services `names` on the host."""
    if not names:
        return stack
    from devenv.app.data import forwarder
    from devenv.core.on_host import Way, excepted

    return excepted(stack, names, Way(program=forwarder(), direct=in_a_machine(info)))


def in_a_machine(info: EngineInfo) -> bool:
    """Whether the engine's host is not this one but a machine on it: Docker Desktop's, or one on macOS or Windows."""
    return info.desktop or sys.platform != "linux"


def reachable(info: EngineInfo) -> None:
    """Raise DevenvError (UNFIT) where containers have no way to a server on this host."""
    if not info.local:
        raise DevenvError(
            f"The engine is on another machine ({info.host}): its containers do not reach a service on this one.",
            hint="Run it there, or use an engine of this machine.",
            code=ExitCode.UNFIT,
        )
    if info.rootless and not in_a_machine(info):
        raise DevenvError(
            "The engine is a rootless one, whose containers do not reach what listens on this host's 127.0.0.1.",
            hint="Use an engine that runs as root for `--except`.",
            code=ExitCode.UNFIT,
        )
