"""Compose's own hashes: where Docker Compose is installed, what it says of a service is what its label must say, or its
next `up` makes the container anew.

The hash is not the same in all of its versions; ours is that of the newest. So the one that is there is asked while
the engine is looked at, and what it says is kept until it, the files or what follows from them is another.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from devenv.app.beside import Begun
from devenv.app.kept import keep, recall
from devenv.app.session import Session
from devenv.core.compose.hash import config_hash
from devenv.model import labels
from devenv.model.plan import CreateContainer, Plan
from devenv.model.stack import Stack

_FILE = ".devenv/compose.json"


class Asked:
    """The question about `session`, all values in it, put at once where containers are missing; where one is made anew,
    when that is known. An `up` that makes none never asks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        there = {container.labels.get(labels.SERVICE) for container in session.own}
        begun = any(name not in there for name in session.stack.services)
        self._begun = Begun(partial(composes_hashes, session)) if begun else None

    def plan(self, plan: Plan) -> Plan:
        """`plan` with Compose's hashes on the containers that it makes."""
        if not any(isinstance(node.step, CreateContainer) for node in plan.nodes):
            return plan
        asked = self._begun or Begun(partial(composes_hashes, self._session))
        return _labelled(self._session.stack, plan, asked.end())


def composes_hashes(session: Session) -> Mapping[str, str]:
    """What the installed Compose says of each service; {} where there is none, or none that answers in time."""
    from devenv.host import compose  # it loads what runs programs: most commands have none to run

    program = compose.find()
    if program is None:
        return {}
    project, folder = session.project, session.project.folder
    mark = _mark(session, program.mark)
    kept = recall(folder, _FILE)
    if kept.get("mark") == mark and isinstance(kept.get("hashes"), dict):
        return {str(name): str(digest) for name, digest in kept["hashes"].items()}
    if not compose.version(program):
        return {}
    found = compose.hashes(
        program,
        [str(path) for path in project.files],
        project=session.name,
        folder=str(project.working_dir),
        env={**os.environ, **session.values},
        env_files=[str(path) for path in project.env_files],
    )
    if found:
        keep(folder, _FILE, {"mark": mark, "hashes": found})
    return found


def _mark(session: Session, program: str) -> str:
    """What the answer hangs on: the program, the files, and the services as they are with this host's values in them,
    other files among them."""
    own = {name: config_hash(service.own.config) for name, service in session.stack.services.items()}
    total = hashlib.sha256(json.dumps([program, session.name, own]).encode())
    for path in session.project.files:
        try:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            total.update(b"-")
    return total.hexdigest()


def _labelled(stack: Stack, plan: Plan, theirs: Mapping[str, str]) -> Plan:
    """`plan` with the hashes `theirs` in place of ours. What joins another's namespace is hashed with that one's id,
    which nobody knows yet, and what stands in for a service is ours alone."""
    ours = {
        name: config_hash(service.config)
        for name, service in stack.services.items()
        if service.on_host is None and not service.config.get("models")  # their variables are not in the file
    }

    def of(step: CreateContainer) -> CreateContainer:
        marks = step.payload.get("Labels") or {}
        said, digest = marks.get(labels.CONFIG_HASH), theirs.get(step.service)
        if digest is None or step.joins is not None or said != ours.get(step.service) or said == digest:
            return step
        return replace(step, payload={**step.payload, "Labels": {**marks, labels.CONFIG_HASH: digest}})

    nodes = [replace(n, step=of(n.step)) if isinstance(n.step, CreateContainer) else n for n in plan.nodes]
    return replace(plan, nodes=tuple(nodes))
