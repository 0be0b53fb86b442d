"""Places, and what is wrong; what `include` and `extends` mean is held to Compose itself by `tests/cases/compose`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from devenv.core.compose.documents import model, wanted
from devenv.core.compose.layers import Given
from devenv.core.compose.remote import Address, is_remote, read
from devenv.core.source import read_layers
from devenv.model.errors import DevenvError, DevenvErrors, Span

HERE = "/repo"


def _given(files: Mapping[str, str], texts: Mapping[str, str] | None = None) -> Given:
    return Given(
        files={f"{HERE}/{name}": read_layers(text, name) for name, text in files.items()},
        texts={f"{HERE}/{name}": text for name, text in (texts or {}).items()},
    )


def _errors(text: str, **files: str) -> list[tuple[str, str]]:
    given = _given({f"{name}.yaml": body for name, body in files.items()}, {".env": ""})
    with pytest.raises(DevenvError) as caught:
        model(read_layers(text, "compose.yaml"), variables={}, working_dir=HERE, given=given)
    found = caught.value.errors if isinstance(caught.value, DevenvErrors) else [caught.value]
    assert all(error.hint for error in found)
    return [(str(error.where), error.message) for error in found]


def test_what_is_wanted_is_named_once_with_its_place() -> None:
    text = "include: [a.yaml]\nservices:\n  b: {extends: {file: b.yaml, service: x}}\n"
    found = wanted(read_layers(text, "compose.yaml"), variables={}, working_dir=HERE)
    assert [(file.path, str(file.where)) for file in found.files] == [
        ("/repo/b.yaml", "compose.yaml:3:17"),
        ("/repo/a.yaml", "compose.yaml:1:11"),
    ]
    given = _given({"a.yaml": "services: {a: {image: x}}", "b.yaml": "services: {x: {image: x}}"})
    then = wanted(read_layers(text, "compose.yaml"), variables={}, working_dir=HERE, given=given)
    assert [(file.path, file.required) for file in then.texts] == [("/repo/.env", False)]


def test_what_is_wrong_in_a_file_that_is_included_or_extended_is_told_at_its_place_there() -> None:
    bad = "services:\n  a:\n    image: x\n    porst: []\n"
    assert _errors("include: [a.yaml]", a=bad) == [("a.yaml:4:5", "`porst` is no key of `services.a`.")]
    text = "services: {b: {extends: {file: a.yaml, service: a}}}"
    assert _errors(text, a=bad) == [("a.yaml:4:5", "`porst` is no key of `services.b`.")]
    missing = "services: {a: {image: '$NOPE'}}"
    assert _errors("include: [a.yaml]", a=missing) == [("a.yaml:1:23", "The variable `NOPE` has no value.")]


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("services:\n  a: {extends: 1}", "compose.yaml:2:7", "`extends` must be a service's name or a mapping."),
        ("services:\n  a: {extends: {servce: b}}", "compose.yaml:2:7", "`extends` names no service."),
        ("services:\n  a: {extends: {service: b, file: 1}}", "compose.yaml:2:29", "`file` must be a path."),
        ("services:\n  a: {extends: b}\n  b: text", "compose.yaml:2:7", "`b` is no mapping, so nothing can extend it."),
        (
            "services:\n  a: {extends: {file: e.yaml, service: b}}",
            "compose.yaml:2:17",
            "The file /repo/e.yaml is empty.",
        ),
        ("include:\n- {env_file: x}", "compose.yaml:2:3", "An item of `include` has no `path`."),
        ("include:\n- {path: [[]]}", "compose.yaml:2:4", "`path` must be a path."),
        ("include:\n- 1", "compose.yaml:2:3", "An item of `include` must be a path or a mapping."),
        ("include: [e.yaml]", "compose.yaml:1:11", "The file /repo/e.yaml is empty."),
        ("[]", "compose.yaml:1:1", "A Compose file is a mapping with `services`."),
    ],
)
def test_what_cannot_be_extended_or_included(text: str, where: str, message: str) -> None:
    assert (where, message) in _errors(text, e="")


def test_what_compose_warns_of_is_a_notice() -> None:
    text = "version: '3'\ninclude: [{path: a.yaml, dir: x}]\nservices: {a: {image: 'x$NOPE'}}\n"
    found = model(
        read_layers(text, "compose.yaml"), variables={}, working_dir=HERE, lenient=True,
        given=_given({"a.yaml": "services: {b: {image: x}}"}, {".env": ""}),
    )  # fmt: skip
    assert [notice.partition(": ")[0] for notice in found.notices] == [
        "compose.yaml:2:26",
        "compose.yaml:1:1",
        "compose.yaml:3:23",
    ]
    assert "`NOPE` is not set" in found.notices[2]


def test_what_devenv_adds_comes_along_with_its_paths() -> None:
    sub = (
        "services: {db: {image: x, x-devenv: {seed: [one.sql, {csv: two.csv}], owner: me}}}\n"
        "x-devenv: {tasks: {a: {service: db, command: a}}, owner: them, workspace: {service: db}}\n"
    )
    text = (
        "include: [sub/a.yaml]\n"
        "services: {more: {extends: {file: sub/a.yaml, service: db}, x-devenv: {seed: three.sql}}}\n"
        "x-devenv: {tasks: {b: {service: db, command: b}}}\n"
    )
    given = _given({"sub/a.yaml": sub}, {"sub/.env": ""})
    found = model(read_layers(text, "compose.yaml"), variables={}, working_dir=HERE, given=given).document.value
    assert found["services"]["db"]["x-devenv"]["seed"] == ["/repo/sub/one.sql", {"csv": "/repo/sub/two.csv"}]
    assert found["services"]["more"]["x-devenv"] == {
        "seed": ["/repo/sub/one.sql", {"csv": "/repo/sub/two.csv"}, "three.sql"], "owner": "me",
    }  # fmt: skip
    assert list(found["x-devenv"]) == ["tasks"]
    assert found["x-devenv"]["tasks"].keys() == {"a", "b"}


def test_an_alias_bomb_is_refused_before_anything_is_built() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(DevenvError, match="expand to more than"):
        read_layers("\n".join([*lines, "services: {a: {image: x, labels: *a9}}"]), "compose.yaml")


def test_addresses() -> None:
    commit = "0123456789" * 4
    where = Span(file="f.yaml", line=3)
    assert is_remote("https://h/r.git")
    assert is_remote("git@h:r.git")
    assert not is_remote("../git@x/c.yaml")
    assert read(f"https://h/r.git#{commit}:a/c.yaml", where) == Address(
        url="https://h/r.git", commit=commit, path="a/c.yaml"
    )
    assert read(f"github.com/o/r#{commit}", where) == Address(url="https://github.com/o/r", commit=commit, path="")
    for address, message, hint in (
        ("oci://h/x", "no address that devenv fetches", "#<commit>:<path>"),
        ("https://h/r.git", "with no commit", "`https://h/r.git#<commit>`"),
        ("https://h/r.git#main:sub", "`main`, which is no whole commit", "#<commit>:sub`"),
        (f"https://h/r.git#{commit}:../x", "leads out of the repository", "inside"),
    ):
        with pytest.raises(DevenvError, match=message) as caught:
            read(address, where)
        assert hint in caught.value.hint
        assert caught.value.where == where
