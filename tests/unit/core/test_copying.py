from __future__ import annotations

import pytest

from devenv.core.copying import Landing, Side, There, landing, renamed, sides
from devenv.model.errors import DevenvError, ExitCode

FILE, FOLDER, NOTHING = There(exists=True), There(exists=True, directory=True), There()


@pytest.mark.parametrize(
    ("written", "side"),
    [
        ("db:/etc/hosts", Side(service="db", path="/etc/hosts")),
        ("db:etc", Side(service="db", path="/etc")),
        ("db:", Side(service="db", path="/")),
        ("./a:b", Side(path="./a:b")),
        ("/a:b", Side(path="/a:b")),
        ("a", Side(path="a")),
        (":a", Side(path=":a")),
        ("-", Side(path="-")),
    ],
)
def test_a_side_is_read_as_compose_reads_it(written: str, side: Side) -> None:
    pair = sides(written, "here") if side.service else sides(written, "db:/x")
    assert pair[0] == side
    assert pair[0].stream is (written == "-")


def test_exactly_one_side_is_in_a_service() -> None:
    for source, target, says in (("a", "b", "Neither side"), ("a:/x", "b:/y", "Both sides")):
        with pytest.raises(DevenvError, match=says) as caught:
            sides(source, target)
        assert caught.value.code == ExitCode.INPUT


@pytest.mark.parametrize(
    ("source", "there", "target", "found", "expected"),
    [
        ("a.txt", FILE, "/tmp", FOLDER, Landing(folder="/tmp")),
        ("a.txt", FILE, "/tmp/b.txt", NOTHING, Landing(folder="/tmp", name="b.txt")),
        ("a.txt", FILE, "/tmp/b.txt", FILE, Landing(folder="/tmp", name="b.txt")),
        ("d", FOLDER, "/tmp", FOLDER, Landing(folder="/tmp")),
        ("d", FOLDER, "/tmp/new", NOTHING, Landing(folder="/tmp", name="new")),
        ("d", FOLDER, "/tmp/new/", NOTHING, Landing(folder="/tmp", name="new")),
        ("d/.", FOLDER, "/tmp/new", NOTHING, Landing(folder="/tmp", name="new")),
    ],
)
def test_where_it_arrives(source: str, there: There, target: str, found: There, expected: Landing) -> None:
    assert landing(Side(path=source), there, Side(service="db", path=target), found) == expected


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DevenvError, match="d is a folder, and db:/a is a file"):
        landing(Side(path="d"), FOLDER, Side(service="db", path="/a"), FILE)
    with pytest.raises(DevenvError, match="There is no folder db:/new/ to copy a into"):
        landing(Side(path="a"), FILE, Side(service="db", path="/new/"), NOTHING)


def test_names_in_the_tar_are_changed_at_their_top() -> None:
    new, same = Landing(folder="/x", name="new"), Landing(folder="/x")
    assert [renamed(n, new) for n in ("d", "d/", "d/a", "d/b/c", "./a", ".")] == [
        "new", "new", "new/a", "new/b/c", "new/a", "new",
    ]  # fmt: skip
    assert [renamed(n, same) for n in ("d", "d/a", "./a", ".", "/abs")] == ["d", "d/a", "a", ".", "abs"]
    for bad in ("../a", "d/../../a"):
        with pytest.raises(DevenvError, match="points out of the folder"):
            renamed(bad, same)
