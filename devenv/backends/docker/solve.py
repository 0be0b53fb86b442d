"""Builds that say more than POST /build takes: asked for over BuildKit's own control API, which the engine hands on.

POST /grpc is taken over; the call is gRPC over HTTP/2 (moby/buildkit `api/services/control/control.proto`; the numbers
below are its field numbers). The context is the same tar, which the builder fetches over the session.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import ProtocolError

from devenv.backends.docker import protobuf
from devenv.backends.docker.client import Client
from devenv.backends.docker.session import Call
from devenv.backends.docker.stream import Exchange
from devenv.model.protocols import Cancel
from devenv.model.stack import Build

_SOLVE, _STATUS = 1, 3
"""HTTP/2's numbers of the two calls: what is to be built, and what is told of it meanwhile."""
UPLOAD = "/moby.upload.v1.Upload/Pull"
INSECURE = "security.insecure"


def upload(tar: Iterable[bytes]) -> Callable[[Call], None]:
    """The service that hands the context to the builder, once."""

    def pull(call: Call) -> None:
        for part in tar:
            call.send(protobuf.encode((1, part)))

    return pull


def attributes(build: Build, *, dockerfile: str, args: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """What the Dockerfile frontend is told (moby/buildkit `frontend/dockerui`)."""
    found = {
        "context": f"http://buildkit-session/{secrets.token_hex(16)}",
        "filename": dockerfile,
        "image-resolve-mode": "local",
        **{f"build-arg:{name}": value for name, value in args.items()},
        **{f"label:{name}": value for name, value in labels.items()},
    }
    limits = ",".join(f"{name}={soft}:{hard}" for name, (soft, hard) in build.ulimits.items())
    given = {
        "target": build.target,
        "platform": build.platform,
        "force-network-mode": build.network if build.network in ("host", "none") else None,
        "add-hosts": ",".join(build.extra_hosts),
        "shm-size": str(build.shm_size) if build.shm_size else None,
        "ulimit": limits,
        "no-cache": ",".join(build.no_cache_filter),
    }
    found |= {name: value for name, value in given.items() if value}
    if build.no_cache:
        found["no-cache"] = ""
    return found


def request(build: Build, session: str, attrs: Mapping[str, str], tags: Iterable[str]) -> bytes:
    """A SolveRequest, called as its session."""
    rights = [right for right in ("network.host",) if build.network == "host"]
    if build.privileged:
        rights.append(INSECURE)
    inline = [(2, protobuf.encode((1, "inline")))] if build.cache_inline else []
    pairs = [(7, protobuf.encode((1, name), (2, value))) for name, value in sorted(attrs.items())]
    return protobuf.encode(
        (1, session),
        (3, "moby"),
        (4, protobuf.encode((1, "name"), (2, ",".join(tags)))),
        (5, session),
        (6, "dockerfile.v0"),
        *pairs,
        *([(8, protobuf.encode(*inline))] if inline else []),
        *((9, right) for right in rights),
    )


def solve(client: Client, ref: str, message: bytes, *, feed: Callable[[bytes], None], cancel: Cancel, what: str) -> str:
    """Have it built; "" or what the builder says why it did not. `feed` is told of its progress."""
    http = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    with Exchange(client, what=what, cancel=cancel) as exchange:
        exchange.upgrade(client.path("/grpc"), protocol="h2c")
        http.initiate_connection()
        for number, name, sent in ((_SOLVE, "Solve", message), (_STATUS, "Status", protobuf.encode((1, ref)))):
            head = {
                ":method": "POST", ":scheme": "http", ":path": f"/moby.buildkit.v1.Control/{name}",
                ":authority": "localhost", "te": "trailers", "content-type": "application/grpc",
            }  # fmt: skip
            http.send_headers(number, list(head.items()))
            data = protobuf.framed(sent)
            size = http.max_outbound_frame_size
            for at in range(0, len(data), size):
                http.send_data(number, data[at : at + size], end_stream=at + size >= len(data))
        exchange.socket.sendall(http.data_to_send())
        held = b""
        status, said = "", ""
        try:
            while part := exchange.read():
                ended = False
                for event in http.receive_data(part):
                    match event:
                        case DataReceived():
                            http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                            if event.stream_id == _STATUS:
                                messages, held = protobuf.unframed(held + event.data)
                                for message in messages:
                                    feed(message)
                        case ResponseReceived() | TrailersReceived() if event.stream_id == _SOLVE:
                            found = {str(key): str(value) for key, value in event.headers}
                            status = found.get("grpc-status", status)
                            said = unquote(found.get("grpc-message", said))
                        case StreamEnded() | StreamReset() if event.stream_id == _SOLVE:
                            ended = True
                exchange.socket.sendall(http.data_to_send())
                if ended:
                    return "" if status == "0" else said or "the builder ended without a word"
        except (ProtocolError, OSError) as error:
            raise exchange.failure(error) from None
        raise exchange.failure(ConnectionResetError("connection closed by the engine"))
