"""The keys of a Compose `build` on the real engine."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.app.images import choose
from devenv.backends.docker.client import Client
from devenv.backends.docker.stream import Exchange
from devenv.core.imagefacts import Images
from devenv.model import labels, plan
from devenv.model.errors import BuildFailed, DevenvError
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build, BuildSecret, Secret, Service, Stack
from devenv.run.cancel import CancelToken
from tests.engines import Told, new_name
from tests.integration.building import Make, write

pytestmark = pytest.mark.engine

Run = Callable[..., list[str]]


def test_names_limits_and_shared_memory_of_a_build(
    make: Make, engine: Engine, run: Run, base: str, tmp_path: Path, forget_image: Callable[[str], str]
) -> None:
    other = forget_image(f"localhost/devenv-test/{new_name()}:other")
    write(
        tmp_path,
        Dockerfile=f"FROM {base}\nRUN exec >/said && getent hosts a.test && cat /proc/self/limits"
        " && df -k --output=size /dev/shm\n",
    )
    ref = make(
        tmp_path,
        tags=(other,),
        extra_hosts=("a.test=192.0.2.7",),
        ulimits={"nofile": (123, 123), "nproc": (77, 78)},
        shm_size=32 * 1024 * 1024,
    )
    said = run(ref, "cat", "/said")
    assert said[0].split() == ["192.0.2.7", "a.test"]
    limits = {line[:26].strip(): line[26:].split()[:2] for line in said[1:-2]}
    assert limits["Max open files"] == ["123", "123"]
    assert limits["Max processes"] == ["77", "78"]
    assert said[-1].strip() == "32768"
    there, again = engine.image(ref), engine.image(other)
    assert there is not None
    assert again is not None
    assert there.id == again.id


def test_a_build_without_the_cache_is_made_anew(make: Make, run: Run, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base} AS one\nRUN date +%s%N >/when\n")
    first = run(make(tmp_path), "cat", "/when")
    assert run(make(tmp_path), "cat", "/when") == first
    assert run(make(tmp_path, no_cache=True), "cat", "/when") != first


def test_stages_without_the_cache_are_made_anew_and_no_others(
    make: Make, engine: Engine, client: Client, run: Run, base: str, tmp_path: Path, buildkit: bool,
    forget_image: Callable[[str], str],
) -> None:  # fmt: skip
    if not buildkit:
        pytest.skip("the classic builder builds all of it anew")
    write(
        tmp_path,
        Dockerfile=f"FROM {base} AS one\nARG WHO\nRUN date +%s%N$WHO >/one\n"
        f"FROM {base} AS two\nCOPY data /\nRUN date +%s%N >/two\n"
        "COPY --from=one /one /\nCOPY --from=it /etc/hostname /\n",
        data="x" * 300_000,
        _dot_dockerignore="Dockerfile\n",
    )
    other = forget_image(f"localhost/devenv-test/{new_name()}:other")
    more = {"labels": {"some": "$1"}, "args": {"WHO": "me"}, "bases": {"it": base}, "contexts": {"it": "x"},
            "extra_hosts": ("a.test=192.0.2.7",)}  # fmt: skip
    first = run(make(tmp_path, **more), "cat", "/one", "/two")
    ref = make(tmp_path, **more, no_cache_filter=("one",), tags=(other,))
    again = run(ref, "cat", "/one", "/two")
    assert again[0] != first[0]
    assert again[0].endswith("me")
    assert again[1] == first[1]
    image, named = engine.image(ref), engine.image(other)
    assert image is not None
    assert named is not None
    assert image.id == named.id
    assert image.labels["some"] == "$1"


def test_a_build_by_the_control_api_fails_as_others_do(make: Make, base: str, tmp_path: Path, buildkit: bool) -> None:
    write(tmp_path, Dockerfile=f"FROM {base} AS one\nRUN true\n\nRUN echo begun && exit 7\n")
    with pytest.raises(BuildFailed, match="exit code 7") as failed:
        make(tmp_path, no_cache_filter=("one",))
    assert failed.value.where is not None
    assert failed.value.where.line == 4
    assert failed.value.log[-1] == "begun"
    with pytest.raises(DevenvError, match="all rights" if buildkit else "need BuildKit") as refused:
        make(tmp_path, privileged=True)
    assert "daemon.json" in refused.value.hint


def test_a_network_that_a_step_is_kept_from(make: Make, run: Run, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN ls /sys/class/net >/said\n")
    assert run(make(tmp_path, network="none"), "cat", "/said") == ["lo"]
    # The classic builder's cache does not look at the network.
    assert "docker0" in run(make(tmp_path, network="host", no_cache=True), "cat", "/said")


def test_a_cache_that_the_image_carries_and_one_that_cannot_be_asked(
    make: Make, client: Client, engine: Engine, report: Told, base: str, tmp_path: Path
) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN true\n")
    ref = make(tmp_path, cache_inline=True, cache_from=("localhost/devenv-test/none", "type=local,src=x"))
    assert engine.image(ref) is not None
    assert report.lines.count("cache_from: the engine's own builder takes no cache from type=local,src=x") == 1


def test_a_secret_is_in_the_step_that_mounts_it_and_nowhere_else(
    make: Make, engine: Engine, client: Client, run: Run, report: Told, base: str, tmp_path: Path, buildkit: bool
) -> None:
    word = new_name()
    (tmp_path / "large").write_bytes(b"x" * 200_000)
    write(
        tmp_path / "context",
        Dockerfile=f"FROM {base}\n"
        "RUN --mount=type=secret,id=token --mount=type=secret,id=large"
        " sha256sum /run/secrets/token /run/secrets/large >/sums\n"
        "RUN --mount=type=secret,id=other,required=false test ! -e /run/secrets/other\n",
    )
    secrets = (BuildSecret(id="token", content=Secret(value=word)), BuildSecret(id="large", file=f"{tmp_path}/large"))
    if not buildkit:
        with pytest.raises(DevenvError, match="need BuildKit"):
            make(tmp_path / "context", secrets=secrets)
        return
    ref = make(tmp_path / "context", secrets=secrets, no_cache=True)
    sums = [hashlib.sha256(content).hexdigest() for content in (word.encode(), b"x" * 200_000)]
    assert [line.split()[0] for line in run(ref, "cat", "/sums")] == sums
    history = client.call("GET", f"/images/{ref}/history", what="look")
    assert word not in str(history) + str(report.lines)
    with Exchange(client, what="save") as exchange:
        exchange.send("GET", client.path(f"/images/{ref}/get"))
        saved = b"".join(iter(exchange.read, b""))
    assert word.encode() not in saved


def test_a_secret_that_is_not_granted_and_one_that_cannot_be_read(
    make: Make, base: str, tmp_path: Path, buildkit: bool
) -> None:
    if not buildkit:
        pytest.skip("the classic builder has no secrets")
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN --mount=type=secret,id=token,required=true true\n")
    with pytest.raises(BuildFailed, match="secret token not found") as failed:
        make(tmp_path, secrets=(BuildSecret(id="other", content=Secret(value="x")),))
    assert failed.value.where is not None
    assert failed.value.where.line == 2
    assert "`build.secrets`" in failed.value.hint
    with pytest.raises(DevenvError, match="none cannot be read"):
        make(tmp_path, secrets=(BuildSecret(id="token", file=f"{tmp_path}/none"),))
    (tmp_path / "huge").write_bytes(b"x" * 600_000)
    with pytest.raises(DevenvError, match="larger than 500 KiB"):
        make(tmp_path, secrets=(BuildSecret(id="token", file=f"{tmp_path}/huge"),))


def test_a_step_may_do_without_a_secret_of_a_build_that_grants_none(
    make: Make, base: str, tmp_path: Path, buildkit: bool
) -> None:
    if not buildkit:
        pytest.skip("the classic builder has no secrets")
    make(write(tmp_path, Dockerfile=f"FROM {base}\nRUN --mount=type=secret,id=none test ! -e /run/secrets/none\n"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made], check=True)
    return made


@pytest.mark.parametrize("by", ["agent", "key"])
def test_a_step_may_use_a_key_and_not_change_the_agent(
    make: Make, base: str, run: Run, key: Path, tmp_path: Path, buildkit: bool, by: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if not buildkit:
        pytest.skip("the classic builder has no ssh")
    address = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    try:
        while not address.exists():
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        subprocess.run(["ssh-add", "-q", key], check=True)
        write(tmp_path / "context", **{"ask.pl": ASK, "Dockerfile": f"FROM {base}\nCOPY ask.pl /\n"
              "RUN --mount=type=ssh,id=mine perl /ask.pl >/said\n"})  # fmt: skip
        ref = make(tmp_path / "context", ssh={"mine": "" if by == "agent" else str(key)}, no_cache=True)
        public = key.with_suffix(".pub").read_text().split()[1]
        blob = base64.b64decode(public).hex()
        # One key is there, the agent refuses to drop it, and it is still there.
        assert run(ref, "cat", "/said") == [f"12 {blob}", "5", f"12 {blob}"]
        listed = subprocess.run(["ssh-add", "-L"], capture_output=True, text=True, check=True).stdout
        assert public in listed
    finally:
        agent.terminate()
        agent.wait()


ASK = """\
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die;
sub ask { my ($type) = @_;
  syswrite $s, pack("NC", 1, $type); read $s, my $head, 4; read $s, my $body, unpack("N", $head);
  my ($kind, $rest) = unpack("Ca*", $body); return "$kind" if $kind != 12;
  my ($count, $size) = unpack("NN", $rest); return "$kind " . unpack("H*", substr($rest, 8, $size)); }
print ask(11), "\\n", ask(19), "\\n", ask(11), "\\n";
"""
"""Asks an agent for its keys, to remove all, and for its keys again."""


def test_an_agent_or_key_that_is_not_there(
    make: Make, base: str, tmp_path: Path, buildkit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not buildkit:
        pytest.skip("the classic builder has no ssh")
    write(tmp_path, Dockerfile=f"FROM {base}\n", key="no key")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / "key").chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "open"], check=True)
    (tmp_path / "open").chmod(0o644)
    for given, message in (
        ({"default": ""}, "none runs in this shell"),
        ({"k": f"{tmp_path}/nothing"}, "nothing .* cannot be used"),
        ({"k": f"{tmp_path}/key"}, "key .* cannot be used"),
        ({"k": f"{tmp_path}/open"}, "cannot be used: Permissions 0644 .* too open"),
    ):
        with pytest.raises(DevenvError, match=message) as failed:
            make(tmp_path, ssh=given)
        assert failed.value.hint


def test_further_contexts_stand_in_for_names_in_the_dockerfile(
    make: Make,
    engine: Engine,
    client: Client,
    run: Run,
    base: str,
    tmp_path: Path,
    forget_image: Callable[[str], str],
    buildkit: bool,
) -> None:
    if not buildkit:
        pytest.skip("what is asked of the builder is the same")
    other = make("", inline=f"FROM {base}\nRUN echo other >/other\n", labels={labels.SERVICE: "other"})
    assets = write(
        tmp_path / "assets", one="1", deep__two="2", _dot_dockerignore="skipped\n", skipped="x", Dockerfile="own"
    )
    api = write(
        tmp_path / "api",
        Dockerfile="FROM thing AS first\nFROM never AS other\nFROM thing\n"
        "COPY --from=assets / /a/\nCOPY --from=other /other /b/\n",
    )

    def decide() -> Images:
        contexts = {"assets": str(assets), "thing": f"docker-image://{base}", "other": "service:other"}
        name = "devenv-test-contexts"
        services = {
            "api": Service(
                name="api", config={}, image=f"localhost/devenv-test/{key}:1", container_name=name,
                build=Build(context=str(api), contexts=contexts),
            ),
            "other": Service(
                name="other", config={}, image=other, container_name=name, build=Build(context="", inline="FROM x"),
            ),
        }  # fmt: skip
        return choose(
            Stack(project=name, folder="", working_dir="", files=(), services=services, networks={}, volumes={}),
            engine=engine,
        )

    key = new_name()
    # The image `other` is there and names no source: it is as if Compose had built it.
    first = [node for node in decide().nodes if "other" not in node.id]
    assert [node.step.object.rpartition(":")[0] for node in first] == [
        "localhost/devenv/context", f"localhost/devenv-test/{key}",
    ]  # fmt: skip
    for node in first:
        assert isinstance(node.step, plan.Build)
        forget_image(node.step.ref)
        engine.build(node.step, trust=Trust(), report=Told(), cancel=CancelToken())
    shown = run(f"localhost/devenv-test/{key}:1", "sh", "-c", "cd /a && find . -type f | LC_ALL=C sort; cat /b/other")
    assert shown == ["./.dockerignore", "./Dockerfile", "./deep/two", "./one", "other"]
    assert [node.id for node in decide().nodes if key in node.id] == []
    # What was in the folder before goes with it.
    write(assets, one="changed")
    again, *_ = (node for node in decide().nodes if "context" in node.id)
    assert isinstance(again.step, plan.Build)
    forget_image(again.step.ref)
    engine.build(again.step, trust=Trust(), report=Told(), cancel=CancelToken())
    assert engine.image(again.step.ref) is not None
    assert isinstance(first[0].step, plan.Build)
    assert engine.image(first[0].step.ref) is None
