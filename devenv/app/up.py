"""`devenv up`: from the manifest to a stack that is healthy and seeded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from devenv.app import notices, proof, values
from devenv.app.building import build_first, built_before, built_first, changed_first
from devenv.app.composes import Asked
from devenv.app.contents import with_contents
from devenv.app.context import Context
from devenv.app.digests import Digests, seed_causes
from devenv.app.images import gather
from devenv.app.lastlook import remember
from devenv.app.models import with_models
from devenv.app.notices import (
    left_as_composes,
    left_to_editors,
    moved_ports,
    overlaid_networks,
    sources,
    tell_orphans,
    tell_rendered,
)
from devenv.app.observing import Sweep, keyed
from devenv.app.onhost import on_host, unreachable
from devenv.app.plantext import plan_text
from devenv.app.project import Project, read_project
from devenv.app.providers import provided
from devenv.app.running import Ending, carry_out, seeded_words
from devenv.app.session import PROFILES, Session, default_name, more_profiles, on_engine, open_session
from devenv.app.taken import refuse_taken
from devenv.core.compose.notices import unfit, unknown_to
from devenv.core.imagefacts import Images
from devenv.core.inputs import Options
from devenv.core.reconcile import reconcile
from devenv.core.seeds import SCALE
from devenv.core.selection import select, service_of
from devenv.host import facts
from devenv.host.machine import ThisHost
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode, raise_all
from devenv.model.events import Cancelled, Done, Failed, Skipped
from devenv.model.observed import Observed
from devenv.model.plan import Plan, RunCheck, WaitReady
from devenv.model.protocols import Host
from devenv.run.executor import Result

TRIES = 3
"""Plans made in one `up`: where a port is taken between the look and the start, another one is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What `up` was asked for beside bringing the stack up; names as on the command line.
    `again` are services whose seeds are loaded once more, `leave` rendered files that are not written,
    `excepted` those to be run on the host: None for those that are there already. `scaled`: a factor for generated
    rows was said. `pull` is `always`, `missing`, `never`, or "" for what the services say. `scale`: how many containers
    of a service there shall be, where not as the files say."""

    services: tuple[str, ...] = ()
    dry_run: bool = False
    for_ide: bool = False
    build: bool = False
    pull: str = ""
    no_build: bool = False
    force_recreate: bool = False
    remove_orphans: bool = False
    again: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()
    excepted: tuple[str, ...] | None = None
    scaled: bool = False
    scale: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One look and what follows from it."""

    session: Session
    images: Images
    observed: Observed
    digests: Digests
    plan: Plan
    chosen: frozenset[str]
    """The services that this call is about."""


def up(
    ctx: Context,
    *,
    services: Sequence[str] = (),
    dry_run: bool = False,
    for_ide: bool = False,
    build: bool = False,
    pull: str = "",
    no_build: bool = False,
    force_recreate: bool = False,
    remove_orphans: bool = False,
    excepted: Sequence[str] = (),
    scaled: bool = False,
    scale: Mapping[str, int] = MappingProxyType({}),
    watch: bool = False,
) -> int:
    """Bring the stack up; the exit code. `services`: these and what they need alone. `dry_run`: say the plan, change
    nothing. `for_ide`: as an editor's initializeCommand calls it (see `app.ide`). `excepted`: these are run on the host
    by the person; a forwarder stands in for each, and those of an earlier call that are not named come back. `watch`:
    then go on as `devenv watch` does, with the logs."""
    wishes = Wishes(
        services=tuple(services), dry_run=dry_run, build=build, pull=pull, no_build=no_build,
        force_recreate=force_recreate, remove_orphans=remove_orphans, for_ide=for_ide,
        excepted=None if for_ide else tuple(excepted), scaled=scaled, scale=scale,
    )  # fmt: skip
    if for_ide:
        from devenv.app.ide import up_for_ide

        return up_for_ide(ctx, wishes)
    if both := [name for name in wishes.services if name in (wishes.excepted or ())]:
        raise DevenvError(
            f"`{both[0]}` cannot be brought up and left to the host at once.",
            hint=f"Leave out the one or the other: `devenv up --except {both[0]}` brings all else up.",
        )
    project = read_project(ctx)
    if dry_run:
        return _dry_run(ctx, project, wishes)
    code = bring_up(ctx, project, wishes)
    if watch and not code:
        from devenv.app.watch import follow

        return follow(ctx, services, logs=True)
    return code


def bring_up(ctx: Context, project: Project, wishes: Wishes, verb: str = "up") -> int:
    """Write what is rendered, meet the engine, decide, carry out, say how it ended."""
    begun = time.monotonic()
    tell_rendered(ctx, project, wishes.leave)
    host = ThisHost(install=not ctx.no_install, ask=ctx.ask, say=ctx.ui.say)
    with open_session(ctx, project, ensure=True, locked=True) as session:
        session = as_wished(session, wishes)
        raise_all([*session.stack.unmakeable, *unfit(session.stack.services.values(), session.engine.info.api)])
        if session.stack.about.get("requires") or project.devcontainer is not None:
            from devenv.app.requirements import hold

            hold(session, lenient=wishes.for_ide)
        session = with_models(provided(session, wishes.services))
        chosen = select(session.stack, wishes.services).values()
        built = () if wishes.no_build else built_first(chosen, everything=wishes.build)
        if built and session.own:
            code = build_first(session, built, host=host, pull=wishes.pull, verb=verb)
            if code:
                return code
            wishes = replace(wishes, build=False)
        ports, looked = _Ports(), False
        while True:
            decided = decide(session, wishes, host)
            if not looked and built_before(decided.plan, decided.images):
                looked = True
                code = changed_first(decided.session, decided.plan, decided.images, host=host, verb=verb)
                if code and not wishes.for_ide:
                    return code
                decided = decide(session, wishes, host)
            session = decided.session
            # Later all is half done already, and a start tells it; an editor must be let in.
            if not ports.lost and not wishes.for_ide:
                refuse_taken(session, decided.plan)
            if project.own:
                values.write_env(project, session.values, session.stack.looked_up)
            for line in told(decided, scaled=wishes.scaled):
                ctx.ui.notice(line)
            tell_orphans(ctx, decided.plan, ignore=session.wants(notices.IGNORE_ORPHANS))
            ending = partial(_ending, decided, ports)
            code, result = carry_out(
                session, decided.plan, verb, host=host, ending=ending, begun=begun, named=wishes.services
            )
            _remember_ready(decided, result)
            _remember_checks(decided, result)
            if ports.elsewhere is None:
                return code
            session = ports.elsewhere


def as_wished(session: Session, wishes: Wishes) -> Session:
    """`session` with the services that are named, though their profile is not active, and with those on the host that
    shall be there. One that is there and that this call is not about (`up db`) stays."""
    named = {*wishes.services, *(wishes.excepted or ())}
    if set(session.stack.left_out) & named:
        whole = session.with_values({PROFILES: "*"})
        session = (
            whole
            if wishes.services
            else session.with_values({PROFILES: more_profiles(session.values, whole.stack, named)})
        )
    session = session.scaled(wishes.scale)
    if wishes.excepted is None or not (wishes.excepted or session.excepted):
        return session
    chosen = select(session.stack, wishes.services)
    return session.excepting({*wishes.excepted, *(name for name in session.excepted if name not in chosen)})


def decide(session: Session, wishes: Wishes, host: Host) -> Decided:
    """Images, one sweep, one plan. What is looked at takes longest, so it is begun first; images do not change it."""
    if wishes.for_ide:
        session = session.workspace_first()
    said = session.project.devcontainer
    if said is not None and (said.config.get("features") or "dockerComposeFile" not in said.config):
        from devenv.app.features import furnished

        session = furnished(session, lenient=wishes.for_ide)
    looking = Sweep(session.engine, session.stack)
    images = _images(session, wishes, host, looking)
    session = session.with_values(images.variables)
    if wishes.for_ide:
        session = session.workspace_first()
    asked = None if wishes.dry_run else Asked(session)
    session = replace(session, stack=with_contents(session.stack))
    observed, digests = looking.end(sorted({*images.use.values(), *images.under.values()}))
    plan = reconcile(
        session.stack,
        observed,
        images,
        Options(
            services=wishes.services,
            force_recreate=wishes.force_recreate,
            again=wishes.again,
            remove_orphans=wishes.remove_orphans or session.wants(notices.REMOVE_ORPHANS),
            marks=session.marks(),
            for_ide=wishes.for_ide,
        ),
        digests=digests,
        causes=seed_causes(session.stack, observed, digests),
        creator=session.creator(),
    )
    if asked is not None:
        plan = asked.plan(plan)
    whole = session.stack.checks and not wishes.services and not wishes.for_ide
    if whole and (plan.nodes or not proof.proved(session.stack)):
        from devenv.core.checks import plan_checks

        left_out = unreachable(session.stack, session.own) if session.excepted else {}
        plan = plan_checks(session.stack, before=plan, left_out=left_out)
    return Decided(
        session=session, images=images, observed=observed, digests=digests, plan=plan,
        chosen=frozenset(select(session.stack, wishes.services)),
    )  # fmt: skip


def _images(session: Session, wishes: Wishes, host: Host, looking: Sweep) -> Images:
    """The images of `session`. Files that they lack are told of together with the seeds that are not there."""
    try:
        return gather(
            session,
            services=wishes.services,
            host=host,
            pull=wishes.pull,
            build=wishes.build,
            no_build=wishes.no_build,
            lenient=wishes.for_ide,
        )
    except DevenvError as error:
        if error.code == ExitCode.INPUT and (seeds := looking.wrong()):
            raise DevenvErrors((*(error.errors if isinstance(error, DevenvErrors) else (error,)), *seeds)) from None
        raise


def told(decided: Decided, *, scaled: bool = False) -> tuple[str, ...]:
    """What a person should know before the plan is carried out."""
    session = decided.session
    return (
        *kept_name(session),
        *moved_ports(session.project, session.values, session.known),
        *sources(session.project, session.known, {SCALE: "--scale"} if scaled else None),
        *on_host(session.stack),
        *session.stack.notices,
        *unknown_to(session.stack.services.values(), session.engine.info.api),
        *left_to_editors(session.project, decided.plan),
        *left_as_composes(session.project, decided.plan, decided.observed),
        *overlaid_networks(decided.observed.networks, facts.routes() if session.engine.info.local else ()),
        *decided.plan.notices,
    )


def kept_name(session: Session) -> Iterator[str]:
    """A line where the manifest has another name by now than the project has on the engine."""
    known, default = session.known, default_name(session.project, session.known)
    said = session.ctx.project or known.said(values.PROJECT)
    if said or not session.project.own or re.fullmatch(rf"{re.escape(default)}(-[0-9a-f]{{4}})?", session.name):
        return
    data = any(not volume.external for volume in session.stack.volumes.values())
    yield (
        f"the project stays `{session.name}`, not `{default}` as the manifest says, while its containers"
        + (
            " or data are there (`devenv down --volumes` first: the data are gone then)"
            if data
            else " are there (`devenv down` first)"
        )
    )


@dataclass(slots=True)
class _Ports:
    """Ports that were taken between a look and the start of a container. `lost` are all of them since the command
    began, `left` how many more plans may be made, `elsewhere` the session with others, None where there is no use."""

    left: int = TRIES - 1
    lost: set[int] = field(default_factory=set)
    elsewhere: Session | None = None

    def moved(self, session: Session, result: Result) -> bool:
        """Whether what `result` says was taken can be had elsewhere: not where a person said the port."""
        self.elsewhere = None
        taken = {int(port) for failed in result.failed.values() if (port := failed.data.get("port_taken"))}
        if not taken or not self.left or result.cancelled or session.ctx.cancel.cancelled:
            return False
        self.left -= 1
        self.lost |= taken
        try:
            own = session.engine.projects().get(session.name, ())
        except DevenvError:  # the engine died meanwhile
            return False
        found = session.again(own, lost=self.lost)
        if all(session.values.get(name) == value for name, value in found.values.items()):
            return False
        self.elsewhere = found
        return True


def _dry_run(ctx: Context, project: Project, wishes: Wishes) -> int:
    """Print the plan; write and change nothing. Without an engine: against an empty one."""
    from devenv.app.engine import engine_or_empty

    host = ThisHost(install=False, ask=lambda question: False, say=ctx.ui.say)
    engine = engine_or_empty(ctx)
    with on_engine(ctx, project, engine, locked=False) as session:
        decided = decide(with_models(as_wished(session, wishes), look_only=True), wishes, host)
    ctx.ui.print(plan_text(ctx, decided.plan, built_before(decided.plan, decided.images)))
    return ExitCode.DONE


def _ending(decided: Decided, ports: _Ports, result: Result) -> Ending | None:
    """The addresses of the host, and what was seeded; None where another plan follows."""
    if ports.moved(decided.session, result):
        decided.session.ctx.ui.say("a port was taken meanwhile: looking again")
        return None
    stack = decided.session.stack
    missed = (Failed, Skipped, Cancelled)
    down = {n.step.service for n in decided.plan.nodes if isinstance(result.outcomes.get(n.id), missed)}
    named = decided.chosen
    there = {service_of(container) for container in decided.observed.containers if container.running}
    urls = {
        label: url
        for name, service in stack.services.items()
        if name not in down and (name in named or name in there)
        for label, url in service.urls.items()
    }
    return Ending(
        urls=urls,
        seeded=seeded_words(decided.plan, result),
        message="" if decided.plan.nodes else "nothing to do",
    )


def _remember_checks(decided: Decided, result: Result) -> None:
    """Whether the checks held, where they were to be walked."""
    ends = [result.outcomes[node.id] for node in decided.plan.nodes if isinstance(node.step, RunCheck)]
    if ends:
        whole = len(ends) == len(decided.session.stack.checks)
        proof.remember(decided.session.stack, held=whole and all(isinstance(end, Done) for end in ends))


def _remember_ready(decided: Decided, result: Result) -> None:
    """What was waited for is the last look at these containers."""
    names = {
        node.step.container
        for node in decided.plan.nodes
        if isinstance(node.step, WaitReady) and isinstance(result.outcomes.get(node.id), Done)
    }
    if not names:
        return
    session = decided.session
    try:
        observed = session.engine.observe(session.name)
    except DevenvError:  # the engine died meanwhile, which was said already
        return
    containers = keyed(session.stack, observed.containers)
    seen = {key: True for key, c in containers.items() if c.name in names}
    remember(session.project.folder, containers, seen, session.stack.services)
