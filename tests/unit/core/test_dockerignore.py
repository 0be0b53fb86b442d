from __future__ import annotations

import pytest

from devenv.core.dockerignore import Matcher
from devenv.model.errors import DevenvError


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("", [], ["a", "a/b"]),
        ("# a comment\n\nnode_modules", ["node_modules", "node_modules/x/y"], ["web/node_modules", "# a comment"]),
        ("/dist/", ["dist", "dist/a"], ["src/dist"]),
        ("**/__pycache__", ["__pycache__", "a/b/__pycache__", "a/__pycache__/m.pyc"], ["pycache"]),
        ("*.log", ["a.log"], ["logs/a.log"]),
        ("**/*.log", ["a.log", "logs/deep/a.log"], ["a.log.txt"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c].txt", ["b.txt"], ["d.txt"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["other"]),
        ("*\n!keep.txt", ["a", "b/c"], ["keep.txt"]),
        ("secret\n!secret/public", ["secret/a"], ["secret/public"]),
        ("!a\na", ["a"], ["b"]),
        ("./src//gen", ["src/gen"], ["src"]),
        (r"a\*b", ["a*b"], ["axb"]),
        ("src/*/tmp/**", ["src/x/tmp/a"], ["src/tmp/a"]),
    ],
)
def test_rules(patterns: str, ignored: list[str], kept: list[str]) -> None:
    matcher = Matcher(patterns)
    assert [path for path in ignored if not matcher.ignored(path)] == []
    assert [path for path in kept if matcher.ignored(path)] == []


def test_a_folder_is_walked_only_where_something_in_it_may_be_taken_back() -> None:
    matcher = Matcher("*\n!src/keep.txt\n!lib/**/x")
    assert matcher.may_hold("src")
    assert matcher.may_hold("lib/deep")
    assert not matcher.may_hold("node_modules")


@pytest.mark.parametrize("text", ["ok\n!", "ok\n[z-a]"])
def test_what_is_no_pattern_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(DevenvError, match="is not a pattern") as error:
        Matcher(text, "api/.dockerignore")
    assert error.value.where is not None
    assert str(error.value.where) == "api/.dockerignore:2:1"
