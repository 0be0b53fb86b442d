"""A bare Debian machine on demand: a container that has only the base system (no Python, no engine, no image), with
the rights to run an engine of its own and a clone of this repository in `/src`.

The base system is made from packages, so no registry is needed. The private CA and the package managers' settings of
this machine are copied in: they belong to the place, not to what is tested.
"""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import docker
from docker.types import Mount
from testcontainers.core.container import DockerContainer

from devenv.host.apt import Consent
from devenv.host.bootstrap import bootstrap
from devenv.host.ca import private_certificates

ROOT = Path(__file__).resolve().parents[2]
SUITES = ("bookworm", "trixie")
TEST_LABEL = "dev.devenv.test"
CAPABILITIES = (
    "AUDIT_WRITE",
    "DAC_READ_SEARCH",
    "MKNOD",
    "NET_ADMIN",
    "NET_RAW",
    "SETPCAP",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_CHROOT",
    "SYS_NICE",
    "SYS_PTRACE",
)
"""What an engine needs. `--privileged` asks for more than the machine may have that the tests themselves run on."""
CARRIED = (
    "CI",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PIP_CERT",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_INDEX_URL",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "UV_INDEX_URL",
)
SETTINGS = ("/etc/pip.conf", "~/.config/pip/pip.conf")
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

# Runs inside: joins every connection to $1, which the host reaches, to 127.0.0.1:$2, which only the machine does.
_FORWARDER = """
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    near, _ = server.accept()
    try:
        far = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError:
        near.close()
        continue
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


class Machine:
    """One machine of Debian `suite`, up as long as the `with` block. `clone` False leaves the repository out, `volumes`
    False the volumes for the inner engine's data, which then lies on an overlay, as in a cloud workspace."""

    def __init__(self, suite: str, *, clone: bool = True, volumes: bool = True) -> None:
        self.suite = suite
        self._clone = clone
        # Overlay does not stack on overlay.
        self._data = ("/var/lib/docker", "/var/lib/containerd") if volumes else ()
        self._container = DockerContainer(_image(suite))

    def __enter__(self) -> Self:
        os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
        marks = {TEST_LABEL: os.environ.get("DEVENV_TEST_RUN", "by-hand")}
        container = self._container.with_command(["sleep", "infinity"]).with_kwargs(
            working_dir="/src",
            init=True,
            labels=marks,
            cap_add=list(CAPABILITIES),
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            mounts=[Mount(path, None, type="volume") for path in self._data],
        )
        for path in ("/sys", "/sys/fs/cgroup"):
            container.with_volume_mapping(path, path, "rw")
        for name in CARRIED:
            if os.environ.get(name):
                container.with_env(name, os.environ[name])
        container.start()
        try:
            self._open_proc()
            self._put(_settings())
            if self._clone:
                self._put(_clone())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._container.stop(force=True, delete_volume=True)

    @property
    def address(self) -> str:
        """The machine's IP address, as the host sees it."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        networks: dict[str, Any] = wrapped.attrs["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    def run(self, command: str, timeout: float = 600, folder: str = "/src") -> tuple[int, str]:
        """Run a shell command with its standard input from /dev/null; its exit code and all it wrote. After `timeout`
        seconds it is killed, with all it started: exit code 124 and what it wrote until then."""
        # Its own process group inside: a timeout of ours would leave what runs there alive.
        limited = ["timeout", "-k", "10", str(timeout), "sh", "-c", command]
        wrapped = self._container.get_wrapped_container()
        result: Any = wrapped.exec_run(["sh", "-c", f"exec {shlex.join(limited)} </dev/null 2>&1"], workdir=folder)
        return int(result.exit_code), result.output.decode("utf-8", "replace")

    def start(self, command: str, folder: str = "/src") -> None:
        """Run a shell command and do not wait for it."""
        self._container.get_wrapped_container().exec_run(["sh", "-c", command], workdir=folder, detach=True)

    def read(self, path: str) -> bytes:
        """The content of a file of the machine."""
        pieces, _ = self._container.get_wrapped_container().get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
            file = tar.extractfile(tar.next() or path)
            assert file is not None, f"{path} is no file"
            return file.read()

    def carry(self, image: str, name: str) -> None:
        """Give its engine, which must run, as `name` the image of this machine's engine whose own name begins with
        `image`, so that it need not be made there; nothing where there is none."""
        client = docker.from_env()
        try:
            # Of the list alone: another test may be taking an image away, and to look at each would fail.
            listed = [tag for one in client.api.images() for tag in one["RepoTags"] or () if tag.startswith(image)]
            if not listed:
                return
            code, output = self.run("rm -rf /var/tmp/carried && mkdir /var/tmp/carried", folder="/")
            assert code == 0, output
            # What `docker save` writes is a tar already.
            self._container.get_wrapped_container().put_archive("/var/tmp/carried", client.images.get(listed[0]).save())
        finally:
            client.close()
        load = f"docker.from_env(timeout=300).images.load(sys.stdin.buffer)[0].tag({name!r})"
        python = f'$(ls -d ~/.cache/devenv/env-*/bin/python | head -n 1) -c "import docker, sys; {load}"'
        code, output = self.run(f"cd /var/tmp/carried && tar -cf - * | {python} && rm -r ../carried", folder="/")
        assert code == 0, output

    def write(self, path: str, content: bytes) -> None:
        """Put a file into the machine, its folder too."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        self._put(packed.getvalue())

    def put(self, folder: Path, path: str) -> None:
        """Put a folder of this machine into it, as `path`; what it links to lies there itself."""
        self._put(_tar({path.lstrip("/"): folder}))

    def forward(self, port: int) -> str:
        """Where the host reaches what listens on 127.0.0.1:`port` in the machine: "address:port". Needs the machine's
        Python, which `./dev` has installed."""
        address = self.address
        code, output = self.run(
            f"printf %s {shlex.quote(_FORWARDER)} > /tmp/forward.py; command -v python3", folder="/"
        )
        assert code == 0, output
        # On the machine's own address, so that 127.0.0.1 stays with who listens there.
        self.start(
            f"exec python3 /tmp/forward.py {address} {port} </dev/null >/tmp/forward-{port}.log 2>&1", folder="/"
        )
        check = f"import socket; socket.create_connection(({address!r}, {port}), 1).close()"
        waiting = (
            f"for i in $(seq 100); do python3 -c {shlex.quote(check)} 2>/dev/null && exit 0; sleep 0.1; done; exit 1"
        )
        code, _ = self.run(waiting, timeout=60, folder="/")
        assert code == 0, self.run(f"cat /tmp/forward-{port}.log", folder="/")[1]
        return f"{address}:{port}"

    def _open_proc(self) -> None:
        """Uncover /proc: the engine inside writes to /proc/sys. (The SDK has no word for the CLI's
        `systempaths=unconfined`.)"""
        code, output = self.run(
            "awk '$5 ~ \"^/proc/\" { print $5 }' /proc/self/mountinfo | xargs -r umount", folder="/"
        )
        assert code == 0, output

    def _put(self, tar: bytes) -> None:
        self._container.get_wrapped_container().put_archive("/", tar)


def _image(suite: str) -> str:
    """The base system as an image; made where the engine does not have it, and kept there, as caches are."""
    ref = f"localhost/devenv-test/{suite}:latest"
    client = docker.from_env()
    try:
        if not client.images.list(name=ref):
            consent = Consent(install=True, ask=lambda _: False, say=print, terminal=False)
            with _pipe(suite, consent) as stream:
                client.api.import_image_from_stream(stream, repository=ref.rpartition(":")[0], tag="latest")
    finally:
        client.close()
    return ref


@contextmanager
def _pipe(suite: str, consent: Consent) -> Iterator[Iterator[bytes]]:
    pieces = bootstrap(suite, consent=consent, report=_Quiet(), cancel=_Never())
    try:
        yield pieces
    finally:
        pieces.close()  # type: ignore[attr-defined]


class _Quiet:
    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None:
        """Nobody watches."""

    def log(self, line: str, stream: str = "stdout") -> None:
        """Nobody watches."""


class _Never:
    cancelled = False

    def wait(self, seconds: float) -> bool:
        return threading.Event().wait(seconds)

    def on_cancel(self, call: Any) -> Any:
        return lambda: None


def _clone() -> bytes:
    """A fresh clone of this repository's last commit, under `src/`: what a newcomer has, no more."""
    with _scratch() as folder:
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(folder / "src")], check=True)
        return _tar({"src": folder / "src"})


def _settings() -> bytes:
    """This machine's trust in authorities, and its package managers' settings."""
    files = {Path(name).expanduser(): name.replace("~", "/root", 1).lstrip("/") for name in SETTINGS}
    with _scratch() as folder:
        certificates = private_certificates()
        wanted = {inside: path for path, inside in files.items() if path.exists()}
        if certificates:
            (folder / "private.crt").write_text(certificates, encoding="ascii")
            wanted["usr/local/share/ca-certificates/private.crt"] = folder / "private.crt"
        if Path(_BUNDLE).exists():
            wanted[_BUNDLE.lstrip("/")] = Path(_BUNDLE)
        return _tar(wanted)


@contextmanager
def _scratch() -> Iterator[Path]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="devenv-test-") as name:
        yield Path(name)


def _tar(files: dict[str, Path]) -> bytes:
    def of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", dereference=True) as tar:
        for inside, path in files.items():
            tar.add(path, arcname=inside, filter=of_root)
    return output.getvalue()
