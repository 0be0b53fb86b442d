"""Lines that a person should see at `up`: what was rendered, what moved, where values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network

from devenv.app.context import Context
from devenv.app.project import Project, write_rendered
from devenv.app.values import Given
from devenv.core.allocate import overlaid
from devenv.core.judge import is_composes
from devenv.core.rendered import STATE_IGNORE_FILE
from devenv.core.selection import service_of
from devenv.model.observed import Observed, ObservedNetwork
from devenv.model.plan import CreateContainer, Plan


def tell_rendered(ctx: Context, project: Project, leave: frozenset[str] = frozenset()) -> None:
    """Write what was rendered (but the paths in `leave`) and say so; files that a person edited are kept and said."""
    changed = [path for path in write_rendered(project, leave) if path != STATE_IGNORE_FILE]
    if changed:
        ctx.ui.say(f"rendered {', '.join(changed)}")
    for line in project.notices:
        ctx.ui.notice(line)
    if project.rendered is None:
        return
    for difference in project.rendered.kept:
        if difference.path in leave:
            continue
        if difference.state == "newer":
            ctx.ui.notice(f"{difference.path} was made by a newer devenv and is left as it is: upgrade this one")
        else:
            ctx.ui.notice(f"{difference.path} was edited by hand and is kept (`devenv render --force` overwrites it):")
            ctx.ui.notice(difference.diff.rstrip("\n"))
    if project.rendered.copies:
        from devenv.app import basefiles

        for item in basefiles.stale(project.folder, project.rendered.copies):
            ctx.ui.notice(f"{item.path} was edited by hand and is kept (`devenv render --force` overwrites it)")


def moved_ports(project: Project, values: Mapping[str, str], known: Given) -> Iterator[str]:
    """A line for each port that is not where it is usually, the first time it moves."""
    for variable in project.variables or ():
        value = values.get(variable.name, "")
        if variable.kind != "port" or value == str(variable.preferred) or known.said(variable.name) is not None:
            continue
        if known.kept.get(variable.name) != value:
            yield (
                f"{variable.service}: port {variable.preferred} is taken, so {variable.container_port} is published "
                f"on {value}"
            )


def sources(project: Project, known: Given, options: Mapping[str, str] | None = None) -> Iterator[str]:
    """One line that says where the values of people's own variables come from; secrets by name alone. `options`
    are those that an option of this call said, and which."""
    found: dict[str, list[str]] = {}
    for variable in project.variables or ():
        if variable.kind == "user" and known.known(variable.name) == variable.default:
            continue  # as if nobody said it
        if variable.kind in ("user", "secret") and (
            source := (options or {}).get(variable.name) or known.source(variable.name)
        ):
            found.setdefault(source, []).append(variable.name)
    if found:
        yield "; ".join(
            f"{', '.join(names)} {'comes' if len(names) == 1 else 'come'} from {source}"
            for source, names in found.items()
        )


def overlaid_networks(networks: Iterable[ObservedNetwork], routes: Sequence[IPv4Network]) -> Iterator[str]:
    """A line for each network in which addresses of a route lie that came after it: it is kept, and hides them. One
    that is meant to be a part of the host's own (macvlan, ipvlan) hides nothing."""
    for network in (each for each in networks if each.driver == "bridge"):
        for text in network.subnets:
            route = None if ":" in text else overlaid(IPv4Network(text, strict=False), routes)
            if route is not None:
                yield (
                    f"network {network.name} ({text}) and this host's route to {route} (a VPN?) overlap: the stack "
                    "cannot reach what both have; `devenv down`, then `devenv up` chooses another"
                )


REMOVE_ORPHANS = "COMPOSE_REMOVE_ORPHANS"
IGNORE_ORPHANS = "COMPOSE_IGNORE_ORPHANS"
"""Compose's variables: what `--remove-orphans` says, and that nothing is to be said of them."""


def left_to_editors(project: Project, plan: Plan) -> Iterator[str]:
    """A line where a workspace is made anew whose hooks an editor runs: nobody shall wait for them to have run."""
    said = project.devcontainer
    made = {node.step.service for node in plan.nodes if isinstance(node.step, CreateContainer)}
    if said is None or said.service not in made:
        return
    from devenv.core.devcontainer.properties import HOOKS

    hooks = [name for name in HOOKS if said.config.get(name)]
    if hooks:
        verb = "is" if len(hooks) == 1 else "are"
        yield f"{', '.join(hooks)} of {said.service} {verb} run by the editor that opens it"


def left_as_composes(project: Project, plan: Plan, observed: Observed) -> Iterator[str]:
    """A line where the workspace's container stays as Docker Compose made it, without what devcontainer.json (or
    `x-devenv`) adds to it."""
    said = project.devcontainer
    made = {node.step.service for node in plan.nodes if isinstance(node.step, CreateContainer)}
    if said is None or said.service in made:
        return
    if not any(service_of(each) == said.service and is_composes(each) for each in observed.containers):
        return
    from devenv.core.devcontainer.container import additions

    if added := additions(said):
        yield (
            f"{said.service} stays as Docker Compose made it, without {', '.join(added)}: an editor's start adds that, "
            f"and so does `devenv up --force-recreate {said.service}`"
        )


def tell_orphans(ctx: Context, plan: Plan, verb: str = "up", *, ignore: bool = False) -> None:
    """Containers of the project that no service names: said (unless a person wants to hear nothing of them, `ignore`),
    never touched unasked. `verb` can remove them."""
    if plan.orphans and not ignore:
        remedy = f"`devenv {verb} --remove-orphans` removes them"
        ctx.ui.notice(f"of no service any more: {', '.join(plan.orphans)} ({remedy})")
