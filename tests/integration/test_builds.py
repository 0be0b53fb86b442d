"""Builds on the real engine: by BuildKit, and by the classic builder that an engine may have instead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.app.images import choose
from devenv.backends.docker import build as docker_build
from devenv.backends.docker.client import Client
from devenv.core.imagefacts import Images
from devenv.core.recipes import BUNDLE, VARIABLES, Recipes, trusting
from devenv.model import plan
from devenv.model.errors import BuildFailed, DevenvError, ExitCode
from devenv.model.manifest import Recipe
from devenv.model.protocols import Engine, Trust
from devenv.model.stack import Build, Service, Stack
from devenv.run.cancel import CancelToken
from tests.engines import Told, new_name
from tests.integration.building import AUTHORITY, Make, write

pytestmark = pytest.mark.engine


def test_what_dockerignore_names_is_not_sent_and_modes_and_links_are(
    make: Make, run: Callable[..., list[str]], base: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        Dockerfile="FROM debian:trixie-slim\nCOPY . /ctx\n",
        _dot_dockerignore="Dockerfile\nnode_modules\n*.log\n!keep.log\n",
        node_modules__a="x",
        a__b="x",
    )
    write(tmp_path, **{"drop.log": "x", "keep.log": "x", "tool": "x", "ünïcode name": "x"})
    (tmp_path / "tool").chmod(0o750)
    (tmp_path / "link").symlink_to("tool")
    ref = make(tmp_path, bases={"debian:trixie-slim": base})
    shown = run(ref, "sh", "-c", "cd /ctx && find . -mindepth 1 | LC_ALL=C sort; stat -c %a tool; readlink link")
    # The engine takes the Dockerfile from the context alone: an ignored one goes there under a name of ours.
    sent = ["./.devenv.Dockerfile", "./.dockerignore", "./a", "./a/b", "./keep.log", "./link", "./tool"]
    assert shown == [*sent, "./ünïcode name", "750", "tool"]


def test_arguments_target_labels_and_a_replaced_base_everywhere(
    make: Make, engine: Engine, run: Callable[..., list[str]], base: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        **{
            "docker": "",
            "build.Dockerfile": "ARG TAG=none\nFROM python:$TAG AS one\nARG SAY=nothing\nRUN echo $SAY >/said\n"
            "FROM python:3.13 as two\nCOPY --from=one /said /said\nCOPY --from=python:3.13 /etc/debian_version /v\n"
            "FROM acme/never AS last\n",
        },
    )
    ref = make(
        tmp_path,
        dockerfile="build.Dockerfile",
        args={"TAG": "3.13", "SAY": "a b"},
        target="two",
        bases={"python:3.13": base},
        labels={"one": "$1 \\"},
    )
    assert run(ref, "cat", "/said") == ["a b"]
    image = engine.image(ref)
    assert image is not None
    assert image.labels["one"] == "$1 \\"
    assert image.created


def test_an_inline_dockerfile_without_a_context(make: Make, run: Callable[..., list[str]], base: str) -> None:
    assert run(make("", inline=f"FROM {base}\nRUN echo here >/it\n"), "cat", "/it") == ["here"]


def test_an_unchanged_build_is_the_same_image_at_once(make: Make, engine: Engine, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nCOPY data /data\nRUN date +%N >/when\n", data="x")
    ref = make(tmp_path)
    first = engine.image(ref)
    (tmp_path / "data").touch()
    begun = time.monotonic()
    make(tmp_path, ref=ref)
    assert time.monotonic() - begun < 5
    again = engine.image(ref)
    assert first is not None
    assert again is not None
    assert again.id == first.id


def test_a_step_that_fails_is_told_by_its_line_and_last_words(make: Make, base: str, tmp_path: Path) -> None:
    text = f"# comment\nFROM {base}\nRUN true\n\nRUN echo begun && \\\n    seq 30 && \\\n    exit 7\n"
    write(tmp_path, Dockerfile=text)
    with pytest.raises(BuildFailed, match="exit code 7") as failed:
        make(tmp_path)
    error = failed.value
    assert error.code == ExitCode.FAILED
    assert error.where is not None
    assert (error.where.file, error.where.line) == (str(tmp_path / "Dockerfile"), 5)
    assert error.log[-1] == "30"
    assert len(error.log) == 20
    assert "kept" in error.hint


def test_a_file_that_is_not_in_the_context(make: Make, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nCOPY nothing /\n")
    with pytest.raises(BuildFailed, match="COPY nothing") as failed:
        make(tmp_path)
    assert failed.value.where is not None
    assert failed.value.where.line == 2
    assert ".dockerignore" in failed.value.hint


@pytest.mark.parametrize(("text", "line"), [("FROM BASE\nRUNN true\n", 2), ("", 0)])
def test_what_is_no_dockerfile(make: Make, base: str, tmp_path: Path, text: str, line: int) -> None:
    write(tmp_path, Dockerfile=text.replace("BASE", base))
    with pytest.raises(DevenvError) as failed:
        make(tmp_path)
    assert failed.value.hint
    assert failed.value.code in (ExitCode.FAILED, ExitCode.INPUT)
    if line:
        assert failed.value.where is not None
        assert failed.value.where.line == line


def test_a_heredoc_is_built_where_the_engine_knows_it_and_else_gets_a_sentence(
    make: Make, client: Client, base: str, tmp_path: Path
) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN <<EOF\ntrue\nEOF\n")
    if client.at_least(1, 42):
        assert make(tmp_path)
        return
    with pytest.raises(DevenvError) as failed:
        make(tmp_path)
    assert "heredoc" in failed.value.hint


def test_a_target_that_is_no_stage(make: Make, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base} AS one\n")
    with pytest.raises(BuildFailed) as failed:
        make(tmp_path, target="two")
    assert "`one`" in failed.value.hint


def test_a_base_that_no_registry_delivers(make: Make, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM localhost:1/nobody:1\n")
    with pytest.raises(DevenvError, match="localhost:1/nobody") as failed:
        make(tmp_path)
    assert failed.value.code == ExitCode.UNFIT
    assert failed.value.where is not None
    assert failed.value.where.line == 1


def test_a_cancel_ends_a_build(make: Make, client: Client, engine: Engine, base: str, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=f"FROM {base}\nRUN echo begun && sleep 61\n")
    ref = f"localhost/devenv-test/{new_name()}:1"
    for version in ("2", "1"):
        cancel = CancelToken()

        class Stopper(Told):
            def log(self, line: str, stream: str = "stdout", cancel: CancelToken = cancel) -> None:
                if line == "begun":
                    threading.Timer(0.2, cancel.cancel).start()

        begun = time.monotonic()
        with pytest.raises(DevenvError) as ended:
            docker_build.build(
                client,
                engine,
                plan.Build(ref=ref, build=Build(context=str(tmp_path))),
                trust=Trust(),
                report=Stopper(),
                cancel=cancel,
                versions=(version,),
            )
        assert ended.value.code == ExitCode.INTERRUPTED
        assert time.monotonic() - begun < 15
    until = time.monotonic() + 15
    while _sleeps() and time.monotonic() < until:
        time.sleep(0.2)
    assert not _sleeps(), "the engine goes on with a build that was cancelled"
    assert engine.image(ref) is None


def _sleeps() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == b"sleep\x0061\0":
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_private_authorities_are_trusted_in_what_is_built_on_a_wrapped_base(
    make: Make, engine: Engine, run: Callable[..., list[str]], base: str, forget_image: Callable[[str], str]
) -> None:
    user = make("", inline=f"FROM {base}\nRUN useradd -m someone\nUSER someone\n")
    wrapped = forget_image(Recipes((), AUTHORITY).trusted(user))
    step = trusting(user)
    make(step.context, inline=step.inline, ref=wrapped, trust=True, drop_syntax=True)
    image = engine.image(wrapped)
    assert image is not None
    assert image.config["User"] == "someone"
    assert {f"{name}={BUNDLE}" for name in VARIABLES} <= set(image.config["Env"])
    check = (
        "f=/usr/local/share/ca-certificates/devenv-ca-1.crt; openssl verify -CAfile $SSL_CERT_FILE $f && "
        "openssl verify -no-CAfile -no-CApath $f 2>/dev/null; grep -c BEGIN $SSL_CERT_FILE; ls -A /.devenv-ca"
    )
    verified, public = run(wrapped, "sh", "-c", check + " 2>/dev/null; true")
    assert verified.endswith("devenv-ca-1.crt: OK")
    assert int(public) > 100
    # A build on top that brings the distribution's own package up to date keeps them.
    above = make("", inline=f"FROM {wrapped}\nUSER root\nRUN update-ca-certificates --fresh\n")
    assert run(above, "sh", "-c", "openssl verify /usr/local/share/ca-certificates/devenv-ca-1.crt")[0].endswith("OK")


def test_a_base_without_any_authorities_gets_the_public_ones_too(
    make: Make, run: Callable[..., list[str]], base: str, forget_image: Callable[[str], str]
) -> None:
    bare = make("", inline=f"FROM {base}\nRUN rm -rf /etc/ssl /usr/share/ca-certificates\n")
    wrapped = forget_image(Recipes((), AUTHORITY).trusted(bare))
    make("", inline=trusting(bare).inline, ref=wrapped, trust=True)
    assert int(run(wrapped, "grep", "-c", "BEGIN", BUNDLE)[0]) > 100


def test_a_store_behind_a_link_as_fedora_has_it(
    make: Make, run: Callable[..., list[str]], base: str, forget_image: Callable[[str], str]
) -> None:
    fedora = make(
        "",
        inline=f"FROM {base}\nRUN mkdir -p /etc/pki/tls /etc/pki/ca-trust/extracted/pem"
        " && mv /etc/ssl/certs /etc/pki/tls"
        " && ln -s /etc/pki/tls/certs /etc/ssl/certs && cd /etc/pki/tls/certs && mv ca-certificates.crt "
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem && "
        "ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem ca-bundle.crt\n",
    )
    wrapped = forget_image(Recipes((), AUTHORITY).trusted(fedora))
    make("", inline=trusting(fedora).inline, ref=wrapped, trust=True)
    shown = run(
        wrapped,
        "sh",
        "-c",
        f"readlink /etc/ssl/certs /etc/pki/tls/certs/ca-bundle.crt; cmp {BUNDLE} "
        "/etc/pki/tls/certs/ca-bundle.crt && openssl verify -CAfile /etc/pki/tls/certs/ca-bundle.crt "
        "/usr/local/share/ca-certificates/devenv-ca-1.crt",
    )
    assert shown[0] == "/etc/pki/tls/certs"
    assert shown[-1].endswith("OK")


def test_what_was_chosen_and_built_is_chosen_again_with_nothing_to_do(
    engine: Engine, base: str, report: Told, tmp_path: Path, forget_image: Callable[[str], str]
) -> None:
    kitchen = write(tmp_path / "kitchen", Dockerfile=f"FROM {base}\nRUN echo 1 >/made\n")
    api = write(tmp_path / "api", Dockerfile="FROM thing:7\nRUN cat /made\n")
    recipe = Recipe(name="devenv-test-thing", image="thing", version="7", tags=("7",), suite="-", folder=str(kitchen))
    name = new_name()
    service = Service(
        name="api", config={}, image=f"{name}-api", container_name=f"{name}-api-1", build=Build(context=str(api))
    )
    stack = Stack(project=name, folder="", working_dir="", files=(), services={"api": service}, networks={}, volumes={})

    def decide() -> Images:
        return choose(stack, engine=engine, recipes=[recipe], certificates=AUTHORITY)

    first = decide()
    assert [node.id.partition(":")[2].split(":")[0] for node in first.nodes] == [
        "localhost/devenv/trusted/localhost/devenv-test/trixie",
        "localhost/devenv/devenv-test-thing",
        f"{name}-api",
    ]
    for node in first.nodes:
        assert isinstance(node.step, plan.Build)
        forget_image(node.step.ref)
        engine.build(node.step, trust=Trust(certificates=AUTHORITY), report=report, cancel=CancelToken())
    assert decide().nodes == ()
    write(api, more="x")
    assert decide().causes == {"api": "source changed"}
