"""What changed on the host, put into the containers of a service: also into those that come to be meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from devenv.core.selection import TEMPORARY, is_oneoff, service_of
from devenv.core.watch import Owner, Work, below, owner
from devenv.host.sending import changed
from devenv.model import labels
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Cancel, Engine

_ARGUMENTS = 64 * 1024
"""Bytes of paths that one command is given."""
_FRESH = 5.0
"""Seconds for which it is not asked again which containers run: one that went says so, one that came is behind."""
_REMOVE = 60.0
"""Seconds in which they are removed."""


@dataclass(slots=True, kw_only=True)
class Sent:
    """What was sent: the files that were copied and what was removed, by paths here; what was `spared`, by paths in the
    container, as something is mounted there; into how many containers."""

    copied: dict[str, None] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    spared: dict[str, None] = field(default_factory=dict)
    containers: int = 0


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Files for the containers of `service` in `project`. All that was ever copied is known: a container that is made
    anew meanwhile gets all of it, as it is by then."""

    engine: Engine
    project: str
    service: str
    cancel: Cancel
    _known: dict[str, str] = field(default_factory=dict)
    _todo: dict[str, str] = field(default_factory=dict)
    _clear: dict[str, None] = field(default_factory=dict)
    _current: set[str] = field(default_factory=set)
    """The containers that have all that is known but what is to do."""
    _seen: tuple[float, list[ObservedContainer]] = (0.0, [])
    """The containers that ran when last looked, and when that was."""
    _owners: dict[str, Owner] = field(default_factory=dict)

    def begin(self) -> None:
        """The containers that run now have all there is."""
        self._current = {container.id for container in self.containers()}

    def add(self, work: Work) -> None:
        """What `work` says is to be sent."""
        self._todo |= work.copies
        self._known |= work.copies
        self._clear |= work.clear

    def containers(self) -> list[ObservedContainer]:
        """The containers that run."""
        there = self.engine.projects().get(self.project, ())
        running = [
            container
            for container in there
            if service_of(container) == self.service
            and container.state == "running"
            and not is_oneoff(container)
            and labels.ON_HOST not in container.labels
            and not container.name.endswith(TEMPORARY)
        ]
        self._seen = (time.monotonic(), running)
        return running

    def behind(self) -> bool:
        """Whether a container that runs lacks something."""
        if not self._known:
            return False
        return any(container.id not in self._current for container in self.containers())

    def send(self) -> Sent:
        """Put what is to do into each container. Raises DevenvError where one does not take it: it gets all that is
        known the next time."""
        sent = Sent()
        at, running = self._seen
        if not running or time.monotonic() - at > _FRESH:
            running = self.containers()
        for container in running:
            new = container.id not in self._current
            try:
                self._put(container, self._known if new else self._todo, {} if new else self._clear, sent)
            except (NotFound, Conflict):  # it went, or stops, this moment: who comes after it gets all
                self._current.discard(container.id)
                self._seen = (0.0, [])
                continue
            except DevenvError:
                self._current.discard(container.id)
                self._todo, self._clear = {}, {}
                raise
            self._current.add(container.id)
            sent.containers += 1
        self._todo, self._clear = {}, {}
        return sent

    def _put(
        self, container: ObservedContainer, files: Mapping[str, str], clear: Mapping[str, None], sent: Sent
    ) -> None:
        there = {target: source for target, source in files.items() if os.path.lexists(source)}
        gone = [*clear, *(target for target in files if target not in there and target not in clear)]
        # What is in a volume, or in another folder of the host, never came from here.
        spared = [path for path in gone if path == "/" or any(below(mount, path) for mount in container.mounts)]
        gone = [path for path in gone if path not in spared]
        sent.spared |= dict.fromkeys(spared)
        folders = [source for source in there.values() if os.path.isdir(source) and not os.path.islink(source)]
        sent.copied |= dict.fromkeys(source for source in there.values() if source not in folders)
        if container.id in self._current:  # a new one may never have had them
            sent.removed |= dict.fromkeys(files[target] for target in gone if target in files and target not in there)
        for paths in _in_parts(gone):
            self._remove(container, paths)
        if there:
            tar = changed(there, self._owner(container))
            try:
                self.engine.put_archive(container.id, "/", tar, cancel=self.cancel)
            except (NotFound, Conflict):
                raise
            except DevenvError as error:
                raise self._not_taken(container, error) from None

    def _not_taken(self, container: ObservedContainer, error: DevenvError) -> DevenvError:
        host = self.engine.inspect(container.id).config.get("HostConfig") or {}
        if not host.get("ReadonlyRootfs"):
            return error
        return DevenvError(
            f"Nothing can be copied into `{self.service}`: its files can only be read (`read_only: true`).",
            hint="Take `read_only` out for development (compose.override.yaml), or mount the folder instead.",
            code=ExitCode.FAILED,
        )

    def _remove(self, container: ObservedContainer, paths: Sequence[str]) -> None:
        command = ["rm", "-rf", "--", *paths]
        ended = self.engine.exec(container.id, command, user="0", workdir="/", timeout=_REMOVE, cancel=self.cancel)
        if ended.exit_code in (126, 127):
            raise DevenvError(
                f"Nothing can be removed in `{self.service}`: its image has no `rm`. What is gone here is still there.",
                hint=f"Make its container anew from an image built now: devenv up --build {self.service}",
                code=ExitCode.FAILED,
            )
        if ended.exit_code:
            said = (ended.errors or ended.output).decode(errors="replace").strip().splitlines()
            raise DevenvError(
                f"`{self.service}` could not remove what is gone here: {said[0] if said else 'rm failed'}",
                hint="Is it mounted, or mounted read-only, there? Leave it out with `ignore:`.",
                code=ExitCode.FAILED,
            )

    def _owner(self, container: ObservedContainer) -> Owner:
        """The user that the container's program runs as: what it is given belongs to it."""
        known = self._owners.get(container.id)
        if known is None:
            user = str(self.engine.inspect(container.id).config.get("User") or "")
            found = owner(user)
            if found is None or ":" not in user:
                found = owner(user, self._text(container, "/etc/passwd"), self._text(container, "/etc/group"))
            if found is None:
                raise DevenvError(
                    f"`{self.service}` runs as `{user}`, whom its own /etc/passwd and /etc/group do not know.",
                    hint='Say the user by number in the service: `user: "1000:1000"`.',
                    code=ExitCode.FAILED,
                )
            known = self._owners[container.id] = found
        return known

    def _text(self, container: ObservedContainer, path: str) -> str:
        found = self.engine.read_file(container.id, path)
        return found.head.decode(errors="replace") if found else ""


def _in_parts(paths: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for path in paths:
        size += len(path.encode(errors="surrogateescape")) + 1
        if part and size > _ARGUMENTS:
            yield part
            part, size = [], len(path) + 1
        part.append(path)
    if part:
        yield part
