"""`protocols.Engine` for Docker: each call, and the module that does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from devenv.backends.docker import containers, images, networks, observe
from devenv.backends.docker.client import Client, together
from devenv.model.observed import (
    EngineInfo,
    Inventory,
    Observed,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    PathStat,
    Usage,
)
from devenv.model.plan import Build
from devenv.model.protocols import Cancel, ExecResult, InnerFile, LogLine, Report, Trust
from devenv.model.stack import CopiedFile

if TYPE_CHECKING:
    from ipaddress import IPv4Network


class DockerEngine:
    """Thread safe. See `protocols.Engine` for what each call promises."""

    def __init__(self, url: str, *, timeout: float = 5, tls: str = "") -> None:
        self._client = Client(url, timeout=timeout, tls=tls)
        self._info: EngineInfo | None = None
        self._lock = threading.Lock()
        self._silent: set[str] = set()

    @property
    def info(self) -> EngineInfo:
        with self._lock:
            if self._info is None:
                self._info = observe.info(self._client)
            return self._info

    def observe(self, project: str, *, names: Sequence[str] = (), images: Sequence[str] = ()) -> Observed:
        asked: list[Callable[[], Any]] = [
            lambda: self.info,
            lambda: observe.sweep(self._client, project, names, images),
        ]
        info, swept = together(asked)
        return Observed(engine=info, **swept)

    def projects(self) -> Mapping[str, tuple[ObservedContainer, ...]]:
        return observe.projects(self._client)

    def running(self) -> tuple[ObservedContainer, ...]:
        return observe.running(self._client)

    def networks(self) -> tuple[ObservedNetwork, ...]:
        return observe.networks(self._client)

    def data_folders(self) -> Mapping[str, frozenset[str]]:
        return observe.data_folders(self._client)

    def inventory(self) -> Inventory:
        return observe.inventory(self._client)

    def inspect(self, container: str) -> ObservedContainer:
        return containers.inspect(self._client, container)

    def image(self, ref: str) -> ObservedImage | None:
        return observe.image(self._client, ref)

    def registry_has(self, ref: str, timeout: float) -> bool | None:
        digest = self.registry_digest(ref, timeout)
        return None if digest is None else digest != ""

    def registry_digest(self, ref: str, timeout: float) -> str | None:
        # A registry that was silent once is not asked again: each question would cost its timeout.
        host = images.registry(ref)
        if host in self._silent:
            return None
        answer = images.registry_digest(self._client, ref, timeout)
        if answer is None:
            self._silent.add(host)
        return answer

    def pull(self, ref: str, *, platform: str | None = None, report: Report, cancel: Cancel) -> str:
        return images.pull(self._client, ref, platform=platform, report=report, cancel=cancel)

    def build(self, step: Build, *, trust: Trust, report: Report, cancel: Cancel) -> str:
        from devenv.backends.docker import build

        return build.build(self._client, self, step, trust=trust, report=report, cancel=cancel)

    def import_image(self, ref: str, tar: Iterable[bytes], *, labels: Mapping[str, str], cancel: Cancel) -> str:
        return images.import_image(self._client, ref, tar, labels=labels, cancel=cancel)

    def tag(self, source: str, ref: str) -> None:
        images.tag(self._client, source, ref)

    def remove_image(self, ref: str) -> None:
        images.remove(self._client, ref)

    def create_network(
        self, name: str, config: Mapping[str, Any], labels: Mapping[str, str], *, avoid: Sequence[IPv4Network] = ()
    ) -> str:
        return networks.create_network(self._client, name, config, labels, avoid)

    def connect_network(self, container: str, network: str, config: Mapping[str, Any]) -> None:
        networks.connect(self._client, container, network, config)

    def create_volume(self, name: str, config: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        networks.create_volume(self._client, name, config, labels)

    def create_container(self, name: str, payload: Mapping[str, Any]) -> str:
        return containers.create(self._client, name, payload)

    def copy_in(self, container: str, files: Mapping[str, CopiedFile]) -> None:
        containers.copy_in(self._client, container, files)

    def read_file(self, container: str, path: str) -> InnerFile | None:
        from devenv.backends.docker import archive

        return archive.read_file(self._client, container, path)

    def path_stat(self, container: str, path: str) -> PathStat | None:
        from devenv.backends.docker import archive

        return archive.path_stat(self._client, container, path)

    def get_archive(self, container: str, path: str, *, cancel: Cancel) -> Iterator[bytes]:
        from devenv.backends.docker import archive

        return archive.get_archive(self._client, container, path, cancel=cancel)

    def put_archive(
        self, container: str, folder: str, tar: Iterable[bytes], *, own: bool = False, cancel: Cancel
    ) -> None:
        from devenv.backends.docker import archive

        archive.put_archive(self._client, container, folder, tar, own=own, cancel=cancel)

    def start(self, container: str) -> None:
        containers.start(self._client, container)

    def wait(self, container: str, *, cancel: Cancel) -> int:
        return containers.wait(self._client, container, cancel=cancel)

    def stop(self, container: str, timeout: int | None = None) -> None:
        containers.stop(self._client, container, timeout)

    def rename(self, container: str, name: str) -> None:
        containers.rename(self._client, container, name)

    def remove_container(self, container: str, *, volumes: bool = False) -> None:
        containers.remove(self._client, container, volumes=volumes)

    def remove_network(self, name: str) -> None:
        networks.remove_network(self._client, name)

    def remove_volume(self, name: str) -> None:
        networks.remove_volume(self._client, name)

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
        from devenv.backends.docker import exec as execs

        return execs.exec_(
            self._client,
            container,
            command,
            user=user,
            env=env,
            workdir=workdir,
            privileged=privileged,
            stdin=stdin,
            on_output=on_output,
            timeout=timeout,
            cancel=cancel,
        )

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
        from devenv.backends.docker import attach

        return attach.exec_attached(self._client, container, command, user=user, env=env, workdir=workdir, tty=tty)

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
        from devenv.backends.docker import logs

        return logs.logs(
            self._client,
            container,
            tail=tail,
            follow=follow,
            timestamps=timestamps,
            since=since,
            cancel=cancel,
        )

    def usage(self, container: str, *, cancel: Cancel) -> Iterator[Usage]:
        from devenv.backends.docker import usage

        return usage.usage(self._client, container, cancel=cancel)

    def close(self) -> None:
        """Nothing is kept open between requests."""
