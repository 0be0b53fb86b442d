from __future__ import annotations

import pytest

from devenv.core.scalars import resolve, text_of


@pytest.mark.parametrize(
    ("written", "text"),
    [  # as `docker compose config` 5.6.1 prints them in an environment
        ("yes", "yes"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("017", "15"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("2001-01-01", "2001-01-01 00:00:00 +0000 UTC"),
        ("2001-01-01T00:00:00Z", "2001-01-01 00:00:00 +0000 UTC"),
        ("2001-01-01T01:02:03.50+02:00", "2001-01-01 01:02:03.5 +0200 +0200"),
        ("2001-01-01 01:02:03+02:00", "2001-01-01 01:02:03+02:00"),
        ("2001-13-01", "2001-13-01"),
        ("on", "on"),
        ("1.0", "1"),
        ("True", "true"),
        ("FALSE", "false"),
        ("tRue", "tRue"),
        ("12:30:45", "12:30:45"),
        ("+12", "12"),
        ("0b11", "3"),
        ("-0x1F", "-31"),
        ("1.50", "1.5"),
        ("100000000000000000000000", "1e+23"),
        ("-0", "-0"),
        ("0.0", "0"),
        ("1e25", "1e+25"),
        ("0123456789", "1.23456789e+08"),
        ("08", "8"),
        ("1__0", "10"),
        ("0o8", "0o8"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"),
        ("9" * 70, "1e+70"),
        ("1e-7", "1e-07"),
        ("123456789.123", "1.23456789123e+08"),
        ("-.5", "-0.5"),
        ("0.0001", "0.0001"),
        ("1e", "1e"),
        (".inf", "+Inf"),
        ("-.inf", "-Inf"),
        (".nan", "NaN"),
    ],
)
def test_scalars_are_read_and_written_as_compose_does(written: str, text: str) -> None:
    assert text_of(resolve(written)) == text


@pytest.mark.parametrize("written", ["", "~", "null", "NULL"])
def test_null(written: str) -> None:
    assert resolve(written) is None
