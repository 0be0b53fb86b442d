"""Why a container's program cannot be run: found by looking into the container, in words and with a remedy."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.model.errors import DevenvError
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine, InnerFile

_NAMED = re.compile(r"exec:? \"?([^\s\":]+)")
"""The program that an engine (`exec: "x": …`), its runtime or an init (`exec x failed`) could not start."""
_ABSENT = re.compile(r"executable file not found in \$PATH", re.I)
_UNKNOWN = re.compile(r"(?:^|: )([\w./+-]+): (?:command )?not found$", re.M)
"""What shells say of a command that they do not find."""
_NO_FILE = re.compile(r"no such file|not found", re.I)
_FORMAT = re.compile(r"exec format error", re.I)
_NOT_FOUND = 127
_SHELLS = frozenset(("sh", "ash", "bash", "dash", "ksh", "zsh"))
_LOADER = re.compile(rb"/lib\w*/[\w./-]*ld[\w.-]*\.so[.\d]*")
_MACHINES: Mapping[int, str] = {0x03: "386", 0x28: "arm", 0x3E: "amd64", 0xB7: "arm64", 0xF3: "riscv64"}
"""ELF's `e_machine`, in the words that images use for it."""
_ARCHES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm"}
_SCRIPTS = 4
"""Scripts on a command line that are looked into."""


def why_not_run(engine: Engine, container: ObservedContainer, service: str, said: str) -> tuple[str, str]:
    """(sentence, remedy) about the program of `container` of `service`; ("", "") where it is not to blame as far as
    one can see. `said` are the last words of the engine or the container. The sentence goes on after "SERVICE:"."""
    words = _command(container)
    unknown = _UNKNOWN.search(said) if container.exit_code == _NOT_FOUND else None
    if unknown:
        return _missing(container, service, unknown[1])
    named = _NAMED.search(said)
    program = named[1] if named else (words[0] if words else "")
    if not program:
        return "", ""
    if _ABSENT.search(said):
        return _missing(container, service, program)
    try:
        found = _program(engine, container, service, program, said) if "/" in program else ("", "")
        return found if found[0] else _scripts(engine, container, words)
    except DevenvError:
        return "", ""


def plain(message: str) -> str:
    """What an engine says of a start that failed, without the names of its parts."""
    return re.sub(
        r"^.*(?:unable to start container process|starting container process caused): ", "", message
    ).removesuffix(": unknown")


def _program(engine: Engine, container: ObservedContainer, service: str, program: str, said: str) -> tuple[str, str]:
    path = _absolute(container, program)
    file = engine.read_file(container.id, path)
    if file is None and _FORMAT.search(said):
        return (
            f"its program {path} is for another machine's architecture, or a script without a `#!` line",
            f"build or pull the image for {_here(engine)}, or mend the script, then `devenv up` again",
        )
    if file is None:
        return _not_there(container, service, path) if _NO_FILE.search(said) else ("", "")
    if file.folder:
        return f"its command {path} is a folder", f"name a program in `command` or `entrypoint` of {service}"
    if file.head.startswith(b"#!"):
        line = file.head.partition(b"\n")[0]
        if line.endswith(b"\r"):
            return _windows(container, path)
        interpreter = line[2:].decode("utf-8", "replace").split()
        if interpreter and engine.read_file(container.id, interpreter[0]) is None:
            return (
                f"its script {path} asks for {interpreter[0]}, which is not in the image {container.image}",
                f"begin it with `#!/bin/sh`, or install {posixpath.basename(interpreter[0])} in the image, "
                "then `devenv up --build`",
            )
    if not file.mode & 0o111:
        return f"its command {path} is not executable", _make_executable(container, path)
    if file.head.startswith(b"\x7fELF") and (_NO_FILE.search(said) or _FORMAT.search(said)):
        return _binary(engine, container, service, path, file)
    if _FORMAT.search(said):
        return (
            f"its command {path} is neither a program nor a script that says what runs it",
            f"begin {_whence(container, path)} with `#!/bin/sh`, then `devenv up` again",
        )
    return "", ""


def _binary(engine: Engine, container: ObservedContainer, service: str, path: str, file: InnerFile) -> tuple[str, str]:
    machine = int.from_bytes(file.head[18:20], "big" if file.head[5:6] == b"\x02" else "little")
    here = _here(engine)
    there = _MACHINES.get(machine, f"machine {machine}")
    if here in _MACHINES.values() and there != here and (here, there) != ("amd64", "386"):
        return (
            f"its program {path} is for {there}, and this engine runs {here}",
            f"build or pull the image for {here} (`platform: linux/{here}`), then `devenv up` again",
        )
    loader = _LOADER.search(file.head)
    if loader and engine.read_file(container.id, loader[0].decode()) is None:
        name = loader[0].decode()
        kind = "Alpine (musl)" if "musl" in name else "Debian and the like (glibc)"
        return (
            f"its program {path} needs {name}, which is not in the image {container.image}",
            f"it was built for {kind}: build it in the image it runs in, or base {service} on one of that kind",
        )
    return "", ""


def _here(engine: Engine) -> str:
    return _ARCHES.get(engine.info.arch, engine.info.arch)


def _scripts(engine: Engine, container: ObservedContainer, words: list[str]) -> tuple[str, str]:
    """A shell script among the words, with Windows line ends: each of its lines means something else to a shell."""
    for path in _candidates(container, words):
        file = engine.read_file(container.id, path)
        if file is not None and b"\r\n" in file.head:
            return _windows(container, path)
    return "", ""


def _candidates(container: ObservedContainer, words: list[str]) -> Iterator[str]:
    found = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if word.endswith(".sh") or (posixpath.basename(before) in _SHELLS and not word.startswith("-"))
    ]
    plain = (word for word in found if re.fullmatch(r"[\w./+@-]+", word))
    yield from (_absolute(container, word) for word, _ in zip(plain, range(_SCRIPTS), strict=False))


def _windows(container: ObservedContainer, path: str) -> tuple[str, str]:
    source = _source(container, path)
    mend = f"`sed -i 's/\\r$//' {source or 'FILE'}` mends it"
    rest = "" if source else f", where FILE is what the image has as {path}; `devenv up --build` then"
    return (
        f"its script {path} has Windows line ends (CRLF)",
        f"{mend}{rest}; the line `*.sh text eol=lf` in .gitattributes keeps it so. Then `devenv up` again",
    )


def _make_executable(container: ObservedContainer, path: str) -> str:
    source = _source(container, path)
    if source:
        return f"`chmod +x {source}` (`git update-index --chmod=+x` keeps it so), then `devenv up` again"
    return f"`RUN chmod +x {path}` in the Dockerfile, or `chmod +x` on what it copies, then `devenv up --build`"


def _missing(container: ObservedContainer, service: str, program: str) -> tuple[str, str]:
    return (
        f"its command `{program}` is not in the image {container.image}",
        f"mend `command` or `entrypoint` of {service}, or install {program} in the image, then `devenv up` again",
    )


def _not_there(container: ObservedContainer, service: str, path: str) -> tuple[str, str]:
    over = _mount(container, path)
    if over:
        return (
            f"its command {path} is not there: {over[1]} is mounted on {over[0]} and hides what the image has there",
            f"put it there too, or mount elsewhere (`volumes` of {service}), then `devenv up` again",
        )
    return (
        f"its command {path} is not in the image {container.image}",
        f"mend `command` or `entrypoint` of {service}, or put the file into the image, then `devenv up` again",
    )


def _command(container: ObservedContainer) -> list[str]:
    config: Mapping[str, Any] = container.config
    return [str(word) for key in ("Entrypoint", "Cmd") for word in config.get(key) or ()]


def _absolute(container: ObservedContainer, path: str) -> str:
    return posixpath.normpath(posixpath.join("/", str(container.config.get("WorkingDir") or "/"), path))


def _mount(container: ObservedContainer, path: str) -> tuple[str, str] | None:
    """(target, source) of the mount that `path` lies in."""
    inside = [(t, s) for t, s in container.mounts.items() if path == t or path.startswith(t.rstrip("/") + "/")]
    return max(inside, key=lambda pair: len(pair[0]), default=None)


def _source(container: ObservedContainer, path: str) -> str:
    """The file of the host that is mounted at `path`; "" where the image brings it, or a volume."""
    found = _mount(container, path)
    if found is None or not found[1].startswith("/"):
        return ""
    return found[1] + path[len(found[0].rstrip("/")) :] if path != found[0] else found[1]


def _whence(container: ObservedContainer, path: str) -> str:
    return _source(container, path) or "it"
