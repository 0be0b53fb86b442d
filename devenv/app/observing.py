"""What exists now, in one sweep: the engine's word, a look at what runs, and the ledgers in the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from devenv.app.beside import Begun, side_by_side
from devenv.app.digests import Digests, seed_digests
from devenv.app.lastlook import last_looks, remember
from devenv.core.selection import TEMPORARY, is_beside, is_oneoff, number_of, service_of
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode
from devenv.model.observed import LedgerEntry, Observed, ObservedContainer
from devenv.model.protocols import Engine, Seeder, SeedTarget
from devenv.model.stack import Service, Stack

LOOK = 0.2
"""Seconds that a look at a running service may take (README of `status`: as looked at now)."""


def containers_of(containers: Iterable[ObservedContainer], service: str) -> tuple[ObservedContainer, ...]:
    """Those of `containers` that stand for `service`, by their numbers; a one-off does not, and what a recreate left
    under another name comes last."""
    mine = [c for c in containers if service_of(c) == service and not is_oneoff(c) and not is_beside(c)]
    return tuple(sorted(mine, key=lambda c: (c.name.endswith(TEMPORARY), number_of(c), c.name)))


def container_of(observed: Observed, service: str, index: int = 0) -> ObservedContainer | None:
    """The container of `service` with the number `index`; for 0 the first that runs, else the first."""
    found = containers_of(observed.containers, service)
    if index:
        return next((c for c in found if number_of(c) == index), None)
    return next((c for c in found if c.running), found[0] if found else None)


def none_of(observed: Observed, service: str, index: int) -> DevenvError:
    """What is said where `container_of` found none: which there are, where there are others."""
    numbers = [str(number_of(c)) for c in containers_of(observed.containers, service)]
    which = f" with the number {index}" if index else ""
    return DevenvError(
        f"`{service}` has no container{which}.",
        hint=f"Those that it has: {', '.join(numbers)}." if numbers else f"Bring it up first: devenv up {service}",
        code=ExitCode.FAILED,
    )


def labelled(containers: Iterable[ObservedContainer], service: str) -> dict[str, ObservedContainer]:
    """The containers of `service` as a person tells them apart: by its name, `web-1` and `web-2` where it has several
    (Compose's words). Where there is one, what is to replace it does not count."""
    mine = containers_of(containers, service)
    whole = [c for c in mine if not c.name.endswith(TEMPORARY)]
    if len(whole) > 1:
        return {f"{service}-{number_of(c)}": c for c in whole}
    first = next((c for c in mine if c.running), mine[0] if mine else None)
    return {} if first is None else {service: first}


def keyed(stack: Stack, containers: Iterable[ObservedContainer]) -> dict[str, ObservedContainer]:
    """All that stand for services of `stack`, by `Service.key`. Where one shall have a single container, that is the
    first that runs; others have their number in the key."""
    found: dict[str, ObservedContainer] = {}
    there = tuple(containers)
    for name, service in stack.services.items():
        mine = containers_of(there, name)
        first = next((c for c in mine if c.running), mine[0] if mine else None) if service.scale == 1 else None
        if first is not None:
            found[name] = first
        for container in mine:
            if container is not first:
                found.setdefault(f"{name}:{number_of(container)}", container)
    return found


class Sweep:
    """`stack` on `engine`, looked at from now on, while the caller does something else. `look`: probes and ledgers of
    what runs are asked too, all at once; `seeds`: the ledgers, and the digests of all seed files (`lenient`: of those
    that can be read)."""

    def __init__(
        self, engine: Engine, stack: Stack, *, look: bool = True, seeds: bool = True, lenient: bool = False
    ) -> None:
        self._engine = engine
        self._digests = Begun(partial(seed_digests, stack, lenient=lenient)) if seeds else None
        self._observed = Begun(partial(_observe, engine, stack, look=look, seeds=seeds))

    def wrong(self) -> tuple[DevenvError, ...]:
        """What is wrong with the seed files."""
        try:
            if self._digests is not None:
                self._digests.end()
        except DevenvErrors as error:
            return error.errors
        except DevenvError as error:
            return (error,)
        return ()

    def end(self, images: Sequence[str] = ()) -> tuple[Observed, Digests]:
        """What was seen, and which of `images` are there; the digests of the seed files."""
        asked = side_by_side([partial(self._engine.image, ref) for ref in images])
        observed = self._observed.end()
        found = {ref: image for ref, image in zip(images, asked, strict=True) if image is not None}
        return replace(observed, images=found), self._digests.end() if self._digests else {}


def sweep(
    engine: Engine, stack: Stack, *, look: bool = True, seeds: bool = True, lenient: bool = False
) -> tuple[Observed, Digests]:
    """A `Sweep` from begin to end."""
    return Sweep(engine, stack, look=look, seeds=seeds, lenient=lenient).end()


def _observe(engine: Engine, stack: Stack, *, look: bool, seeds: bool) -> Observed:
    names = [name for service in stack.services.values() for name in service.container_names]
    observed = engine.observe(stack.project, names=names)
    if not look:
        return observed
    running = {key: c for key, c in keyed(stack, observed.containers).items() if c.state == "running"}
    ledgers: dict[str, Begun[Mapping[str, LedgerEntry] | None]] = {}
    for container in running.values():
        service = stack.services[service_of(container)]
        if seeds and service.seeds and service.name not in ledgers:
            ledgers[service.name] = Begun(partial(_ledger, engine, service, container))
    ready = look_at(engine, stack, running)
    read = {name: entries for name, asked in ledgers.items() if (entries := asked.end()) is not None}
    return replace(observed, ready=ready, ledgers=read)


def look_at(engine: Engine, stack: Stack, containers: Mapping[str, ObservedContainer]) -> dict[str, bool]:
    """Whether each of `containers` (by `Service.key`) can be used, as looked at now; without an answer in time the
    engine's verdict, else what the last look saw."""
    from devenv.extensions.probes import PROBES
    from devenv.run.looks import look_all

    of = {key: stack.services[service_of(container)] for key, container in containers.items()}
    items = {key: (container, of[key].ready, of[key].one_shot) for key, container in containers.items()}
    folder = Path(stack.folder)
    looked = look_all(engine, items, PROBES, timeout=LOOK)
    seen = {name: found for name, found in looked.items() if found is not None}
    if len(seen) < len(containers):
        seen = {**last_looks(folder, containers, stack.services), **seen}
    remember(folder, containers, seen, stack.services)
    return seen


def _ledger(engine: Engine, service: Service, container: ObservedContainer) -> Mapping[str, LedgerEntry] | None:
    """The ledger in the service's data; None where it could not be asked (then the seeder looks again itself)."""
    from devenv.extensions.seeders import SEEDERS

    seeder: Seeder = SEEDERS[str(service.seeder)]
    target = SeedTarget(service=service.name, container=container.id, engine=engine, values=service.values)
    try:
        return seeder.ledger(target)
    except DevenvError:
        return None
