"""Directed graphs as mappings: a node → the nodes it needs. Nothing recursive, so depth is no limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence


def find_cycle(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """One cycle as it reads, its first node again at its end (`("a", "b", "a")`), or None.

    `edges` maps a node to those it needs; names that are no key need nothing. The first cycle in the order of `edges`.
    """
    done: set[str] = set()
    for root in edges:
        if root in done:
            continue
        path: list[str] = [root]
        on_path = {root}
        todo = [iter(edges[root])]
        while todo:
            child = next(todo[-1], None)
            if child is None:
                todo.pop()
                left = path.pop()
                on_path.discard(left)
                done.add(left)
            elif child in on_path:
                return (*path[path.index(child) :], child)
            elif child not in done:
                path.append(child)
                on_path.add(child)
                todo.append(iter(edges.get(child, ())))
    return None


def toposort(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """All nodes, each after those it needs; otherwise in the order of `edges`. Raises ValueError for a cycle."""
    order: list[str] = []
    state: dict[str, bool] = {}
    """node → whether it is in `order`; one that is only begun is False."""
    for root in edges:
        if root in state:
            continue
        state[root] = False
        todo = [(root, iter(edges[root]))]
        while todo:
            node, children = todo[-1]
            child = next(children, None)
            if child is None:
                todo.pop()
                state[node] = True
                order.append(node)
            elif child not in state:
                state[child] = False
                todo.append((child, iter(edges.get(child, ()))))
            elif not state[child]:
                raise ValueError(f"a cycle through {child!r}")
    return tuple(order)


def reversed_edges(edges: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """A node → the nodes that need it."""
    back: dict[str, list[str]] = {node: [] for node in edges}
    for node, needs in edges.items():
        for need in needs:
            back.setdefault(need, []).append(node)
    return back


def reachable(edges: Mapping[str, Sequence[str]], starts: Iterable[str]) -> set[str]:
    """`starts` and everything they need, directly or not."""
    seen = set(starts)
    todo = list(seen)
    while todo:
        for need in edges.get(todo.pop(), ()):
            if need not in seen:
                seen.add(need)
                todo.append(need)
    return seen


def path_weights(edges: Mapping[str, Sequence[str]], weight: Callable[[str], float]) -> dict[str, float]:
    """For each node the weight of the heaviest path that begins with it and goes on through those that need it.

    What has the greatest one is to be started first. Raises ValueError for a cycle.
    """
    back = reversed_edges(edges)
    weights: dict[str, float] = {}
    for node in reversed(toposort(edges)):
        weights[node] = weight(node) + max((weights[n] for n in back[node]), default=0.0)
    return weights
