from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from devenv.host.apt import Consent, install
from devenv.host.engine import ensure, reach
from devenv.host.engine_install import link, none_here, packages
from devenv.host.facts import Facts
from devenv.model.errors import DevenvError, ExitCode


def _refused(env: dict[str, str]) -> DevenvError:
    said: list[str] = []
    with pytest.raises(DevenvError) as caught:
        ensure(install=True, ask=lambda question: True, say=said.append, env=env)
    assert said == [], "nothing is started or installed"
    assert caught.value.code == ExitCode.UNFIT
    return caught.value


def test_where_docker_host_is_set_nothing_is_started(tmp_path: Path) -> None:
    error = _refused({"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "HOME": str(tmp_path)})
    assert "DOCKER_HOST" in error.message
    assert "unset DOCKER_HOST" in error.hint


def test_an_old_engine_and_a_silent_one_have_sentences(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "a.sock"))
    server.listen()
    answers = [b"HTTP/1.1 200 OK\r\nApi-Version: 1.39\r\n\r\nOK", b""]

    def work() -> None:
        for answer in answers:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

    thread = threading.Thread(target=work)
    thread.start()
    env = {"DOCKER_HOST": f"unix://{tmp_path}/a.sock", "HOME": str(tmp_path)}
    assert "too old: it speaks API 1.39" in _refused(env).message
    assert "no engine answers: it closed the connection" in _refused(env).message
    thread.join()
    server.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every socket")
def test_a_socket_that_may_not_be_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "a.sock"))
        (tmp_path / "a.sock").chmod(0)
        assert "usermod -aG docker" in _refused({"DOCKER_HOST": f"unix://{tmp_path}/a.sock"}).hint


def test_the_verbs_that_start_nothing_say_so(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="nothing answers there"):
        reach({"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "HOME": str(tmp_path)})


@pytest.mark.parametrize(("folder", "typed"), [("/home/ann/my shop", "cd '/home/ann/my shop' && "), ("", "")])
def test_inside_a_workspace_the_command_is_named_for_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, typed: str
) -> None:
    monkeypatch.setattr("devenv.host.engine.find", lambda env: None)
    env = {"DEVENV_WORKSPACE": "1", "DEVENV_HOST_FOLDER": folder, "HOME": str(tmp_path)}
    calls = (
        lambda: reach(env, command="devenv status"),
        lambda: ensure(install=True, ask=lambda q: True, say=lambda line: None, env=env, command="devenv status"),
    )
    for call in calls:
        with pytest.raises(DevenvError, match="This is the inside of a workspace") as caught:
            call()
        assert caught.value.hint.startswith(f"Type it on the host: {typed}devenv status.")
        assert caught.value.code == ExitCode.UNFIT


def _consent(questions: list[str], **given: bool) -> Consent:
    def ask(question: str) -> bool:
        questions.append(question)
        return False

    settings = {"install": True, "terminal": True, "no_install_variable": False} | given
    return Consent(ask=ask, say=lambda line: None, **settings)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"install": False}, "--no-install forbids it"),
        ({"no_install_variable": True}, "DEVENV_NO_INSTALL=1 forbids it"),
    ],
)
def test_what_is_forbidden_is_not_even_asked(given: dict[str, bool], says: str) -> None:
    questions: list[str] = []
    with pytest.raises(DevenvError, match=says) as caught:
        install(["no-such-package"], "to run containers", _consent(questions, **given))
    assert questions == []
    assert "apt-get install no-such-package" in caught.value.hint


def test_at_a_terminal_it_asks_and_a_no_is_a_no() -> None:
    questions: list[str] = []
    with pytest.raises(DevenvError, match="must be installed to run containers"):
        install(["no-such-package"], "to run containers", _consent(questions))
    assert questions == ["Install no-such-package with apt-get to run containers?"]


def _facts(os_id: str, like: tuple[str, ...] = (), wsl: bool = False) -> Facts:
    return Facts(
        uid=1000,
        gid=1000,
        home=Path("/home/a"),
        is_root=False,
        os_id=os_id,
        os_like=like,
        os_codename="",
        in_container=False,
        wsl=wsl,
        proxies={},
        listening=frozenset(),
        routes=(),
    )


def test_elsewhere_there_is_one_sentence_with_the_link_that_fits() -> None:
    assert "mac-install" in link(_facts("macos"))
    assert link(_facts("rocky", ("rhel", "centos", "fedora"))).endswith("/rhel/")
    assert "opensuse" in link(_facts("opensuse-leap", ("suse",)))
    assert "wsl" in link(_facts("fedora", wsl=True))
    assert link(_facts("plan9")).endswith("/engine/install/")
    error = none_here(_facts("arch"))
    assert error.code == ExitCode.UNFIT
    assert "arch" in error.message
    assert error.link == "https://wiki.archlinux.org/title/Docker"


def test_iptables_is_asked_for_by_name() -> None:
    assert {"docker.io", "iptables", "ca-certificates"} <= set(packages())
