"""Failure blocks on a terminal: broken to its width, coloured where it has colours."""

from __future__ import annotations

from devenv.ui.summary import blocks

TOLD = (
    "✘ api ended with exit code 1 after a rather long while\n  │ 0123456789012345678901234\n  │ \n"
    "  → mend that\x1b[31m, then `devenv up` again"
)


def test_sentences_are_broken_between_words_and_log_lines_where_they_end() -> None:
    assert list(blocks(TOLD, 25, colour=False)) == [
        "✘ api ended with exit",
        "  code 1 after a rather",
        "  long while",
        "  │ 01234567890123456789",
        "  │ 01234",
        "  │",
        "  → mend that, then",
        "    `devenv up` again",
    ]


def test_what_failed_stands_out_and_what_it_said_steps_back() -> None:
    lines = list(blocks(TOLD, 200, colour=True))
    assert lines[0].startswith("\x1b[1;31m✘ api")
    assert lines[1] == "\x1b[2m  │ 0123456789012345678901234\x1b[0m"
    assert lines[-1] == "\x1b[1m  → mend that, then `devenv up` again\x1b[0m"
