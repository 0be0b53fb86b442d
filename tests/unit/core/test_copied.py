"""Which Dockerfiles can take `.git` from their context."""

from __future__ import annotations

import pytest

from devenv.core.copied import takes_git


@pytest.mark.parametrize(
    ("line", "takes"),
    [
        ("COPY . /app", True),
        ("COPY ./ /app", True),
        ("COPY --chown=1:1 . .", True),
        ("ADD / /app", True),
        ("COPY .git/HEAD /commit", True),
        ("COPY * /app", True),
        ("COPY $WHAT /app", True),
        ('COPY [".", "/app"]', True),
        ("COPY [torn /app", True),
        ("RUN --mount=type=bind,target=/src make", True),
        ("ONBUILD COPY app /app", True),
        ("COPY app.py requirements.txt /app/", False),
        ("COPY src/* .gitignore ./app/../lib /app/", False),
        ('COPY ["a b", "/app"]', False),
        ("COPY --from=one . /app", False),
        ("ADD https://example.org/.git /app", False),
        ("RUN --mount=type=cache,target=/root/.cache make", False),
        ("RUN --mount=type=bind,from=one,target=/src make", False),
        ("COPY <<EOF /a\n. .\nEOF", False),
    ],
)
def test_only_who_copies_it_or_all_takes_it(line: str, takes: bool) -> None:
    assert takes_git(f"FROM debian\n{line}\n") is takes


def test_what_has_no_instruction_may_take_all() -> None:
    assert takes_git("")
