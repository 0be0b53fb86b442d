"""Build contexts from elsewhere: repositories by the real git, archives from a real web server on this host."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devenv.host.remote import fetch
from devenv.model.errors import DevenvError, ExitCode
from tests.gitweb import serving, without


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "a")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@a.test")
    return tmp_path / "cache"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "sub").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", ".")
    commit(folder, "one")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "Dockerfile").write_text(text)
    (folder / "sub" / "file").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", text)
    return git(folder, "rev-parse", "HEAD")


def test_a_repository_is_kept_until_it_is_asked_for_anew(repository: Path, cache: Path) -> None:
    place = f"file://{repository}#main:sub"
    found = Path(fetch(place, anew=False))
    assert [path.name for path in found.iterdir()] == ["file"]
    assert not list(cache.rglob(".git"))
    commit(repository, "two")
    assert (Path(fetch(place, anew=False)) / "file").read_text() == "one"
    assert (Path(fetch(place, anew=True)) / "file").read_text() == "two"
    assert not found.exists()


def test_a_commit_is_itself_and_asks_nobody_again(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    commit(repository, "two")
    place = f"file://{repository}#{first}"
    found = fetch(place, anew=True)
    assert (Path(found) / "Dockerfile").read_text() == "one"
    repository.rename(repository.with_name("gone"))
    assert fetch(place, anew=True) == found


def test_submodules_come_along(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", ".")
    git(outer, "submodule", "--quiet", "add", f"file://{repository}", "inner")
    git(outer, "commit", "-qm", "x")
    found = Path(fetch(f"file://{outer}", anew=False))
    assert (found / "inner" / "Dockerfile").read_text() == "one"


@pytest.mark.parametrize(
    ("fragment", "message"),
    [("#nothing", "cannot be fetched: .*nothing"), ("#main:none", "has no folder none"), ("#main:../..", "no folder")],
)
def test_what_a_repository_has_not(repository: Path, fragment: str, message: str) -> None:
    with pytest.raises(DevenvError, match=message) as failed:
        fetch(f"file://{repository}{fragment}", anew=False)
    assert failed.value.hint


def test_a_repository_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="cannot be fetched") as failed:
        fetch(f"file://{tmp_path}/none", anew=False)
    assert failed.value.code == ExitCode.UNFIT


@pytest.mark.parametrize("place", ["x.git#main", "x.tar.gz"])
def test_a_password_in_an_address_is_said_to_nobody(place: str) -> None:
    with pytest.raises(DevenvError, match="cannot be fetched") as failed:
        fetch(f"http://anna:secret-word@127.0.0.1:1/{place}", anew=False)
    assert "secret-word" not in failed.value.message + failed.value.hint
    assert "anna:***@" in failed.value.message


def test_a_machine_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DevenvError, match="needs git") as failed:
        fetch(f"file://{repository}", anew=False)
    assert "apt install git" in failed.value.hint


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    folder = tmp_path / "web"
    folder.mkdir()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(path, "w:gz") as made:
        for member, content in members:
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, link, mode
    return made


def test_an_archive_is_unpacked_with_links_and_modes(web: tuple[str, Path]) -> None:
    address, folder = web
    archive(
        folder / "x.tar.gz",
        (member("a", tarfile.DIRTYPE), b""),
        (member("a/tool", mode=0o755), b"run"),
        (member("a/link", tarfile.SYMTYPE, "tool"), b""),
        (member("hard", tarfile.LNKTYPE, "a/tool"), b""),
        (member("pipe", tarfile.FIFOTYPE), b""),
    )
    found = Path(fetch(f"{address}/x.tar.gz", anew=False))
    assert sorted(path.relative_to(found).as_posix() for path in found.rglob("*")) == ["a", "a/link", "a/tool", "hard"]
    assert (found / "a" / "link").readlink() == Path("tool")
    assert (found / "hard").read_bytes() == b"run"
    assert (found / "a" / "tool").stat().st_mode & 0o777 == 0o755


def test_what_is_no_archive_is_the_dockerfile(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "it").write_text("FROM x\n")
    assert (Path(fetch(f"{address}/it", anew=False)) / "Dockerfile").read_text() == "FROM x\n"


@pytest.mark.parametrize(
    "bad",
    [
        [member("../out")],
        [member("in", tarfile.SYMTYPE, "../../out")],
        # Each link stays inside by its text; what is written through both of them would not.
        [member("x", tarfile.SYMTYPE, "."), member("x/y", tarfile.SYMTYPE, ".."), member("y/out")],
        [member("a/b", tarfile.SYMTYPE, ".."), member("y", tarfile.SYMTYPE, "a/b/.."), member("y/out")],
        [member("y", tarfile.SYMTYPE, "."), member("y/out")],
    ],
)
def test_an_archive_that_would_write_outside(web: tuple[str, Path], tmp_path: Path, bad: list[tarfile.TarInfo]) -> None:
    address, folder = web
    archive(folder / "x.tar", *((each, b"") for each in bad))
    with pytest.raises(DevenvError, match="outside its folder"):
        fetch(f"{address}/x.tar", anew=False)
    assert not list(tmp_path.rglob("out"))


def test_links_that_lead_outside_together(web: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = web
    archive(
        folder / "x.tar",
        (member("./", tarfile.DIRTYPE), b""),
        (member("a/b/up", tarfile.SYMTYPE, "../.."), b""),
        (member("away", tarfile.SYMTYPE, "a/b/up/../.."), b""),
        (member("away/out"), b"harm"),
    )
    with pytest.raises(DevenvError, match="outside its folder"):
        fetch(f"{address}/x.tar", anew=False)
    assert not list(tmp_path.rglob("out"))


def test_an_archive_that_is_broken(web: tuple[str, Path]) -> None:
    address, folder = web
    archive(folder / "x.tar.gz", (member("./", tarfile.DIRTYPE), b""), (member("a"), os.urandom(50_000)))
    (folder / "half.tar.gz").write_bytes((folder / "x.tar.gz").read_bytes()[:30_000])
    archive(folder / "twice.tar", (member("a"), b""), (member("a/b"), b""))
    for name in ("half.tar.gz", "twice.tar"):
        with pytest.raises(DevenvError, match="cannot be unpacked"):
            fetch(f"{address}/{name}", anew=False)
    assert (Path(fetch(f"{address}/x.tar.gz", anew=False)) / "a").stat().st_size == 50_000


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ([member("in", tarfile.LNKTYPE, "/etc/passwd")], "in is a link to what is not in it"),
        ([member("a"), member("a/b")], "two things of one name"),
        ([member("a/b"), member("a")], "two things of one name"),
    ],
)
def test_an_archive_that_is_not_what_it_says(web: tuple[str, Path], bad: list[tarfile.TarInfo], why: str) -> None:
    address, folder = web
    archive(folder / "x.tar", *((each, b"") for each in bad))
    with pytest.raises(DevenvError, match=why) as failed:
        fetch(f"{address}/x.tar", anew=False)
    assert failed.value.hint


def test_an_archive_that_is_cut_short(web: tuple[str, Path]) -> None:
    address, folder = web
    archive(folder / "x.tar", (member("a"), bytes(100_000)), (member("b"), b"b"))
    whole = (folder / "x.tar").read_bytes()
    (folder / "x.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DevenvError, match="cut short"):
        fetch(f"{address}/x.tar", anew=False)


def test_a_link_gives_way_to_a_file_of_its_name(web: tuple[str, Path]) -> None:
    address, folder = web
    archive(folder / "x.tar", (member("a"), b"1"), (member("b", tarfile.SYMTYPE, "a"), b""), (member("b"), b"2"))
    found = Path(fetch(f"{address}/x.tar", anew=False))
    assert ((found / "a").read_bytes(), (found / "b").read_bytes()) == (b"1", b"2")


def test_an_address_that_nothing_answers(web: tuple[str, Path]) -> None:
    with pytest.raises(DevenvError, match="not found"):
        fetch(f"{web[0]}/none", anew=False)
    with pytest.raises(DevenvError, match="no `oci-layout` context"):
        fetch("oci-layout://x", anew=False)


@pytest.mark.parametrize(("said", "user", "password"), [("tok-9f3a", "tok-9f3a", ""), ("me:9f3a%21", "me", "9f3a!")])
def test_a_token_goes_to_the_server_and_nowhere_else(
    repository: Path, tmp_path: Path, cache: Path, said: str, user: str, password: str
) -> None:
    outer = tmp_path / "outer.git"
    outer.mkdir()
    git(outer, "init", "-q", ".")
    (outer / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n\turl = ../repository\n')
    git(outer, "add", ".gitmodules")
    git(outer, "update-index", "--add", "--cacheinfo", f"160000,{commit(repository, 'in')},inner")
    git(outer, "commit", "-qm", "x")
    with serving(tmp_path, user, password) as web:
        found = Path(fetch(f"http://{said}@{web.host}/outer.git", anew=False))
    assert (found / "inner" / "Dockerfile").read_text() == "in"
    assert any("git-remote-http" in line for line in web.seen)
    assert not [line for line in web.seen if "9f3a" in line and "pytest" not in line]
    without("9f3a", cache)


def test_an_archive_with_a_password_is_asked_for_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Guarded(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization")))
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{server.server_port}/file")
                self.end_headers()
            else:
                super().do_GET()

    (tmp_path / "file").write_text("FROM x\n")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Guarded, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = fetch(f"http://anna:se%20cret@127.0.0.1:{server.server_port}/moved", anew=False)
        server.shutdown()
    assert (Path(found) / "Dockerfile").read_text() == "FROM x\n"
    assert seen == [("/moved", "Basic YW5uYTpzZSBjcmV0"), ("/file", None)]
