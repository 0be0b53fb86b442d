"""An engine over TCP and TLS, as `DOCKER_HOST=tcp://…`, `DOCKER_TLS_VERIFY=1` have it."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.backends.docker import connect
from devenv.host.engine import Address
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Engine
from devenv.run.cancel import CancelToken

pytestmark = pytest.mark.engine

SCRIPT = """
set -e; cd /tmp
key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.pem; }
key ca-key; key server-key; key key
openssl req -x509 -new -key ca-key.pem -subj /CN=authority -days 2 -out ca.pem
openssl req -new -key server-key.pem -subj /CN=engine -out server.csr
printf 'subjectAltName=IP:127.0.0.1' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out server.pem
openssl req -new -key key.pem -subj /CN=client -out client.csr
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out cert.pem
"""


@pytest.fixture
def certificates(engine: Engine, base: str, project: str, tmp_path: Path) -> Path:
    """ca.pem, cert.pem and key.pem as clients have them; server.pem and server-key.pem. Made where openssl is sure to
    be: in a container."""
    payload = {
        "Image": base,
        "Cmd": ["sleep", "600"],
        "Labels": {labels.PROJECT: project},
        "HostConfig": {"Init": True, "NetworkMode": "none"},
    }
    container = engine.create_container(f"{project}-ca-1", payload)
    engine.start(container)
    made = engine.exec(container, ["sh", "-c", SCRIPT])
    assert made.exit_code == 0, made.errors
    packed = engine.exec(container, ["tar", "-C", "/tmp", "-c", "."]).output
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        # Debian 12's Python does not know filters yet; newer ones want one.
        tar.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return tmp_path


@pytest.fixture
def secured(certificates: Path, engine_address: Address) -> Iterator[int]:
    """The port of a TLS server that wants a client's certificate and hands on to the engine's socket."""
    if not engine_address.url.startswith("unix://"):
        pytest.fail("this test needs an engine at a socket")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while part := source.recv(65536):
                sink.sendall(part)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve(raw: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(raw)
            secure = stack.enter_context(context.wrap_socket(raw, server_side=True))
            behind = stack.enter_context(socket.socket(socket.AF_UNIX))
            behind.connect(engine_address.url.removeprefix("unix://"))
            back = threading.Thread(target=pump, args=(behind, secure), daemon=True)
            back.start()
            pump(secure, behind)
            back.join()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listener.accept()
                threading.Thread(target=serve, args=(raw,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_questions_commands_and_logs_over_tls(
    secured: int, certificates: Path, base: str, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It must not stand in for the engine's own authority.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/dev/null")
    engine = connect(f"tcp://127.0.0.1:{secured}", tls=str(certificates))
    payload = {
        "Image": base,
        "Cmd": ["sh", "-c", "echo begun; sleep 600"],
        "Labels": {labels.PROJECT: project},
        "HostConfig": {"Init": True, "NetworkMode": "none"},
    }
    container = engine.create_container(f"{project}-app-1", payload)
    engine.start(container)
    assert [c.name for c in engine.observe(project).containers] == [f"{project}-app-1", f"{project}-ca-1"]
    chunk = b"x" * 65536
    counted = engine.exec(container, ["wc", "-c"], stdin=(chunk for _ in range(64)))
    assert counted.output.strip() == str(64 * 65536).encode()
    cancel = CancelToken()
    for line in engine.logs(container, follow=True, cancel=cancel):
        assert line.line == "begun"
        cancel.cancel()
    engine.remove_container(container)
    engine.close()


def test_without_a_clients_certificate_it_is_refused_in_words(secured: int, certificates: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (certificates / name).unlink()
    with pytest.raises(DevenvError) as refused:
        connect(f"tcp://127.0.0.1:{secured}", tls=str(certificates))
    assert refused.value.code == ExitCode.UNFIT
    assert refused.value.hint


def test_an_engine_with_another_authority_is_not_trusted(secured: int, certificates: Path) -> None:
    (certificates / "ca.pem").write_bytes((certificates / "cert.pem").read_bytes())
    with pytest.raises(DevenvError) as refused:
        connect(f"tcp://127.0.0.1:{secured}", tls=str(certificates))
    assert refused.value.code == ExitCode.UNFIT
