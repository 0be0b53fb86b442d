"""Does one step of a plan: a method a kind of step. Each may be repeated: a run that was killed is gone through again,
and what it had half done is found and kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from devenv.core.alike import MARKS, alike
from devenv.core.compose.hash import NAMESPACES, config_hash, joined, with_engine
from devenv.model import labels
from devenv.model.errors import BuildFailed, CannotRun, Conflict, DevenvError, ExitCode, NotFound
from devenv.model.events import Done, Failed, Outcome
from devenv.model.observed import ObservedImage
from devenv.model.plan import (
    Bootstrap,
    Build,
    ConnectNetwork,
    CopyIn,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Derive,
    Exec,
    Node,
    Pull,
    Remove,
    Rename,
    Run,
    RunCheck,
    SeedData,
    Start,
    Stop,
    Tag,
    WaitReady,
)
from devenv.model.protocols import (
    Cancel,
    CheckKind,
    CheckTarget,
    Clock,
    Engine,
    Host,
    Probe,
    Report,
    Seeder,
    SeedTarget,
    Trust,
)
from devenv.run.checking import walk
from devenv.run.failure import cannot_run, failed, unheard, verdict
from devenv.run.holder import holder, protocols, taken_port
from devenv.run.hooks import hook_ended, run_hook
from devenv.run.oneshot import follow_to_end
from devenv.run.wait import wait_ready

DEAF = 5.0
"""Seconds of a stop after which one asks whether the program heard it."""


class Performer:
    """Fits `executor.Perform`; safe from several threads. `consent` answers what a seed may ask, with yes or no."""

    def __init__(
        self,
        *,
        engine: Engine,
        probes: Mapping[str, Probe],
        seeders: Mapping[str, Seeder],
        host: Host,
        clock: Clock,
        consent: Callable[[str], bool],
        checks: Mapping[str, CheckKind] | None = None,
        project: str = "",
    ) -> None:
        self._engine = engine
        self._probes = probes
        self._seeders = seeders
        self._host = host
        self._clock = clock
        self._consent = consent
        self._checks = checks or {}
        self._project = project
        self._started: dict[str, float] = {}
        self._steps: Mapping[type, Callable[[Any, Report, Cancel], Outcome]] = {
            Pull: self._pull,
            Bootstrap: self._bootstrap,
            Build: self._build,
            Derive: self._derive,
            Tag: self._tag,
            CreateNetwork: self._create_network,
            ConnectNetwork: self._connect_network,
            CreateVolume: self._create_volume,
            CreateContainer: self._create_container,
            CopyIn: self._copy_in,
            Start: self._start,
            Run: self._run,
            Exec: self._exec,
            WaitReady: self._wait_ready,
            SeedData: self._seed,
            RunCheck: self._check,
            Stop: self._stop,
            Rename: self._rename,
            Remove: self._remove,
        }

    def __call__(self, node: Node, report: Report, cancel: Cancel) -> Outcome:
        """Do `node`. Raises DevenvError where the engine, a build or a seed fails; the executor makes Failed of it."""
        return self._steps[type(node.step)](node.step, report, cancel)

    # Images

    def _pull(self, step: Pull, report: Report, cancel: Cancel) -> Outcome:
        return Done(data={"image": self._engine.pull(step.ref, platform=step.platform, report=report, cancel=cancel)})

    def _bootstrap(self, step: Bootstrap, report: Report, cancel: Cancel) -> Outcome:
        tar = self._host.bootstrap(step.suite, report=report, cancel=cancel)
        return Done(data={"image": self._engine.import_image(step.ref, tar, labels=step.labels, cancel=cancel)})

    def _build(self, step: Build, report: Report, cancel: Cancel) -> Outcome:
        trust = self._host.trust()
        if not step.trust:
            trust = Trust(proxies=trust.proxies)
        before = self._engine.image(step.ref) if labels.SOURCE in step.labels else None
        made = self._engine.build(step, trust=trust, report=report, cancel=cancel)
        return (before and self._left(step, before, made)) or Done(data={"image": made})

    def _left(self, step: Build, before: ObservedImage, made: str) -> Done | None:
        """The image `before` under its names again where the build `made` the same of other sources: who runs it goes
        on. None where it made another."""
        after = self._engine.image(made)
        if after is None or not alike(before, after):
            return None
        fits = {key: after.labels[key] for key in MARKS if key in after.labels}
        if after.id != before.id:
            try:
                for ref in dict.fromkeys((step.ref, *step.build.tags)):
                    self._engine.tag(before.id, ref)
            except NotFound:  # an engine may let go of an image as soon as it has no name, where nobody runs it
                return None
            with contextlib.suppress(DevenvError):  # it may be needed for another build by now
                self._engine.remove_image(made)
        return Done(detail="the same as before", data={"image": before.id, "fits": fits})

    def _derive(self, step: Derive, report: Report, cancel: Cancel) -> Outcome:
        from devenv.core.devcontainer import image as derived

        base = self._image(step.base, step.ref)
        marks = {
            **step.labels,
            labels.SOURCE: derived.digest(step.devcontainer, base.id),
            labels.MADE_FROM: base.id,
        }
        build = derived.build(step.devcontainer, step.base, base, step.user)
        whole = Build(service=step.service, ref=step.ref, build=build, labels=marks, drop_syntax=True)
        try:
            return self._build(whole, report, cancel)
        except BuildFailed as error:
            said = next((line for line in error.log if line.startswith(derived.NOT_INSTALLED)), "")
            if not said:
                raise
            hint = "its own words stand above; mend it, give it other options, or take it out of devcontainer.json"
            raise BuildFailed(said, hint=hint, log=error.log, where=error.where) from None

    def _image(self, ref: str, what: str) -> ObservedImage:
        """The image `ref`, for `what` is to be made of it. Raises NotFound."""
        image = self._engine.image(ref)
        if image is None:
            raise NotFound(
                f"cannot create {what}: image {ref} is not there",
                hint="it was removed meanwhile: call `devenv up` again, it makes or pulls it",
                code=ExitCode.FAILED,
            )
        return image

    def _tag(self, step: Tag, report: Report, cancel: Cancel) -> Outcome:
        self._engine.tag(step.source, step.ref)
        return Done()

    # Networks and volumes

    def _create_network(self, step: CreateNetwork, report: Report, cancel: Cancel) -> Outcome:
        avoid = self._host.routes() if self._engine.info.local else ()
        made = self._engine.create_network(step.name, step.config, step.labels, avoid=avoid)
        return Done(data={"network": made})

    def _connect_network(self, step: ConnectNetwork, report: Report, cancel: Cancel) -> Outcome:
        if step.network in self._engine.inspect(step.container).networks:
            return Done(detail="was connected")
        self._engine.connect_network(step.container, step.network, step.config)
        return Done()

    def _create_volume(self, step: CreateVolume, report: Report, cancel: Cancel) -> Outcome:
        self._engine.create_volume(step.name, step.config, step.labels)
        return Done()

    # Containers

    def _create_container(self, step: CreateContainer, report: Report, cancel: Cancel) -> Outcome:
        image = self._image(step.image, step.name)
        payload = dict(step.payload)
        if step.devcontainer is not None:
            from devenv.core.devcontainer.container import furnished

            payload = furnished(payload, step.devcontainer, image)
        marks = {**(payload.get("Labels") or {}), labels.IMAGE: image.labels.get(labels.MADE_FROM, image.id)}
        payload["Labels"] = marks
        if step.joins is not None:
            payload["HostConfig"] = self._joining(payload["HostConfig"], step.joins)
            marks[labels.CONFIG_HASH] = config_hash(with_engine(joined(step.joins, payload["HostConfig"])))
        try:
            made = self._engine.create_container(step.name, payload)
        except Conflict:
            # A run that was cut off in its create call: the engine went on and made it.
            found = self._engine.inspect(step.name)
            if found.state != "created" or any(found.labels.get(key) != value for key, value in marks.items()):
                raise
            made = found.id
        return Done(data={"container": made, "image": image.id})

    def _joining(self, host: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        """`host` with the ids of the containers whose namespaces or volumes the service of `config` is to share, as
        Compose would say them."""
        modes = {name: str(host.get(name, "")).partition("container:")[2] for name in NAMESPACES.values()}
        named: dict[str, Any] = {
            name: f"container:{self._engine.inspect(other).id}" for name, other in modes.items() if other
        }
        if volumes := config.get("volumes_from"):
            named["VolumesFrom"] = [
                item if said.startswith("container:") else self._by_id(item)
                for said, item in zip(volumes, host["VolumesFrom"], strict=True)
            ]
        return {**host, **named}

    def _by_id(self, item: str) -> str:
        name, colon, access = item.partition(":")
        return f"{self._engine.inspect(name).id}{colon}{access}"

    def _copy_in(self, step: CopyIn, report: Report, cancel: Cancel) -> Outcome:
        self._engine.copy_in(step.container, step.files)
        return Done()

    def _start(self, step: Start, report: Report, cancel: Cancel) -> Outcome:
        begun = self._clock.monotonic()
        try:
            self._engine.start(step.container)
        except CannotRun as error:
            return cannot_run(self._engine, step.service, step.container, error)
        except Conflict as error:
            port = taken_port(error.message)
            if port is None:
                raise
            return self._port_is_taken(step, port, protocols(error.message))
        self._started[step.container] = begun
        return Done()

    def _port_is_taken(self, step: Start, port: int, of: tuple[str, ...]) -> Failed:
        who = next(filter(None, (holder(self._engine, self._host, port, protocol) for protocol in of)), "")
        flags = "lunp" if of == ("udp",) else "lntp"
        return Failed(
            message=f"{step.service} cannot start: port {port} of this host is held by {who or 'something else'}",
            hint="stop that, or publish another port, then `devenv up` again"
            if who
            else f"`ss -{flags} 'sport = :{port}'` (as root) shows who holds it; stop that, or publish another port",
            data={"port_taken": port, "holder": who},
        )

    def _run(self, step: Run, report: Report, cancel: Cancel) -> Outcome:
        ended = follow_to_end(
            self._engine, step.service, step.container, again=step.again, report=report, cancel=cancel
        )
        return hook_ended(self._engine, step, ended) if step.hook else ended

    def _exec(self, step: Exec, report: Report, cancel: Cancel) -> Outcome:
        return run_hook(self._engine, step, report=report, cancel=cancel)

    def _wait_ready(self, step: WaitReady, report: Report, cancel: Cancel) -> Outcome:
        return wait_ready(
            step,
            engine=self._engine,
            probes=self._probes,
            clock=self._clock,
            report=report,
            cancel=cancel,
            started=self._started.get(step.container),
        )

    def _seed(self, step: SeedData, report: Report, cancel: Cancel) -> Outcome:
        seeder = self._seeders.get(step.seeder)
        if seeder is None:
            raise DevenvError(
                f"{step.service}: there is no seeder {step.seeder!r} for {step.seed.name}",
                hint=f"use one of: {', '.join(sorted(self._seeders))}",
                where=step.seed.where,
            )
        target = SeedTarget(service=step.service, container=step.container, engine=self._engine, values=step.values)
        try:
            result = seeder.seed(
                target, step.seed, again=step.again, consent=self._consent, report=report, cancel=cancel
            )
        except DevenvError as error:
            if cancel.cancelled or error.code == ExitCode.UNFIT:
                raise
            return self._seed_failed(step, error)
        data = {"rows": result.rows, "skipped": result.skipped, "kept": result.kept}
        if result.kept:  # no failure: all else is done, and `up` ends 1 for it (DESIGN, rule 5)
            return Done(detail="left as it is", data=data)
        if result.skipped:
            return Done(detail="loaded before", data=data)
        return Done(detail="loaded" if result.rows is None else _many(result.rows, result.unit), data=data)

    def _check(self, step: RunCheck, report: Report, cancel: Cancel) -> Outcome:
        target = CheckTarget(engine=self._engine, project=self._project, values=step.values)
        return walk(step, target=target, kinds=self._checks, clock=self._clock, report=report, cancel=cancel)

    def _seed_failed(self, step: SeedData, error: DevenvError) -> Failed:
        """In its own words, unless the server died of it or meanwhile: then in those."""
        where = f" ({error.where})" if error.where is not None and str(error.where) not in error.message else ""
        failure = Failed(message=error.message + where, hint=error.hint, code=int(error.code))
        try:
            seen = self._engine.inspect(step.container)
        except NotFound:
            return failure
        found = verdict(step.service, seen)
        if found is None:
            return failure
        return failed(
            self._engine,
            step.service,
            seen,
            Failed(message=f"{found.message}, while {step.seed.name} was loaded", hint=found.hint, data=found.data),
        )

    def _stop(self, step: Stop, report: Report, cancel: Cancel) -> Outcome:
        begun = self._clock.monotonic()
        try:
            self._engine.stop(step.container, step.timeout)
            if self._clock.monotonic() - begun > DEAF:
                return Done(detail=unheard(self._engine.inspect(step.container)))
        except NotFound:
            return Done(detail="was gone")
        return Done()

    def _rename(self, step: Rename, report: Report, cancel: Cancel) -> Outcome:
        try:
            found = self._engine.inspect(step.container)
        except NotFound:
            self._engine.inspect(step.name)  # raises where neither is there
            return Done(detail="was renamed")
        if found.name != step.name:
            self._engine.rename(step.container, step.name)
        return Done()

    def _remove(self, step: Remove, report: Report, cancel: Cancel) -> Outcome:
        if step.kind == "network":
            self._engine.remove_network(step.name)
        elif step.kind == "volume":
            self._engine.remove_volume(step.name)
        else:
            self._engine.remove_container(step.name, volumes=step.volumes)
        return Done()


def _many(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
