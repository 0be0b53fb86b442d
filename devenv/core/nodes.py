"""Nodes of a plan under way: added in any order, changed by id, given back in one that can be walked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from devenv.core import graph
from devenv.core.selection import service_of
from devenv.model.observed import ObservedContainer
from devenv.model.plan import Node, Remove, Step, Stop


@dataclass(slots=True, kw_only=True)
class Nodes:
    """Nodes by id, collected in any order, given back in one that can be walked."""

    found: dict[str, Node] = field(default_factory=dict)

    def add(self, identity: str, step: Step, cause: str, needs: Iterable[str] = (), after: Iterable[str] = ()) -> str:
        before = tuple(dict.fromkeys(needs))
        rest = tuple(name for name in dict.fromkeys(after) if name not in before)
        self.found[identity] = Node(id=identity, step=step, cause=cause, needs=before, after=rest)
        return identity

    def __contains__(self, identity: str) -> bool:
        return identity in self.found

    def has(self, identities: Iterable[str]) -> list[str]:
        """Those of `identities` that are in the plan."""
        return [identity for identity in identities if identity in self.found]

    def later(self, identity: str, after: str) -> None:
        """Let the node `identity` wait for the end of `after`, too."""
        node = self.found[identity]
        self.found[identity] = replace(node, after=(*node.after, after))

    def ordered(self) -> tuple[Node, ...]:
        edges = {name: (*node.needs, *node.after) for name, node in self.found.items()}
        return tuple(self.found[name] for name in graph.toposort(edges))

    def discard(self, container: ObservedContainer, cause: str, after: Iterable[str] = ()) -> str:
        """Stop and remove a container that nothing of the stack stands for."""
        before = list(after)
        service, name = service_of(container), container.name
        if container.running:
            before = [self.add(f"stop:container:{name}", Stop(service=service, container=name), cause, before)]
        return self.add(f"remove:container:{name}", Remove(service=service, kind="container", name=name), cause, before)
