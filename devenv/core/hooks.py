"""Hooks as nodes of a plan: laid round the starts and stops that are in it already. Pure.

When each runs is Compose's (docker/compose `pkg/compose/reconcile.go`): `pre_start` once, where none of the service's
containers goes on running; `post_start` after each start; and `pre_stop` before each stop, also where a container is
replaced, where Compose forgets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devenv.core.inputs import Creator, ImageChoices
from devenv.core.judge import Verdict, Verdicts
from devenv.core.nodes import Nodes
from devenv.core.selection import service_of
from devenv.model import labels
from devenv.model.observed import Observed
from devenv.model.plan import ConnectNetwork, CopyIn, CreateContainer, Exec, Run, Start, Stop
from devenv.model.stack import Hook, Service


def before_stops(nodes: Nodes, services: Mapping[str, Service], observed: Observed) -> None:
    """Put the `pre_stop` hooks before every stop of a container that runs."""
    if not any(service.pre_stop for service in services.values()):
        return
    running = {container.name for container in observed.containers if container.state == "running"}
    for node in tuple(nodes.found.values()):
        service = services.get(node.step.service)
        if not isinstance(node.step, Stop) or service is None or node.step.container not in running:
            continue
        last: tuple[str, ...] = node.needs
        for index, hook in enumerate(service.pre_stop, 1):
            step = Exec(service=service.name, container=node.step.container, hook=hook, which=f"pre_stop {index}")
            identity = f"pre_stop:{node.id.removeprefix('stop:')}:{index}"
            last = (nodes.add(identity, step, node.cause, last, node.after if index == 1 else ()),)
        if service.pre_stop:
            nodes.found[node.id] = replace(node, needs=(*node.needs, *(one for one in last if one not in node.needs)))


def after_starts(nodes: Nodes, verdicts: Verdicts) -> None:
    """Put the `post_start` hooks behind every start: who waits for that waits for them."""
    for verdict in _each(verdicts):
        service, key = verdict.service, verdict.service.key
        if not service.post_start or not nodes.has([f"start:{key}", f"run:{key}"]):
            continue
        container = verdict.container
        if f"run:{key}" in nodes:
            # One that is meant to end is started first, and followed to its end once its hooks are through.
            run = nodes.found[f"run:{key}"]
            begun = Start(service=service.name, container=container)
            nodes.add(f"start:{key}", begun, run.cause, run.needs, run.after)
            last = _execs(nodes, service, f"start:{key}", container, service.post_start)
            nodes.found[run.id] = replace(run, needs=(last,), after=())
            continue
        waiting = [node for node in nodes.found.values() if f"start:{key}" in (*node.needs, *node.after)]
        last = _execs(nodes, service, f"start:{key}", container, service.post_start)
        for node in waiting:
            nodes.found[node.id] = replace(
                node,
                needs=tuple(last if one == f"start:{key}" else one for one in node.needs),
                after=tuple(last if one == f"start:{key}" else one for one in node.after),
            )


def _execs(nodes: Nodes, service: Service, begun: str, container: str, hooks: Iterable[Hook]) -> str:
    last = begun
    for index, hook in enumerate(hooks, 1):
        step = Exec(service=service.name, container=container, hook=hook, which=f"post_start {index}")
        last = nodes.add(f"post_start:{service.key}:{index}", step, "started", [last])
    return last


def before_starts(nodes: Nodes, verdicts: Verdicts, observed: Observed, images: ImageChoices, creator: Creator) -> None:
    """Put the containers of `pre_start` hooks, one after the other, before the first start of their services; take away
    those that an earlier run left, whether it failed or was killed."""
    for name, each in verdicts.items():
        left = [c for c in observed.containers if labels.HOOK in c.labels and service_of(c) == name]
        gone = {c.name: nodes.discard(c, "left by an earlier start") for c in left}
        starts = [
            verdict for verdict in each if nodes.has([f"start:{verdict.service.key}", f"run:{verdict.service.key}"])
        ]
        stays = any(v.action == "keep" and v.found.current is not None and v.found.current.running for v in each)
        if not starts or stays:
            continue
        first = starts[0]
        (begun,) = nodes.has([f"start:{first.service.key}", f"run:{first.service.key}"])[:1]
        last, after = nodes.found[begun].needs, nodes.found[begun].after
        for index, hook in enumerate(first.service.pre_start):
            before = [*last, *images.after.get(image_key(name, index), images.after.get(name, ())), *gone.values()]
            ready = _runner(nodes, hook, index, first, before, after, images, creator)
            step = Run(service=name, container=hook.container_name, again=True, hook=index + 1)
            last, after = (nodes.add(f"pre_start:{name}:{index}", step, "before its start", ready),), ()
        for verdict in starts if first.service.pre_start else ():
            key = verdict.service.key
            for identity in nodes.has([f"start:{key}", f"run:{key}"])[:1]:
                node = nodes.found[identity]
                nodes.found[identity] = replace(node, needs=(*node.needs, *last))


def image_key(service: str, index: int) -> str:
    """What the image of a `pre_start` hook is called among the images that are chosen, where it has one of its own."""
    return f"{service}:pre_start:{index}"


def with_images(services: Mapping[str, Service]) -> dict[str, Service]:
    """`services`, and the `pre_start` hooks that have images of their own as if they were services (`image_key`)."""
    own = {
        image_key(name, index): replace(hook, name=image_key(name, index))
        for name, service in services.items()
        for index, hook in enumerate(service.pre_start)
        if hook.image != service.image
    }
    return {**services, **own}


def _runner(
    nodes: Nodes,
    hook: Service,
    index: int,
    first: Verdict,
    before: Iterable[str],
    after: Iterable[str],
    images: ImageChoices,
    creator: Creator,
) -> list[str]:
    """What makes the container for a hook: with the mounts of the service's first, and labels by which Compose knows it
    for what it is."""
    name, key = hook.name, image_key(hook.name, index)
    image = images.use.get(key) or images.use.get(name, hook.image)
    body = creator.payload(hook)
    marks = {label: value for label, value in (body.get("Labels") or {}).items() if label not in _NOT_A_HOOKS}
    marks |= {labels.HOOK: "pre_start", labels.HOOK_INDEX: str(index), labels.DEPENDS_ON: ""}
    host = body.get("HostConfig") or {}
    host = {**host, "VolumesFrom": [*(host.get("VolumesFrom") or ()), first.container]}
    step = CreateContainer(
        service=name,
        name=hook.container_name,
        image=image,
        payload={**body, "Image": image, "Labels": marks, "HostConfig": host},
    )
    made = [nodes.add(f"create:pre_start:{name}:{index}", step, "before its start", before, after)]
    for network, config in creator.connections(hook):
        join = ConnectNetwork(service=name, container=hook.container_name, network=network, config=config)
        made.append(nodes.add(f"connect:pre_start:{name}:{index}:{network}", join, "before its start", made[:1]))
    files = creator.copies(hook)
    if files:
        copy = CopyIn(service=name, container=hook.container_name, files=files)
        made.append(nodes.add(f"copy:pre_start:{name}:{index}", copy, "before its start", made[:1]))
    return made


_NOT_A_HOOKS = frozenset(
    (labels.CONFIG_HASH, labels.NUMBER, labels.ONEOFF, labels.CONFIG_FILES, labels.WORKING_DIR, labels.CONFIG)
)


def _each(verdicts: Verdicts) -> Iterable[Verdict]:
    return (verdict for each in verdicts.values() for verdict in each)
