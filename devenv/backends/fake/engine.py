"""`protocols.Engine` in memory. It can be told to fail, to be slow to die, or to be killed between two calls."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from devenv.backends.fake.files import Files
from devenv.backends.fake.machine import Behaviour, Machine, identity, stamp
from devenv.backends.fake.shell import Ran, run
from devenv.backends.fake.store import BUILT_IN, full, heed
from devenv.model import labels as label_names
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound, TimedOut
from devenv.model.observed import (
    EngineInfo,
    Inventory,
    Observed,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
)
from devenv.model.plan import Build
from devenv.model.protocols import Cancel, ExecResult, LogLine, Report, Trust
from devenv.model.stack import CopiedFile

_TICK = 0.005
"""Seconds between two looks of a wait; the clock itself may be a virtual one."""


class FakeEngine(Files):
    """Thread safe. `Store` says what it can be told at its making."""

    @property
    def info(self) -> EngineInfo:
        return self._info

    # What exists

    def observe(self, project: str, *, names: Sequence[str] = (), images: Sequence[str] = ()) -> Observed:
        with self._lock:
            mine = [c for c in self._containers.values() if c.labels.get(label_names.PROJECT) == project]
            held = [c for c in self._containers.values() if c not in mine and c.name in names]
            return Observed(
                engine=self.info,
                containers=tuple(sorted((self._seen(c) for c in mine), key=lambda c: c.name)),
                networks=tuple(n for n in self._networks.values() if n.labels.get(label_names.PROJECT) == project),
                volumes=tuple(v for v in self._volumes.values() if v.labels.get(label_names.PROJECT) == project),
                images={ref: found for ref in images if (found := self.image(ref)) is not None},
                held={c.name: self._seen(c) for c in held},
            )

    def projects(self) -> Mapping[str, tuple[ObservedContainer, ...]]:
        with self._lock:
            found: dict[str, tuple[ObservedContainer, ...]] = {}
            for machine in self._containers.values():
                project = machine.labels.get(label_names.PROJECT)
                if project is not None:
                    seen = machine.observed(self._clock.now(), look=False)
                    found[project] = (*found.get(project, ()), seen)
            return found

    def running(self) -> tuple[ObservedContainer, ...]:
        with self._lock:
            now = self._clock.now()
            return tuple(c.observed(now, look=False) for c in self._containers.values() if c.running(now))

    def networks(self) -> tuple[ObservedNetwork, ...]:
        with self._lock:
            return tuple(sorted(self._networks.values(), key=lambda n: n.name))

    def data_folders(self) -> Mapping[str, frozenset[str]]:
        with self._lock:
            found: dict[str, frozenset[str]] = {}
            for volume in self._volumes.values():
                project, folder = (volume.labels.get(key) for key in (label_names.PROJECT, label_names.FOLDER))
                if project is not None and folder is not None:
                    found[project] = found.get(project, frozenset()) | {folder}
            return found

    def inventory(self) -> Inventory:
        with self._lock:
            containers = sorted((self._seen(c) for c in self._containers.values()), key=lambda c: c.name)
            return Inventory(
                containers=tuple(containers),
                volumes=tuple(sorted(self._volumes.values(), key=lambda v: v.name)),
                images=tuple(sorted((replace(i, ref=ref) for ref, i in self._images.items()), key=lambda i: i.ref)),
            )

    def inspect(self, container: str) -> ObservedContainer:
        with self._lock:
            return self._seen(self._machine(container))

    def image(self, ref: str) -> ObservedImage | None:
        with self._lock:
            found = self._images.get(full(ref)) or next((i for i in self._images.values() if i.id == ref), None)
            if found is None:
                return None
            return replace(found, ref=ref)

    # Images

    def registry_has(self, ref: str, timeout: float) -> bool | None:
        digest = self.registry_digest(ref, timeout)
        return None if digest is None else digest != ""

    def registry_digest(self, ref: str, timeout: float) -> str | None:
        if self._registry is None:
            return None
        return f"sha256:{identity('image', full(ref))}" if full(ref) in self._registry else ""

    def pull(self, ref: str, *, platform: str | None = None, report: Report, cancel: Cancel) -> str:
        with self._change("pull", ref):
            heed(cancel, f"pull image {ref}")
            if self._registry is None:
                raise DevenvError(
                    f"cannot pull image {ref}: no registry answers", hint="see the network", code=ExitCode.UNFIT
                )
            if full(ref) not in self._registry:
                raise NotFound(f"cannot pull image {ref}: not found", hint="see its name", code=ExitCode.FAILED)
            report.progress(1, 1, "bytes", "Pull complete")
            made = identity("image", full(ref))
            return self._put_image(ref, {}, made, digests=(f"{full(ref).rpartition(':')[0]}@sha256:{made}",))

    def build(self, step: Build, *, trust: Trust, report: Report, cancel: Cancel) -> str:
        with self._change("build", step.ref):
            heed(cancel, f"build {step.ref}")
            self.builds.append(step)
            report.progress(1, 1, "steps", "[1/1] FROM")
            settings = repr((step.build, sorted(step.bases.items()), sorted(step.labels.items())))
            return self._put_image(
                step.ref, {**step.build.labels, **step.labels}, identity("build", step.ref, settings)
            )

    def import_image(self, ref: str, tar: Iterable[bytes], *, labels: Mapping[str, str], cancel: Cancel) -> str:
        parts = []
        for part in tar:
            heed(cancel, f"import image {ref}")
            parts.append(identity(part.hex()))
        with self._change("import_image", ref):
            return self._put_image(ref, labels, identity("import", *parts))

    def tag(self, source: str, ref: str) -> None:
        with self._change("tag", ref):
            found = self.image(source)
            if found is None:
                raise NotFound(f"cannot tag image {source}: no such image", hint="pull it", code=ExitCode.FAILED)
            self._images[full(ref)] = found

    def remove_image(self, ref: str) -> None:
        with self._change("remove_image", ref):
            found = self.image(ref)
            if found is not None:
                users = [c.name for c in self._containers.values() if c.image_id == found.id]
                if users:
                    raise Conflict(
                        f"cannot remove image {ref}: {', '.join(users)} uses it",
                        hint="remove those containers first",
                        code=ExitCode.FAILED,
                    )
                del self._images[full(ref)]

    # Networks and volumes

    def create_network(
        self, name: str, config: Mapping[str, Any], labels: Mapping[str, str], *, avoid: Sequence[IPv4Network] = ()
    ) -> str:
        with self._change("create_network", name):
            same = self._networks.get(name)
            if same is not None:
                if same.labels.get(label_names.PROJECT) == labels.get(label_names.PROJECT):
                    return same.id
                raise Conflict(
                    f"cannot create network {name}: a network of that name is there already",
                    hint="remove it or use another name",
                    code=ExitCode.FAILED,
                )
            ranges = (config.get("ipam") or {}).get("config") or [{"subnet": f"172.{30 + len(self._networks)}.0.0/16"}]
            self._networks[name] = ObservedNetwork(
                id=self._new_id("network", name),
                name=name,
                driver=config.get("driver") or "bridge",
                labels=dict(labels),
                subnets=tuple(r["subnet"] for r in ranges if r.get("subnet")),
            )
            return self._networks[name].id

    def connect_network(self, container: str, network: str, config: Mapping[str, Any]) -> None:
        with self._change("connect_network", container):
            self._attach(self._machine(container), network)

    def remove_network(self, name: str) -> None:
        with self._change("remove_network", name):
            now = self._clock.now()
            if any(name in c.networks and c.running(now) for c in self._containers.values()):
                raise Conflict(
                    f"cannot remove network {name}: it has active endpoints",
                    hint="stop the containers in it",
                    code=ExitCode.FAILED,
                )
            self._networks.pop(name, None)

    def create_volume(self, name: str, config: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        with self._change("create_volume", name):
            self._put_volume(name, config.get("driver") or "local", {**(config.get("labels") or {}), **labels})

    def remove_volume(self, name: str) -> None:
        with self._change("remove_volume", name):
            users = [c.name for c in self._containers.values() if name in c.volumes()]
            if users:
                raise Conflict(
                    f"cannot remove volume {name}: volume is in use by {', '.join(users)}",
                    hint="remove those containers first",
                    code=ExitCode.FAILED,
                )
            self._volumes.pop(name, None)

    # Containers

    def create_container(self, name: str, payload: Mapping[str, Any]) -> str:
        with self._change("create_container", name):
            holder = next((c for c in self._containers.values() if c.name == name), None)
            if holder is not None:
                raise Conflict(
                    f"cannot create container {name}: the name is already in use by container {holder.id}",
                    hint="rename or remove it",
                    code=ExitCode.FAILED,
                )
            ref = str(payload.get("Image", ""))
            image = self.image(ref)
            if image is None:
                raise NotFound(
                    f"cannot create container {name}: No such image: {ref}", hint="pull it", code=ExitCode.FAILED
                )
            behaviour = self.behaviours.get(ref) or self.behaviours.get(full(ref)) or Behaviour()
            if behaviour.create_error is not None:
                raise behaviour.create_error
            machine = Machine(
                id=self._new_id("container", name),
                name=name,
                image_id=image.id,
                payload=payload,
                behaviour=behaviour,
                created=self._clock.now(),
            )
            mode = (payload.get("HostConfig") or {}).get("NetworkMode") or "bridge"
            ends = (payload.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
            for network in dict.fromkeys((mode, *ends)):
                if network in BUILT_IN:
                    machine.networks[network] = (identity(network), "")
                elif ":" not in network:
                    self._attach(machine, network)
            for volume in machine.volumes():
                self._put_volume(volume, "local", {})
            self._containers[machine.id] = machine
            return machine.id

    def copy_in(self, container: str, files: Mapping[str, CopiedFile]) -> None:
        with self._change("copy_in", container):
            machine = self._machine(container)
            machine.files.update({path: content for path, (content, *_) in files.items()})
            machine.modes.update({path: mode for path, (_, mode, *_) in files.items()})

    def start(self, container: str) -> None:
        with self._change("start", container):
            machine, now = self._machine(container), self._clock.now()
            if machine.running(now):
                return
            if machine.behaviour.start_error is not None:
                raise machine.behaviour.start_error
            for network in machine.networks:
                if network not in BUILT_IN and network not in self._networks:
                    raise NotFound(
                        f"cannot start container {machine.name}: network {network} not found",
                        hint="call devenv again",
                        code=ExitCode.FAILED,
                    )
            machine.ports = self._publish(machine)
            machine.start(now)

    def wait(self, container: str, *, cancel: Cancel) -> int:
        while True:
            with self._lock:
                machine, now = self._machine(container), self._clock.now()
                if not machine.running(now) and not (machine.started is not None and machine.restarts()):
                    return machine.code
                machine.looks += 1
            if cancel.wait(_TICK):
                heed(cancel, f"wait for container {container}")

    def stop(self, container: str, timeout: int | None = None) -> None:
        with self._change("stop", container):
            machine, now = self._machine(container), self._clock.now()
            machine.settle(now)
            machine.end(now, 143)

    def rename(self, container: str, name: str) -> None:
        with self._change("rename", container):
            machine = self._machine(container)
            if any(c.name == name and c is not machine for c in self._containers.values()):
                raise Conflict(
                    f"cannot rename container {container}: the name {name} is already in use",
                    hint="rename or remove it",
                    code=ExitCode.FAILED,
                )
            machine.name = name

    def remove_container(self, container: str, *, volumes: bool = False) -> None:
        with self._change("remove_container", container):
            machine = self._find(container)
            if machine is not None:
                machine.end(self._clock.now(), 137)
                del self._containers[machine.id]

    # Inside

    def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str = "",
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        privileged: bool = False,
        stdin: Iterable[bytes] | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> ExecResult:
        what = f"run {command[0] if command else 'nothing'} in {container}"
        with self._lock:
            self._raise_failure("exec", container)
            machine = self._machine(container)
            if not machine.running(self._clock.now()):
                raise Conflict(f"cannot {what}: it is not running", hint="start it", code=ExitCode.FAILED)
        given = b"".join(stdin or ())
        heed(cancel, what)
        if machine.behaviour.exec is not None:
            answer = machine.behaviour.exec(command, given)
            ran = Ran(said=[(0, "stdout", answer.output), (0, "stderr", answer.errors)], code=answer.exit_code)
        else:
            ran = run(command, stdin=given, env={**machine.environment, **(env or {})}, files=machine.files)
        until = self._clock.monotonic() + min(ran.seconds, timeout if timeout is not None else ran.seconds)
        while self._clock.monotonic() < until and not (cancel is not None and cancel.cancelled):
            time.sleep(_TICK)
        heed(cancel, what)
        if timeout is not None and ran.seconds > timeout:
            raise TimedOut(f"cannot {what}: no end within {timeout:g} s", hint="see its log", code=ExitCode.FAILED)
        for _, stream, part in ran.said:
            if on_output is not None and part:
                on_output(stream, part)
        return ran.result

    def exec_attached(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str = "",
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        tty: bool,
    ) -> int:
        def write(stream: str, part: bytes) -> None:
            os.write(2 if stream == "stderr" and not tty else 1, part)

        return self.exec(container, command, user=user, env=env, workdir=workdir, on_output=write).exit_code

    def logs(
        self,
        container: str,
        *,
        tail: int | None = None,
        follow: bool = False,
        timestamps: bool = False,
        since: float | None = None,
        cancel: Cancel | None = None,
    ) -> Iterator[LogLine]:
        told = 0
        while True:
            with self._lock:
                machine, now = self._machine(container), self._clock.now()
                lines = [line for line in machine.lines if line[0] <= now and (since is None or line[0] >= since)]
                goes_on = follow and machine.running(now)
            if told == 0 and tail is not None:
                told = max(0, len(lines) - tail)
            for at, stream, text in lines[told:]:
                yield LogLine(container=machine.name, line=text, stream=stream, at=stamp(at) if timestamps else "")
            told = len(lines)
            if not goes_on or (cancel is not None and cancel.cancelled):
                return
            time.sleep(_TICK)

    def close(self) -> None:
        """Nothing is open."""
