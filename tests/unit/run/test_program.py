from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.backends.fake import FakeEngine
from devenv.model.errors import CannotRun, DevenvError, ExitCode
from devenv.model.observed import ObservedContainer
from devenv.run.failure import cannot_run
from devenv.run.program import plain, why_not_run
from tests.unit.run.virtual import IMAGE, container

OCI = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
NO_FILE = "exec /run.sh: no such file or directory"
ELF = b"\x7fELF\x02\x01" + bytes(12)
MUSL = ELF + b"\x3e\x00" + b"\x00/lib/ld-musl-x86_64.so.1\x00"


def why(
    said: str,
    *words: str,
    files: dict[str, tuple[bytes, int]] | None = None,
    mounts: dict[str, str] | None = None,
    **changes: Any,
) -> tuple[str, str]:
    """What is said of a container of service `app` whose command is `words`, after its engine or itself said `said`."""
    engine = FakeEngine(images=[IMAGE])
    engine._info = replace(engine.info, arch="x86_64")
    name = container(engine, *words, start=False, WorkingDir="/srv")
    engine.copy_in(name, files or {})
    seen = replace(engine.inspect(name), mounts=mounts or {}, **changes)
    return why_not_run(engine, seen, "app", said)


def test_a_command_that_is_not_in_the_image() -> None:
    sentence, remedy = why(f'{OCI}exec: "gunicorn": executable file not found in $PATH: unknown', "gunicorn", "app:app")
    assert sentence == "its command `gunicorn` is not in the image app:1"
    assert remedy == ("mend `command` or `entrypoint` of app, or install gunicorn in the image, then `devenv up` again")
    for said in ("sh: 1: gunicorn: not found", "starting\nbash: line 1: gunicorn: command not found"):
        assert why(said, "sh", "-c", "gunicorn", exit_code=127)[0] == sentence
    assert why("ERROR: users: not found", "sh", "-c", "app", exit_code=1) == ("", "")


def test_a_file_that_is_not_there() -> None:
    said = f'{OCI}exec: "./run.sh": stat ./run.sh: no such file or directory: unknown'
    assert why(said, "./run.sh")[0] == "its command /srv/run.sh is not in the image app:1"
    sentence, remedy = why(said, "./run.sh", mounts={"/srv": "/home/me/shop/api"})
    assert sentence == (
        "its command /srv/run.sh is not there: /home/me/shop/api is mounted on /srv and hides what the image has there"
    )
    assert "`volumes` of app" in remedy
    assert why("the database is away", "/run.sh") == ("", "")  # it ran, and removed itself


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (NO_FILE, ("/run.sh",)),
        ("[FATAL tini (7)] exec /run.sh failed: No such file or directory", ("/run.sh",)),
        ("/run.sh: 2: \r: not found", ("sh", "/run.sh", "--now")),
        ("invalid time interval '1\\r'", ("bash", "-e", "/run.sh")),
        ("x", ("sh", "../run.sh")),
    ],
)
def test_windows_line_ends(said: str, words: tuple[str, ...]) -> None:
    files = {"/run.sh": (b"#!/bin/sh\r\nexec sleep 1\r\n", 0o755)}
    sentence, remedy = why(said, *words, files=files, mounts={"/run.sh": "/home/me/shop/run.sh"})
    assert sentence == "its script /run.sh has Windows line ends (CRLF)"
    assert remedy == (
        "`sed -i 's/\\r$//' /home/me/shop/run.sh` mends it; the line `*.sh text eol=lf` in .gitattributes keeps it so. "
        "Then `devenv up` again"
    )
    remedy = why(said, *words, files=files, mounts={"/": "some-volume"})[1]
    assert "where FILE is what the image has as /run.sh" in remedy
    assert "`devenv up --build`" in remedy


def test_a_script_that_is_whole_is_not_to_blame() -> None:
    files = {"/run.sh": (b"#!/bin/sh\nexit 3\n", 0o755), "/bin/sh": (ELF, 0o755)}
    assert why("no such table", "/run.sh", files=files) == ("", "")
    assert why("no such table", "sh", "/run.sh", files=files) == ("", "")
    assert why("no such table", "python", "/run.py", files={"/run.py": (b"1/0\r\n", 0o644)}) == ("", "")
    assert why("no such table") == ("", "")


def test_a_script_that_is_not_executable() -> None:
    said = f'{OCI}exec: "/run.sh": permission denied: unknown'
    files = {"/run.sh": (b"#!/bin/sh\n", 0o644), "/bin/sh": (ELF, 0o755)}
    sentence, remedy = why(said, "/run.sh", files=files)
    assert sentence == "its command /run.sh is not executable"
    assert "`RUN chmod +x /run.sh` in the Dockerfile" in remedy
    remedy = why(said, "/run.sh", files=files, mounts={"/run.sh": "/home/me/shop/run.sh"})[1]
    assert remedy.startswith("`chmod +x /home/me/shop/run.sh` (`git update-index --chmod=+x` keeps it so)")


def test_an_interpreter_that_is_not_there() -> None:
    sentence, remedy = why(NO_FILE, "/run.sh", files={"/run.sh": (b"#!/bin/bash -e\n", 0o755)})
    assert sentence == "its script /run.sh asks for /bin/bash, which is not in the image app:1"
    assert "`#!/bin/sh`" in remedy


def test_a_program_for_another_machine() -> None:
    said = "exec /run: exec format error"
    sentence, remedy = why(said, "/run", files={"/run": (ELF + b"\xb7\x00", 0o755)})
    assert sentence == "its program /run is for arm64, and this engine runs amd64"
    assert "`platform: linux/amd64`" in remedy
    big = b"\x7fELF\x02\x02" + bytes(12) + b"\x00\x16"
    assert why(said, "/run", files={"/run": (big, 0o755)})[0].startswith("its program /run is for machine 22, and")
    assert "for another machine's architecture, or a script" in why(said, "/run")[0]
    sentence, remedy = why(said, "/run", files={"/run": (b"echo hello\n", 0o755)})
    assert sentence == "its command /run is neither a program nor a script that says what runs it"
    assert remedy == "begin it with `#!/bin/sh`, then `devenv up` again"


def test_a_program_of_another_c_library() -> None:
    sentence, remedy = why("exec /run: no such file or directory", "/run", files={"/run": (MUSL, 0o755)})
    assert sentence == "its program /run needs /lib/ld-musl-x86_64.so.1, which is not in the image app:1"
    assert "Alpine" in remedy
    there = {"/run": (MUSL, 0o755), "/lib/ld-musl-x86_64.so.1": (ELF, 0o755)}
    assert why("exec /run: no such file or directory", "/run", files=there) == ("", "")
    assert why("it cannot be reached", "/run", files={"/run": (MUSL, 0o755)}) == ("", "")


def test_an_engine_that_cannot_look_says_nothing() -> None:
    class Blind(FakeEngine):
        def read_file(self, container: str, path: str) -> Any:
            raise DevenvError("no", hint="x", code=ExitCode.FAILED)

    seen = ObservedContainer(
        id="c", name="c", image="i", image_id="i", state="exited", labels={}, config={"Cmd": ["/x"]}
    )
    assert why_not_run(Blind(), seen, "app", NO_FILE) == ("", "")


def test_what_cannot_be_found_is_told_in_the_engines_words() -> None:
    error = CannotRun(f"cannot start container x: {OCI}exec: strange: unknown", hint="look", code=ExitCode.FAILED)
    engine = FakeEngine(images=[IMAGE])
    told = cannot_run(engine, "app", container(engine, "app", start=False), error)
    assert (told.message, told.hint) == ("app cannot start: exec: strange", "look")
    assert plain("no OCI words") == "no OCI words"
