"""A seccomp profile goes to the engine itself: its text, not the name of its file."""

from __future__ import annotations

import pytest

from devenv.core.compose.changes import config_label
from devenv.core.compose.create import payload
from devenv.core.compose.documents import wanted
from devenv.core.paths import profile_moved
from devenv.core.render.compose import to_repository
from devenv.core.source import read_yaml
from tests.unit.core.compose.stacks import FOLDER, stack

TEXT = 'name: p\nservices: {a: {image: x, security_opt: ["seccomp=./p.json", "seccomp:unconfined", "label=a:b"]}}'


@pytest.mark.parametrize("sign", ["=", ":"])
def test_its_text_is_sent(sign: str) -> None:
    text = TEXT.replace("seccomp=", f"seccomp{sign}")
    found = stack(text, texts={"/repo/p.json": '{\n "defaultAction": "SCMP_ACT_ALLOW"\n}\n'})
    options = payload(found.services["a"], found)["HostConfig"]["SecurityOpt"]
    assert options == ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', "seccomp:unconfined", "label=a:b"]
    assert found.unmakeable == ()


def test_the_file_is_wanted() -> None:
    document = read_yaml(TEXT, "compose.yaml")
    (file,) = wanted([document], variables={}, working_dir=FOLDER).env_files
    assert (file.path, file.required) == ("/repo/p.json", False)


def test_another_profile_is_another_container() -> None:
    one, other = (stack(TEXT, texts={"/repo/p.json": text}) for text in ("{}", '{"a": 1}'))
    assert config_label(one.services["a"], one) != config_label(other.services["a"], other)


@pytest.mark.parametrize(
    ("texts", "message"), [({}, "/repo/p.json is not there"), ({"/repo/p.json": "{"}, "/repo/p.json is no JSON")]
)
def test_a_profile_that_cannot_be_read(texts: dict[str, str], message: str) -> None:
    (error,) = stack(TEXT, texts=texts).unmakeable
    assert message in error.message
    assert error.where
    assert error.hint


def test_a_profile_of_the_manifest_is_named_from_where_the_rendered_file_lies() -> None:
    assert profile_moved("seccomp=./p.json", to_repository) == "seccomp=../p.json"
    for option in ("seccomp=/etc/p.json", "seccomp=unconfined", "label=a:b", 'seccomp={"a": 1}', 3):
        assert profile_moved(option, to_repository) == option
