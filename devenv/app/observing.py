"""What exists now, in one sweep: the engine's word, a look at what runs, and the ledgers in the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from devenv.app.beside import Begun, side_by_side
from devenv.app.digests import Digests, seed_digests
from devenv.app.lastlook import last_looks, remember
from devenv.core.selection import is_beside
from devenv.model import labels
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.observed import LedgerEntry, Observed, ObservedContainer
from devenv.model.protocols import Engine, Seeder, SeedTarget
from devenv.model.stack import Service, Stack

LOOK = 0.2
"""Seconds that a look at a running service may take (README of `status`: as looked at now)."""


def container_of(observed: Observed, service: str) -> ObservedContainer | None:
    """The container of `service`; a one-off is none, and what a recreate left under another name comes last."""
    found = [
        container
        for container in observed.containers
        if container.labels.get(labels.SERVICE) == service
        and container.labels.get(labels.ONEOFF) != "True"
        and not is_beside(container)
    ]
    return next((c for c in found if c.running), found[0] if found else None)


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
    observed = engine.observe(stack.project, names=[service.container_name for service in stack.services.values()])
    if not look:
        return observed
    running = {
        name: container
        for name in stack.services
        if (container := container_of(observed, name)) is not None and container.state == "running"
    }
    ledgers = {
        name: Begun(partial(_ledger, engine, stack.services[name], container))
        for name, container in running.items()
        if seeds and stack.services[name].seeds
    }
    ready = look_at(engine, stack, running)
    read = {name: entries for name, asked in ledgers.items() if (entries := asked.end()) is not None}
    return replace(observed, ready=ready, ledgers=read)


def look_at(engine: Engine, stack: Stack, containers: Mapping[str, ObservedContainer]) -> dict[str, bool]:
    """Whether each of `containers` (by service) can be used, as looked at now; without an answer in time the engine's
    verdict, else what the last look saw."""
    from devenv.extensions.probes import PROBES
    from devenv.run.looks import look_all

    items = {
        name: (container, stack.services[name].ready, stack.services[name].one_shot)
        for name, container in containers.items()
    }
    folder = Path(stack.folder)
    looked = look_all(engine, items, PROBES, timeout=LOOK)
    seen = {name: found for name, found in looked.items() if found is not None}
    if len(seen) < len(containers):
        seen = {**last_looks(folder, containers), **seen}
    remember(folder, containers, seen)
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
