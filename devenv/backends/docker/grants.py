"""What a build is granted while it runs: secrets, and the use of keys of ssh. Neither lies in a layer, in the context
or in a list of processes: the builder asks for them over a session when a RUN step mounts them.

moby/buildkit `session/secrets/secrets.proto` and `session/sshforward/ssh.proto`; the agent's own protocol is
draft-ietf-sshm-ssh-agent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from devenv.backends.docker import protobuf
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Build

if TYPE_CHECKING:
    from devenv.backends.docker.session import Call, Service

_LARGEST = 500 * 1024
"""Bytes that BuildKit takes for a secret."""
_ALLOWED = frozenset((11, 13, 27))
"""What a build may ask an agent: which keys there are, a signature, and extensions. Not to add, remove or lock keys."""
_REFUSED = b"\0\0\0\1\5"
_LONGEST = 256 * 1024
"""Bytes of one message to an agent, as OpenSSH bounds it."""
_CHUNK = 32 * 1024


@contextlib.contextmanager
def services(build: Build) -> Iterator[Mapping[str, Service]]:
    """The gRPC services that grant what `build` names, as long as the context lasts. Raises DevenvError (INPUT) for a
    file, an agent or a key that cannot be had."""
    with contextlib.ExitStack() as opened:
        found: dict[str, Service] = {}
        if build.secrets:
            known = {secret.id: _secret(build, secret.file, secret.content) for secret in build.secrets}
            found["/moby.buildkit.secrets.v1.Secrets/GetSecret"] = _Secrets(known)
        if build.ssh:
            agents = {name: opened.enter_context(_agent(build, name, path)) for name, path in build.ssh.items()}
            forward = _Agents(agents)
            found["/moby.sshforward.v1.SSH/CheckAgent"] = forward.check
            found["/moby.sshforward.v1.SSH/ForwardAgent"] = forward.forward
        yield found


def _secret(build: Build, path: str, content: object) -> bytes:
    if not path:
        return str(getattr(content, "value", "")).encode()
    try:
        with open(path, "rb") as file:
            found = file.read(_LARGEST + 1)
    except OSError as error:
        raise DevenvError(
            f"the secret {path} cannot be read: {error.strerror}",
            hint="make the file, or correct `file` of the secret",
            where=build.where,
        ) from None
    if len(found) > _LARGEST:
        raise DevenvError(
            f"the secret {path} is larger than {_LARGEST // 1024} KiB, which no builder takes",
            hint="give the build a smaller one",
            where=build.where,
        )
    return found


class _Secrets:
    def __init__(self, known: Mapping[str, bytes]) -> None:
        self._known = known

    def __call__(self, call: Call) -> None:
        from devenv.backends.docker.session import NOT_FOUND, GrpcError

        for message in call.messages():
            name = protobuf.first(message, 1).decode(errors="replace")
            if name not in self._known:
                raise GrpcError(NOT_FOUND, f"`build.secrets` does not name {name}")
            call.send(protobuf.encode((1, self._known[name])))
            return


class _Agents:
    """`paths` are the sockets of agents, by the id that a RUN step names."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = paths

    def _path(self, name: str) -> str:
        from devenv.backends.docker.session import NOT_FOUND, GrpcError

        if (name or "default") not in self._paths:
            raise GrpcError(NOT_FOUND, f"`build.ssh` does not name {name or 'default'}")
        return self._paths[name or "default"]

    def check(self, call: Call) -> None:
        for message in call.messages():
            self._path(protobuf.first(message, 1).decode(errors="replace"))
            call.send(b"")
            return

    def forward(self, call: Call) -> None:
        path = self._path(call.headers.get("buildkit.ssh.id", ""))
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as agent:
            agent.connect(path)
            back = threading.Thread(target=_answers, args=(agent, call), daemon=True)
            back.start()
            held = b""
            for message in call.messages():
                held += protobuf.first(message, 1)
                while len(held) >= 4:
                    size = int.from_bytes(held[:4], "big")
                    if not 0 < size <= _LONGEST:
                        return
                    if len(held) < 4 + size:
                        break
                    request, held = held[: 4 + size], held[4 + size :]
                    if request[4] in _ALLOWED:
                        agent.sendall(request)
                    else:
                        call.send(protobuf.encode((1, _REFUSED)))
            with contextlib.suppress(OSError):
                agent.shutdown(socket.SHUT_RDWR)
            back.join(timeout=5)


def _answers(agent: socket.socket, call: Call) -> None:
    with contextlib.suppress(OSError):
        while part := agent.recv(_CHUNK):
            call.send(protobuf.encode((1, part)))


@contextlib.contextmanager
def _agent(build: Build, name: str, path: str) -> Iterator[str]:
    """The socket of the agent that `build.ssh` names: the shell's, the one at `path`, or one that is started for the
    key in that file and ends with the context."""
    path = path or os.environ.get("SSH_AUTH_SOCK", "")
    if not path:
        raise DevenvError(
            f"the build may use your ssh agent (`ssh: {name}`), and none runs in this shell",
            hint="start one (`eval $(ssh-agent) && ssh-add`), or name a key: `ssh: [default=~/.ssh/id_ed25519]`",
            where=build.where,
        )
    try:
        is_socket = stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError as error:
        raise DevenvError(
            f"the ssh agent or key {path} (`build.ssh`) cannot be used: {error.strerror}",
            hint="correct the path, or start an agent (`eval $(ssh-agent) && ssh-add`)",
            where=build.where,
        ) from None
    if is_socket:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="devenv-ssh-") as folder:
        address = os.path.join(folder, "agent")
        try:
            agent = subprocess.Popen(
                ["ssh-agent", "-D", "-a", address], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise DevenvError(
                f"the build may use the key {path}, and no ssh-agent can be started for it: {error.strerror}",
                hint="install OpenSSH's client (Debian: openssh-client), or name the socket of an agent",
                code=ExitCode.UNFIT,
                where=build.where,
            ) from None
        try:
            _add(build, path, address)
            yield address
        finally:
            agent.terminate()
            agent.wait()


def _add(build: Build, key: str, address: str) -> None:
    """Give the key in the file `key` to the agent at `address`, which may not listen yet."""
    env = {**os.environ, "SSH_AUTH_SOCK": address, "SSH_ASKPASS_REQUIRE": "never"}
    said = ""
    wait = threading.Event()
    for _ in range(50):
        if os.path.exists(address):
            done = subprocess.run(
                ["ssh-add", "-q", key], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                start_new_session=True,
            )  # fmt: skip
            if done.returncode == 0:
                return
            # A key that others may read gets a frame of @ around its headline.
            lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("@")]
            said = lines[0].strip().rstrip(".") if lines else "it is no private key"
            break
        wait.wait(0.05)
    raise DevenvError(
        f"the key {key} (`build.ssh`) cannot be used: {said or 'its agent did not start'}",
        hint="name a private key that only you may read and that has no passphrase, or give it to your agent "
        "(`ssh-add`) and write `ssh: [default]`",
        where=build.where,
    )
