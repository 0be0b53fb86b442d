from __future__ import annotations

import pytest

from devenv.core.dockerfile import bases, parse, rewrite, stages, step_line, syntax, uses_heredoc

STAGED = """\
# syntax=docker/dockerfile:1
# escape=\\
ARG PYTHON=3.13
ARG IMAGE="python:${PYTHON}-slim"
FROM --platform=$BUILDPLATFORM node:22 AS assets
RUN npm ci && \\
    # a comment in between

    npm run build
FROM ${IMAGE} AS build
COPY --from=assets /dist /dist
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv
RUN --mount=type=bind,from=busybox:1,target=/b true
FROM build
COPY --from=0 /dist /again
"""


def test_the_images_from_outside_in_order() -> None:
    assert bases(STAGED) == ("node:22", "python:3.13-slim", "ghcr.io/astral-sh/uv:0.5", "busybox:1")


def test_build_arguments_reach_from() -> None:
    assert bases(STAGED, {"PYTHON": "3.12"})[1] == "python:3.12-slim"


@pytest.mark.parametrize("target", ["assets", "0"])
def test_a_target_needs_only_its_own(target: str) -> None:
    assert bases(STAGED, target=target) == ("node:22",)


def test_a_target_that_is_not_there_needs_all() -> None:
    assert len(bases(STAGED, target="nobody")) == 4


@pytest.mark.parametrize("text", ["", "FROM scratch\n", "# only a comment\n", "ARG X\n"])
def test_nothing_from_outside(text: str) -> None:
    assert bases(text) == ()


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("${X:-debian}:13", "debian:13"),
        ("$Y", "alpine"),
        ("${Y:+busybox}", "busybox"),
        ("${X-debian}", "debian"),
        ("a${X+no}", "a"),
        ("a${X}", "a"),
        (r"a\$b", "a$b"),
    ],
)
def test_variables_in_from(written: str, base: str) -> None:
    assert stages(f"ARG Y=alpine\nARG X\nFROM {written}\n")[0].base == base


def test_a_rewrite_names_others_and_keeps_every_line_in_its_place() -> None:
    mapping = {"node:22": "localhost/n", "python:3.13-slim": "localhost/p", "busybox:1": "localhost/b", "x": "y"}
    sent = rewrite(STAGED, mapping, drop_syntax=True).split("\n")
    written = STAGED.split("\n")
    assert len(sent) == len(written)
    changed = {number: line for number, (line, old) in enumerate(zip(sent, written, strict=True), 1) if line != old}
    assert changed == {
        1: "# escape=\\",
        2: "#",
        5: "FROM --platform=$BUILDPLATFORM localhost/n AS assets",
        10: "FROM localhost/p AS build",
        13: "RUN --mount=type=bind,from=localhost/b,target=/b true",
    }


def test_a_rewrite_of_nothing_is_the_file_itself() -> None:
    assert rewrite(STAGED, {}) == STAGED
    assert rewrite("FROM a\n", {"a": "a"}, drop_syntax=True) == "FROM a\n"


def test_an_image_called_like_its_keyword() -> None:
    assert rewrite("FROM \\\n  from\n", {"from": "other"}) == "FROM \\\n  other\n"


def test_syntax_and_heredocs() -> None:
    assert syntax(STAGED) == "docker/dockerfile:1"
    assert syntax("FROM a\n# syntax=b\n") is None
    assert not uses_heredoc(STAGED)
    text = "FROM a\nRUN <<-EOF\n\tFROM not-a-stage\n\tEOF\nCOPY <<A <<'B' /x/\n1\nA\n2\nB\nFROM b\n"
    assert uses_heredoc(text)
    assert [(i.keyword, i.line, i.end) for i in parse(text).instructions] == [
        ("FROM", 1, 1),
        ("RUN", 2, 4),
        ("COPY", 5, 9),
        ("FROM", 10, 10),
    ]
    assert bases(text) == ("b",)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("[assets 2/2] RUN npm ci &&     npm run build", 6),
        ("[build 2/4] COPY --from=assets /dist /dist", 11),
        ("[stage-2 1/1] COPY --from=0 /dist /again", 15),
        ("[assets 1/2] FROM docker.io/library/node:22", 5),
        ("[9/9] COPY --from=assets /dist /dist", 11),
        ("[internal] load build definition", 0),
        ("exporting to image", 0),
    ],
)
def test_a_steps_line(step: str, line: int) -> None:
    assert step_line(STAGED, step) == line


def test_onbuild_and_tabs() -> None:
    assert [i.keyword for i in parse("FROM\ta\nONBUILD RUN <<E\nx\nE\n").instructions] == ["FROM", "ONBUILD"]
