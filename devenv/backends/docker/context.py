"""Build contexts: which files are sent, as a tar stream, and the digest that says whether anything changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devenv.core.copied import GIT, takes_git
from devenv.core.dockerignore import Matcher, State
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Build

if TYPE_CHECKING:
    import tarfile

IGNORED_DOCKERFILE = ".devenv.Dockerfile"
"""Where a Dockerfile is sent that is not among the context's files: inline, outside of it, or ignored."""
_STATE = (".devenv", ".devcontainer/.env")
"""What devenv itself writes at each `up`, secrets among it: no part of an image, and no reason to build one anew."""
_SETTINGS = ("cache_inline", "extra_hosts", "shm_size", "tags", "ulimits")
"""Further fields of a build that change what is built."""
_CHUNK = 256 * 1024
_BLOCK = 512
_RACY = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, folder or symbolic link. `path` is relative to the context, with slashes."""

    path: str
    source: str
    found: os.stat_result
    target: str = ""

    @property
    def folder(self) -> bool:
        return stat.S_ISDIR(self.found.st_mode)

    @property
    def link(self) -> bool:
        return stat.S_ISLNK(self.found.st_mode)


def dockerfile(build: Build) -> str:
    """The text of the Dockerfile. Raises DevenvError where it cannot be read, or its context is not there."""
    if build.inline is not None:
        return build.inline
    _must_be_there(build)
    path = dockerfile_path(build)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError as error:
        raise DevenvError(
            f"the Dockerfile {path} cannot be read: {error.strerror}",
            hint="write it, or say where it is with `build.dockerfile` (relative to `build.context`)",
            where=build.where,
        ) from None


def dockerfile_path(build: Build) -> str:
    return os.path.normpath(os.path.join(build.context, build.dockerfile))


def entries(build: Build) -> tuple[Entry, ...]:
    """What of the context is sent, in the order of the paths, folders before what is in them; `.dockerignore` (or
    `<Dockerfile>.dockerignore`, which comes first) is applied, and devenv's own state is left out. Raises DevenvError
    where something cannot be read."""
    if not build.context:
        return ()
    _must_be_there(build)
    return tuple(_walk(build.context, "", _matcher(build), None))


def _must_be_there(build: Build) -> None:
    if build.context and not os.path.isdir(build.context):
        raise DevenvError(
            f"the build context {build.context} is not a folder",
            hint="`build.context` names a folder, relative to the file that says so",
            where=build.where,
        )


def under(name: str, folder: str, files: Sequence[Entry]) -> tuple[Entry, ...]:
    """`files` of `folder`, in a folder called `name`."""
    top = Entry(path=name, source=folder, found=os.stat(folder))
    return (top, *(replace(entry, path=f"{name}/{entry.path}") for entry in files))


def sent_dockerfile(build: Build, files: Sequence[Entry]) -> str:
    """The name under which the Dockerfile is sent: its own where it is one of `files`."""
    if build.inline is None:
        path = os.path.relpath(dockerfile_path(build), build.context).replace(os.sep, "/")
        if any(entry.path == path for entry in files):
            return path
    return IGNORED_DOCKERFILE


def tar(files: Sequence[Entry], extra: Mapping[str, bytes]) -> Iterator[bytes]:
    """`files` as a tar in parts; `extra` (path → content) replaces or adds. Owner is root, as the engine's own client
    has it; times are kept (a web server's ETag is made of them), the builder's cache does not look at them."""
    import tarfile  # only a build needs it: a context is looked at far more often

    written = set()
    for entry in files:
        if entry.path in extra:
            continue
        written.add(entry.path)
        yield from _member(entry)
    for path, content in sorted(extra.items()):
        member = tarfile.TarInfo(path)
        member.size, member.mode = len(content), 0o644
        yield _head(member)
        yield content + b"\0" * (-len(content) % _BLOCK)
    yield b"\0" * (2 * _BLOCK)


def digest(build: Build, memo: str = "", *, folders: Mapping[str, str] | None = None, settled: float = _RACY) -> str:
    """Hex sha256 over all that a build is made of: the paths, contents, links and executable bits that would be sent,
    the Dockerfile, arguments, labels, target and platform. Times and owners do not count, nor does git's own folder
    where the Dockerfile copies nothing of it. `folders` are the digests of those that are further contexts.

    `memo` is a JSON file ("" for none) in which digests of unchanged files are kept from call to call; not those of
    files younger than `settled` seconds, which may change again within one tick of their time stamps."""
    known = _read_memo(memo)
    kept: dict[str, list[object]] = {}
    total = hashlib.sha256()
    given = [dict(sorted(build.args.items())), dict(sorted(build.labels.items()))]
    text = dockerfile(build)
    without_git = not takes_git(text)
    settings = [text, *given, build.target, build.platform, build.network]
    # Only what is said counts, so that a key which a later version knows makes no image stale.
    more = {key: given for key in _SETTINGS if (given := getattr(build, key))}
    if build.contexts:
        known_folders = folders or {}
        more["contexts"] = {name: known_folders.get(place, place) for name, place in build.contexts.items()}
    total.update(json.dumps([*settings, more] if more else settings).encode())
    for entry in entries(build):
        if without_git and (entry.path == GIT or entry.path.startswith(f"{GIT}/")):
            continue
        if entry.folder:
            content, kind = "", "d"
        elif entry.link:
            content, kind = entry.target, "l"
        else:
            content = _content(entry, known, kept, settled)
            kind = "x" if entry.found.st_mode & 0o111 else "f"
        total.update(json.dumps([kind, entry.path, content]).encode())
    if memo and kept != known:
        _write_memo(memo, kept)
    return total.hexdigest()


def _matcher(build: Build) -> Matcher:
    candidates = [os.path.join(build.context, ".dockerignore")]
    if build.inline is None:
        candidates.insert(0, dockerfile_path(build) + ".dockerignore")
    for path in candidates:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                return Matcher(file.read(), path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(path, error) from None
    return Matcher("")


def _walk(folder: str, prefix: str, matcher: Matcher, state: State | None) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as listing:
            found = sorted(listing, key=lambda item: item.name)
    except OSError as error:
        raise _unreadable(folder, error) from None
    for item in found:
        path = prefix + item.name
        if any(path == own or path.endswith(f"/{own}") for own in _STATE):
            continue
        ignored, inner = matcher.look(path, state)
        try:
            seen = item.stat(follow_symlinks=False)
            target = os.readlink(item.path) if stat.S_ISLNK(seen.st_mode) else ""
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(item.path, error) from None
        if stat.S_ISDIR(seen.st_mode):
            if not ignored:
                yield Entry(path=path, source=item.path, found=seen)
                yield from _walk(item.path, path + "/", matcher, inner)
            elif matcher.may_hold(path):
                below = tuple(_walk(item.path, path + "/", matcher, inner))
                if below:
                    # Ignored itself, but something in it is not.
                    yield Entry(path=path, source=item.path, found=seen)
                    yield from below
        elif not ignored and (stat.S_ISREG(seen.st_mode) or target):
            # Sockets, pipes and devices are not sent, as the engine's own client does not.
            yield Entry(path=path, source=item.path, found=seen, target=target)


def _member(entry: Entry) -> Iterator[bytes]:
    import tarfile

    member = tarfile.TarInfo(entry.path)
    member.mode = stat.S_IMODE(entry.found.st_mode)
    member.mtime = int(entry.found.st_mtime)
    if entry.folder:
        member.type = tarfile.DIRTYPE
    elif entry.link:
        member.type, member.linkname = tarfile.SYMTYPE, entry.target
    if entry.folder or entry.link:
        yield _head(member)
        return
    member.size = entry.found.st_size
    yield _head(member)
    left = member.size
    try:
        with open(entry.source, "rb") as file:
            while left and (part := file.read(min(_CHUNK, left))):
                left -= len(part)
                yield part
    except OSError as error:
        raise _unreadable(entry.source, error) from None
    if left:
        raise DevenvError(
            f"{entry.source} became shorter while it was sent to the build",
            hint="let what writes it end, or name it in .dockerignore, and call devenv again",
            code=ExitCode.FAILED,
        )
    if member.size % _BLOCK:
        yield b"\0" * (-member.size % _BLOCK)


def _head(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(2, "utf-8", "surrogateescape")  # 2: PAX_FORMAT


def _content(entry: Entry, known: Mapping[str, list[object]], kept: dict[str, list[object]], settled: float) -> str:
    found = entry.found
    print_: list[object] = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    old = known.get(entry.source)
    if old is not None and old[:4] == print_:
        kept[entry.source] = old
        return str(old[4])
    made = hashlib.sha256()
    try:
        with open(entry.source, "rb") as file:
            while part := file.read(_CHUNK):
                made.update(part)
    except OSError as error:
        raise _unreadable(entry.source, error) from None
    answer = made.hexdigest()
    if time.time() - max(found.st_mtime, found.st_ctime) > settled:
        kept[entry.source] = [*print_, answer]
    return answer


def _read_memo(memo: str) -> dict[str, list[object]]:
    """A memo that is not there, torn or of another form is an empty one."""
    if not memo:
        return {}
    try:
        with open(memo, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, list) and len(value) == 5}


def _write_memo(memo: str, kept: Mapping[str, list[object]]) -> None:
    # It only saves time: where it cannot be written, nothing is lost.
    with contextlib.suppress(OSError):
        beside = f"{memo}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        os.replace(beside, memo)


def _unreadable(path: str, error: OSError) -> DevenvError:
    return DevenvError(
        f"{path}, which is part of a build context, cannot be read: {error.strerror}",
        hint="make it readable (`chmod`), or name it in .dockerignore",
    )
