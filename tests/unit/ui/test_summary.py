from __future__ import annotations

import pytest

from devenv.model.errors import ExitCode
from devenv.model.events import Done, Failed
from devenv.ui.summary import failures, success
from tests.unit.ui.runs import Run, failed, halfway, view_of


def _said(run: Run) -> str:
    return success(view_of(run), run.events[-1])


def test_up_ends_with_what_was_seeded_and_what_to_open() -> None:
    run = halfway()
    run.finish(
        seconds=12.34,
        urls={"web": "http://127.0.0.1:8080", "api": "http://127.0.0.1:8000"},
        seeded={"db": "schema.sql, products.csv (5,000 rows), customers.csv (20,000 rows), orders.csv (200,000 rows)"},
    )
    assert _said(run).split("\n") == [
        "shop is up (12 s).",
        "  seeded  db   schema.sql, products.csv (5,000 rows), customers.csv (20,000 rows),",
        "               orders.csv (200,000 rows)",
        "  open    web  http://127.0.0.1:8080",
        "          api  http://127.0.0.1:8000",
    ]


def test_a_failure_block_has_reason_log_remedy_and_what_hangs_on_it() -> None:
    run = failed()
    view = view_of(run)
    logs = {"ready:api": ["Traceback", "\x1b[31mKeyError\x1b[0m: 'DATABASE_URL'"]}
    assert failures(view, logs=logs).split("\n") == [
        "✘ api does not become ready: It ended with exit code 1.",
        "  │ Traceback",
        "  │ KeyError: 'DATABASE_URL'",
        "  Not started because of it: web",
        "  → Look at its log.",
    ]
    assert _said(run) == "shop: `up` failed after 7.0 s: api failed."


def test_a_failure_s_own_log_and_exit_code() -> None:
    run = halfway()
    log = tuple(str(n) for n in range(30))
    run.end("build:shop-api", Failed(message="A step failed.", log=log, data={"exit_code": 7}))
    lines = failures(view_of(run), logs={"build:shop-api": ["x"]}).split("\n")
    assert lines[:2] == ["✘ shop-api could not be built: A step failed.", "  exit code 7"]
    assert lines[2:] == [f"  │ {n}" for n in range(10, 30)]


def test_last_words_in_json_are_shown_as_words() -> None:
    run = halfway()
    said = '{"level": "error", "service": "api", "msg": "broke", "stack": "Error: no\\n  at a"}'
    run.end("ready:api", Failed(message="api ended.", log=(said, "plain")))
    assert failures(view_of(run)).split("\n") == [
        "✘ api ended.",
        "  │ ERROR   broke",
        "  │   stack:",
        "  │     Error: no",
        "  │       at a",
        "  │ plain",
    ]


@pytest.mark.parametrize(
    ("message", "data", "lines"),
    [
        ("api ended with exit code 3", {"exit_code": 3}, ["✘ api ended with exit code 3"]),
        ("api: it broke", {}, ["✘ api: it broke"]),
        ("apiary is gone", {}, ["✘ api does not become ready: apiary is gone"]),
        (
            "api was killed", {"exit_code": 137, "signal": "SIGKILL", "reason": "HTTP 500 from /"},
            ["✘ api was killed", "  exit code 137 (SIGKILL)", "  last look: HTTP 500 from /"],
        ),
        ("api was killed: 137", {"exit_code": 137, "reason": "no answer from 1.2.3.4:80"}, ["✘ api was killed: 137"]),
        ("api was late: HTTP 500", {"reason": "HTTP 500"}, ["✘ api was late: HTTP 500"]),
        ("api runs, but …", {"reason": "connection refused"}, ["✘ api runs, but …", "  last look: connection refused"]),
    ],
)  # fmt: skip
def test_a_block_says_its_name_once_and_the_last_look_where_that_is_news(
    message: str, data: dict[str, object], lines: list[str]
) -> None:
    run = halfway()
    run.end("ready:api", Failed(message=message, data=data))
    assert failures(view_of(run)).split("\n") == lines


def test_an_engine_that_died_is_told_once() -> None:
    run = halfway()
    for node, symptom in (("build:shop-api", "closed"), ("seed:db:0", "refused")):
        run.end(node, Failed(message=f"The engine is gone: {symptom}", hint="Start it.", code=int(ExitCode.UNFIT)))
    told = failures(view_of(run), logs={"build:shop-api": ["RUN make"]})
    assert told == "✘ shop-api, db failed: The engine is gone: closed\n  → Start it."


def test_a_seed_that_was_left_alone_is_said_with_what_replaces_the_rows() -> None:
    run = halfway()
    why = "table orders no longer holds the rows that it put there"
    run.end("seed:db:0", Done(detail="left as it is", data={"kept": why}))
    told = failures(view_of(run))
    assert told.startswith("✘ db: ")
    assert told.split("\n")[0].endswith(f" was not loaded: {why}")
    assert "`devenv seed db --yes`" in told
    run.finish(code=1, seconds=3.0)
    assert _said(run) == "shop is up (3.0 s), but for the seeds named above."


def test_no_failures_no_words() -> None:
    assert failures(view_of(halfway())) == ""


@pytest.mark.parametrize(
    ("verb", "code", "message", "said"),
    [
        ("up", 0, "nothing to do", "shop: nothing to do"),
        ("up", 130, "", "shop: interrupted after 5.0 s. `devenv up` goes on from here."),
        ("down", 0, "", "shop is down (5.0 s)."),
        ("tidy", 0, "", "shop tidy: done (5.0 s)."),
        ("up", 3, "", "shop: `up` failed after 5.0 s."),
    ],
)
def test_the_headline(verb: str, code: int, message: str, said: str) -> None:
    run = Run()
    run.begin(verb)
    run.at += 5
    run.finish(code, message=message)
    assert _said(run) == said


@pytest.mark.parametrize(
    ("verb", "named", "said"),
    [
        ("stop", ("api",), "shop: api is stopped (5.0 s)."),
        ("restart", ("db", "api", "web"), "shop: db, api and web are restarted (5.0 s)."),
        ("pull", ("db", "web"), "shop: db and web have their images (5.0 s)."),
    ],
)
def test_the_headline_says_what_was_named(verb: str, named: tuple[str, ...], said: str) -> None:
    run = Run()
    run.begin(verb, named=named)
    run.at += 5
    run.finish(0)
    assert _said(run) == said


def test_a_run_of_no_steps_had_nothing_to_do() -> None:
    run = Run()
    run.begin(nodes=())
    run.finish(urls={"web": "http://127.0.0.1:1"})
    assert _said(run) == "shop: nothing to do\n  open    web  http://127.0.0.1:1"


def test_notices_are_no_part_of_why_a_seed_failed() -> None:
    run = Run()
    run.begin()
    run.end("seed:db:0", Failed(message='schema.sql:9: relation "t" already exists'))
    said = ['schema.sql:1: NOTICE: relation "s" already exists, skipping', "schema.sql:8: WARNING: odd"]
    told = failures(view_of(run), logs={"seed:db:0": said})
    assert "WARNING: odd" in told
    assert "NOTICE" not in told
