"""`devenv uninstall`: what devenv put on this machine, listed, and taken away group by group."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from devenv.app.context import Context
from devenv.app.engine import connect_engine
from devenv.app.running import carry_out
from devenv.app.session import by_labels
from devenv.core.belongings import Belongings, Stack, belongings, listed
from devenv.core.teardown import down
from devenv.host import engine_start, packages, remains
from devenv.host.apt import Consent
from devenv.host.lock import project_lock, remove_free
from devenv.model import labels
from devenv.model.errors import Conflict, DevenvError, ExitCode
from devenv.model.protocols import Engine
from devenv.ui.text import size

_UNKNOWN = "what is on it is not known"
_THEIRS = "stacks of another user are on it"


@dataclass(slots=True, kw_only=True)
class Group:
    """What goes together, with one yes: `shown` for people, `things` for programs. `remove` does it and returns why
    something stays all the same, "" where nothing does. `kept` says why the group is not touched."""

    name: str
    shown: str
    things: tuple[str, ...]
    question: str
    remove: Callable[[Group], str]
    bytes: int = 0
    kept: str = ""
    yes: bool = False
    removed: bool = False


@dataclass(slots=True, kw_only=True)
class Found:
    """The machine as it is now. `engine` is None where none answers; `silent` says so in a sentence then."""

    ctx: Context
    engine: Engine | None = None
    silent: str = ""
    there: Belongings = field(default_factory=Belongings)
    theirs: tuple[Stack, ...] = ()
    """Stacks whose folder is another user's; they are not among those of `there`."""
    volumes: bool = False
    """Whether the data go too."""


def uninstall(ctx: Context, *, dry_run: bool = False, volumes: bool = False) -> int:
    """List what devenv put on this machine, and remove what the user says yes to. `--yes` is a yes to all but the data
    in volumes, `volumes` asks for these too; `dry_run` lists alone. Raises DevenvError (INPUT) where there is nobody to
    ask."""
    with _found(ctx, ensure=not dry_run) as found:
        groups = [group for group in _groups(found) if group.things]
        if ctx.output != "json":
            ctx.ui.print(_text(groups, found))
        if not dry_run and groups:
            _ask(ctx, groups, found, volumes)
            code = _remove(ctx, groups)
        else:
            code = ExitCode.DONE
        if ctx.output == "json":
            ctx.ui.print(json.dumps({"dry_run": dry_run, "groups": [_data(group) for group in groups]}, indent=2))
        return code


@contextmanager
def _found(ctx: Context, *, ensure: bool) -> Iterator[Found]:
    """An engine that devenv installed is started where it is stopped: what is on it must be known before it goes."""
    ours = "docker.io" in packages.recorded().installed
    try:
        engine = connect_engine(ctx, ensure=ensure and ours and engine_start.installed())
    except DevenvError as error:
        if os.environ.get("DEVENV_WORKSPACE") == "1":
            raise
        yield Found(ctx=ctx, silent=f"{error.message.rstrip('.')}: what it holds is not listed, and stays.")
        return
    try:
        if not engine.info.local:
            elsewhere = (
                f"The engine is on another machine ({engine.info.host}): what it holds is not listed, and stays."
            )
            yield Found(ctx=ctx, silent=elsewhere)
            return
        there = belongings(engine.inventory())
        theirs = tuple(stack for stack in there.stacks if not remains.is_ours(stack.folder))
        there = replace(there, stacks=tuple(stack for stack in there.stacks if stack not in theirs))
        yield Found(ctx=ctx, engine=engine, there=there, theirs=theirs)
    finally:
        engine.close()


def _groups(found: Found) -> list[Group]:
    """In the order in which they go."""
    there, here = found.there, remains.folders()
    consent = Consent.given(install=True, ask=found.ctx.ask, say=found.ctx.ui.say)
    data = tuple(volume for stack in there.stacks for volume in stack.volumes)
    going = _packages(found, keep=())
    link = remains.link()
    (caches, cached), (state, stated) = here["caches"], here["state"]
    names = listed(tuple(stack.name for stack in there.stacks))
    started = engine_start.runs_for_us()
    return [
        Group(
            name="stacks",
            things=tuple(stack.name for stack in there.stacks),
            shown="\n            ".join(_stack(stack) for stack in there.stacks),
            question=f"take down {names}?",
            remove=lambda group: _take_down(found, there.stacks, volumes=found.volumes),
        ),
        Group(
            name="theirs",
            things=tuple(stack.name for stack in found.theirs),
            shown="\n            ".join(f"{_stack(stack)}, another user's" for stack in found.theirs),
            question=f"take down {listed(tuple(stack.name for stack in found.theirs))}, of another user?",
            remove=lambda group: _take_down(found, found.theirs, volumes=False),
        ),
        Group(
            name="data",
            things=data,
            shown=listed(data),
            question=f"remove the data in {listed(data)}? Nothing brings it back.",
            remove=lambda group: "",  # with the stacks
        ),
        Group(
            name="images",
            things=there.images,
            shown=_images(there),
            bytes=there.image_bytes,
            question=f"remove {len(there.images)} images that devenv made?",
            remove=lambda group: _remove_images(found),
        ),
        Group(
            name="engine",
            things=("engine",) if started else (),
            shown="runs because devenv started it",
            question="stop the container engine?",
            remove=lambda group: "" if engine_start.stop_started() else "it does not run any more",
        ),
        Group(
            name="packages",
            things=going,
            shown=f"{_named(going)} (installed by devenv)",
            question=f"remove the {len(going)} packages that devenv installed?",
            remove=lambda group: _remove_packages(group, consent),
        ),
        Group(
            name="link",
            things=(str(link),) if link else (),
            shown=str(link),
            question=f"remove {link}?",
            remove=lambda group: _without(link),
        ),
        Group(
            name="state",
            things=(str(state),) if stated or state.is_dir() else (),
            shown=f"{state} (locks, records)",
            bytes=stated,
            question=f"remove {state}?",
            remove=lambda group: _remove_state(state),
        ),
        Group(
            name="caches",
            things=(str(caches),) if cached else (),
            shown=f"{caches} ({size(cached)}: Python packages, base systems)",
            bytes=cached,
            question=f"remove {caches}?",
            remove=lambda group: _without(caches),
        ),
    ]


def _text(groups: list[Group], found: Found) -> str:
    if not groups:
        return "\n".join(["devenv has left nothing on this machine.", *([found.silent] if found.silent else [])])
    lines = ["devenv put on this machine:", *(f"  {group.name:<9} {group.shown}" for group in groups)]
    if found.silent:
        lines += [found.silent]
    lines += ["What lies in repositories (.devcontainer, .devenv) and images from registries stay."]
    return "\n".join(lines)


def _stack(stack: Stack) -> str:
    count = len(stack.containers)
    return f"{stack.name} of {stack.folder} ({count or 'no'} container{'' if count == 1 else 's'})"


def _images(there: Belongings) -> str:
    """How many and how large; by name those that are not called devenv's."""
    named = [ref for ref in there.images if not ref.startswith((labels.IMAGE_NAMESPACE, "sha256:"))]
    return f"{len(there.images)} images that devenv made, up to {size(there.image_bytes)}" + (
        f"; of stacks {listed(named)}" if named else ""
    )


def _named(names: tuple[str, ...]) -> str:
    """Packages for people: libraries, which nobody knows by name, come last."""
    return listed(sorted(names, key=lambda name: name.startswith("lib")))


def _data(group: Group) -> dict[str, object]:
    return {
        "name": group.name, "things": list(group.things), "bytes": group.bytes, "removed": group.removed,
        "kept": group.kept,
    }  # fmt: skip


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask(ctx: Context, groups: list[Group], found: Found, volumes: bool) -> None:
    """Put the questions, each only where the answers before leave it one."""
    by_name = {group.name: group for group in groups}
    for group in groups:
        group.kept = _hindered(group, by_name, found)
        if group.kept:
            continue
        if group.name == "data":  # a yes to everything is none to this
            group.yes = volumes if ctx.yes else ctx.ui.ask(group.question)
            group.kept = "" if group.yes else "say --volumes to remove the data, too" if ctx.yes else "kept"
            found.volumes = group.yes
        elif group.name == "theirs":  # nor to this
            group.yes = not ctx.yes and ctx.ui.ask(group.question)
            group.kept = "" if group.yes else "another user's; without --yes it is asked for" if ctx.yes else "kept"
        else:
            group.yes = ctx.ask(group.question)
            group.kept = "" if group.yes else "kept"
    if not any(group.yes for group in groups):
        raise DevenvError(
            "Nothing was removed: nobody said yes.",
            hint="Answer the questions at a terminal, or say --yes for all but the data (--volumes: the data, too).",
            code=ExitCode.INPUT,
        )


def _hindered(group: Group, others: dict[str, Group], found: Found) -> str:
    stacks, data = others.get("stacks"), others.get("data")
    if group.name in ("data", "images", "engine") and stacks is not None and not stacks.yes:
        return "the stacks that need it stay"
    if group.name == "engine" and not _looked_at(found):
        return _UNKNOWN
    if group.name == "engine" and found.theirs:
        return _THEIRS
    if group.name == "engine" and found.there.others:
        return f"on it {_are(found.there.others)} not devenv's"
    if group.name == "packages":
        engine_stays = _engine_stays(found, stacks, data)
        going = _packages(found, keep=remains.ENGINE if engine_stays else ())
        if not going:
            return engine_stays or "other packages need them"
        group.things = going
        group.question = f"remove the packages {_named(going)}?"
        if engine_stays:
            found.ctx.ui.notice(f"the container engine stays: {engine_stays}")
    return ""


def _looked_at(found: Found) -> bool:
    """Whether what was listed is on the very engine that would go, not on one that DOCKER_HOST or a context names."""
    return found.engine is not None and engine_start.is_own(found.engine.info.host)


def _engine_stays(found: Found, stacks: Group | None, data: Group | None) -> str:
    """Why the packages of the engine stay, "" where nothing holds them."""
    if not _looked_at(found):
        return _UNKNOWN
    if found.theirs:  # also where they are taken down: their data stay
        return _THEIRS
    if stacks is not None and not stacks.yes:
        return "the stacks stay"
    if data is not None and not data.yes:
        return f"the data in {listed(data.things)} are on it (--volumes removes them)"
    return f"on it {_are(found.there.others)} not devenv's" if found.there.others else ""


def _are(others: tuple[str, ...]) -> str:
    return f"{' and '.join(others)} {'is' if others[0].startswith('1 ') and len(others) == 1 else 'are'}"


def _packages(found: Found, keep: tuple[str, ...]) -> tuple[str, ...]:
    return remains.removable(packages.installed(keep)) if packages.recorded().installed else ()


# --- removing ---------------------------------------------------------------------------------------------------------


def _remove(ctx: Context, groups: list[Group]) -> int:
    """What was said yes to, one group after the other. One that fails is told, and what needs it gone stays."""
    _load_what_is_needed_at_the_end()
    failed: list[str] = []
    for group in groups:
        if not group.yes:
            continue
        if failed and group.name in ("data", "images", "engine", "packages"):
            group.kept = f"the {failed[0]} could not be removed"
            continue
        if group.name != "data":
            ctx.ui.say("stopping the engine" if group.name == "engine" else f"removing the {group.name}")
        try:
            group.kept = group.remove(group)
            group.removed = not group.kept
        except DevenvError as error:
            group.kept = error.message
            failed.append(group.name)
            ctx.ui.error(error)
        if ctx.cancel.cancelled:
            return ExitCode.INTERRUPTED
    if ctx.output != "json":
        gone = [group.name for group in groups if group.removed]
        left = [f"{group.name} ({group.kept})" for group in groups if not group.removed and group.kept]
        ctx.ui.print(f"removed: {', '.join(gone) or 'nothing'}" + (f"\nleft: {'; '.join(left)}" if left else ""))
    return ExitCode.FAILED if failed else ExitCode.DONE


def _take_down(found: Found, stacks: tuple[Stack, ...], *, volumes: bool) -> str:
    assert found.engine is not None
    for stack in stacks:
        _take_one_down(found.ctx, found.engine, stack, volumes)
    return ""


def _take_one_down(ctx: Context, engine: Engine, stack: Stack, volumes: bool) -> None:
    with project_lock(engine.info.id, stack.name, ctx.ui.say):
        here = by_labels(ctx, engine, stack.name, Path(stack.folder))
        plan = down(engine.observe(stack.name), volumes=volumes)
        code, result = carry_out(here, plan, "down", quiet=True)
        if code:
            why = next((failed.message for failed in result.failed.values()), f"{stack.name} was not taken down.")
            raise DevenvError(why, hint=f"See `devenv -C {stack.folder} status`.", code=ExitCode(code))


def _remove_images(found: Found) -> str:
    """Those that stand on others first; what a container of somebody else uses stays."""
    assert found.engine is not None
    left, held = list(found.there.images), 0
    while left and len(left) != held:
        held, waiting = len(left), []
        for ref in left:
            try:
                found.engine.remove_image(ref)
            except Conflict:
                waiting.append(ref)
        left = waiting
    return f"in use: {listed(tuple(left))}" if left else ""


def _remove_packages(group: Group, consent: Consent) -> str:
    remains.remove_packages(group.things, consent)
    if "docker.io" in group.things:
        remains.remove_engine_data(consent)
    return ""


def _remove_state(folder: Path) -> str:
    if packages.recorded().installed:
        return f"{packages.record_file()} says what devenv installed and is still there"
    if remove_free(folder / "locks"):
        return "another devenv is at work"
    return _without(folder)


def _without(path: Path | None) -> str:
    if path is not None:
        remains.remove(path)
    return ""


def _load_what_is_needed_at_the_end() -> None:
    """The Python that runs this may be among what goes: what is loaded lazily is loaded while it can be."""
    import locale  # noqa: F401
    import random  # noqa: F401
    import tempfile  # noqa: F401
    import traceback  # noqa: F401

    import devenv.ui.errors  # noqa: F401
