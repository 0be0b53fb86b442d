"""`develop.watch` decided: which paths count, what a batch does."""

from __future__ import annotations

import pytest

from devenv.core.watch import Changes, Chosen, Owner, Rule, mounted, owner, rules, work
from devenv.model.errors import DevenvError
from devenv.model.stack import Build, Service


def rule(**more: object) -> Rule:
    given: dict[str, object] = {"service": "api", "path": "/r/src", "action": "sync", "target": "/app", **more}
    return Rule(**given)  # type: ignore[arg-type]


def service(watch: list[dict[str, object]], **more: object) -> Service:
    config = {"develop": {"watch": watch}, **more.pop("config", {})}  # type: ignore[dict-item]
    return Service(name="api", config=config, image="one", container_name="p-api-1", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/r/src/one.py", True),
        ("/r/src/deep/one.py", True),
        ("/r/src/one.pyc", True),  # `*.pyc` is of the top alone, as in .dockerignore, but for `**/`
        ("/r/src/cache/one.py", False),
        ("/r/src/cache/kept/one.py", True),
        ("/r/src/.git/index", False),
        ("/r/src/deep/.git", False),
        ("/r/src/.devenv/runs/1.jsonl", False),
        ("/r/src/.devcontainer/.env", False),
        ("/r/src/.one.py.swp", False),
        ("/r/src/deep/one.py~", False),
        ("/r/src/deep/4913", False),
        ("/r/src/secret.txt", False),
    ],
)
def test_what_counts(path: str, counts: bool) -> None:
    chosen = Chosen(rule(ignore=("cache", "!cache/kept")), [("/r", "src/secret.txt\nother\n")])
    assert chosen.ignored(path) is not counts


def test_an_ignored_folder_is_walked_only_where_something_in_it_counts() -> None:
    chosen = Chosen(rule(ignore=("cache", "!cache/kept", "modules/")))
    assert chosen.holds("/r/src/deep")
    assert chosen.holds("/r/src/cache")
    assert not chosen.holds("/r/src/modules")
    assert not chosen.holds("/r/src/modules/deep")


def test_a_dockerignore_of_everything_is_no_reason_not_to_watch() -> None:
    chosen = Chosen(rule(), [("/r", "*\n!package.json\n")])
    assert not chosen.ignored("/r/src/one.py")


def test_include_names_all_that_counts() -> None:
    chosen = Chosen(rule(include=("*.py", "deep/**/*.html")))
    assert [chosen.included(f"/r/src/{name}") for name in ("a.py", "a.txt", "in/a.py", "deep/er/a.html")] == [
        True, False, False, True,
    ]  # fmt: skip


def test_names_that_do_not_count_wherever_they_lie() -> None:
    chosen = Chosen(rule(), names=["Dockerfile"])
    assert chosen.ignored("/r/src/deep/Dockerfile")
    assert not chosen.ignored("/r/src/deep/Dockerfile.txt")


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(DevenvError):
        Chosen(rule(ignore=("[",)))


def test_a_batch_becomes_work() -> None:
    changed = Changes(there=("/r/src/new.py",), gone=("/r/src/old",))
    found = work(
        [
            (rule(), changed),
            (rule(action="rebuild", path="/r/lock", target=""), Changes()),
            (rule(action="sync+restart", path="/r/conf", target="/etc/app"), Changes(there=("/r/conf",))),
            (rule(service="web", action="rebuild", target=""), changed),
            (rule(service="job", action="sync+exec"), changed),
            (rule(service="log", action="restart", target=""), changed),
        ]
    )
    assert found["api"].copies == {
        "/app/old": "/r/src/old", "/app/new.py": "/r/src/new.py", "/etc/app": "/r/conf",
    }  # fmt: skip
    assert list(found["api"].clear) == ["/app/old"]
    assert (found["api"].rebuild, found["api"].restart) == (False, True)
    assert (found["web"].rebuild, found["web"].copies) == (True, {})
    assert [each.action for each in found["job"].runs] == ["sync+exec"]
    assert (found["log"].restart, found["log"].copies) == (True, {})
    assert work([(rule(), Changes())]) == {}


def test_rules_are_read_from_the_normal_form() -> None:
    watch = [{"path": "/r/src", "action": "sync", "target": "app/src/", "ignore": ["a"], "initial_sync": True,
              "exec": {"command": None}}]  # fmt: skip
    (found,) = rules({"api": service(watch)})  # type: ignore[arg-type]
    assert (found.target, found.ignore, found.initial, found.copies) == ("/app/src", ("a",), True, True)
    assert found.inside("/r/src/deep/one") == "/app/src/deep/one"
    assert found.inside("/r/src") == "/app/src"


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        ([], "No service says"),
        ([{"path": "/r", "action": "rebuild"}], "it has no `build`"),
        ([{"path": "/r", "action": "sync+exec", "target": "/a", "exec": {"command": None}}], "not what is run"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(watch: list[dict[str, object]], words: str) -> None:
    with pytest.raises(DevenvError, match=words) as caught:
        rules({"api": service(watch)})
    assert caught.value.hint


def test_what_is_built_can_be_rebuilt() -> None:
    watch: list[dict[str, object]] = [{"path": "/r", "action": "rebuild"}]
    assert rules({"api": service(watch, build=Build(context="/r"))})


def test_what_is_mounted_need_not_be_copied() -> None:
    volumes = {"volumes": [{"type": "bind", "source": "/r", "target": "/app"}]}
    assert mounted(rule(), service([], config=volumes))
    assert not mounted(rule(action="restart"), service([], config=volumes))
    assert not mounted(rule(path="/other"), service([], config=volumes))


PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
GROUP = "root:x:0:\nstaff:x:50:\n"


@pytest.mark.parametrize(
    ("user", "uid", "gid"),
    [("", 0, 0), ("app", 1000, 1001), ("1000", 1000, 1001), ("7", 7, 0), ("app:staff", 1000, 50), ("7:8", 7, 8)],
)
def test_whose_files_are_in_a_container(user: str, uid: int, gid: int) -> None:
    assert owner(user, PASSWD, GROUP) == Owner(uid=uid, gid=gid)


@pytest.mark.parametrize("user", ["nobody-here", "app:no-group"])
def test_a_user_whom_the_container_does_not_know(user: str) -> None:
    assert owner(user, PASSWD, GROUP) is None
