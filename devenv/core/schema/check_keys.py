"""The keys of `checks`: requests along a critical path, in order, each with what must come back."""

from __future__ import annotations

from devenv.core.schema.shapes import (
    DURATION,
    SCALAR,
    TEXT,
    TEXTS,
    Schema,
    by_name,
    either,
    key,
    listed,
    mapping,
    text,
    whole,
)

_ANY: Schema = {"title": "a value"}
_STATUS = text("a status such as 200, or a range such as `200-399`", "^[1-5][0-9][0-9](?:-[1-5][0-9][0-9])?$") | {
    "type": ["integer", "string"],
    "minimum": 100,
    "maximum": 599,
}
_HTTP = mapping(
    {
        "url": key(TEXT, "The address, as the host reaches it.", "{{ web.host_url }}/api/products"),
        "method": key(TEXT, "GET by default, POST where something is sent.", "POST"),
        "headers": key(by_name(SCALAR, "a mapping of headers", "."), "Its headers.", {"Accept": "text/html"}),
        "json": key(_ANY, "What is sent, as JSON.", {"product_id": "{product}", "quantity": 1}),
        "body": key(TEXT, "What is sent, as it is.", "q=lamp"),
    },
    "an address, or a mapping with `url`",
    required=("url",),
)
_SQL = mapping(
    {
        "service": key(TEXT, "The database's service.", "db"),
        "query": key(
            TEXT,
            "One statement; what it gives is one row a line, its columns with `|` between. A `{name}` that was taken "
            "is a literal in it (a number, else a text in quotes).",
            "SELECT 1",
        ),
    },
    "a mapping with `service` and `query`",
    required=("service", "query"),
)
_EXEC = mapping(
    {
        "service": key(TEXT, "The service to run it in.", "worker"),
        "command": key(
            either(TEXT, TEXTS, title="a text or a list of texts"),
            "A text is run by `sh -c`; a `{name}` that was taken is one word in it, whatever it holds.",
            ["true"],
        ),
        "user": key(TEXT, "User inside.", "dev"),
    },
    "a mapping with `service` and `command`",
    required=("service", "command"),
)
_EXPECT = mapping(
    {
        "status": key(_STATUS, "The answer's status (HTTP); by default `200-399`.", 201),
        "json": key(
            by_name(_ANY, "a mapping of path to value", "."),
            "Values in the answer, by their path (HTTP).",
            {"status": "done", "items.0.name": "Lamp"},
        ),
        "body": key(text("a regular expression"), "What is found in the answer.", "Welcome"),
        "value": key(SCALAR, "The whole answer (SQL).", "1"),
        "code": key(whole("an exit code", 0, 255), "The exit code (exec); 0 by default.", 0),
    },
    "a mapping of what must come back",
)
STEP = mapping(
    {
        "name": key(TEXT, "What the step is about, for messages.", "the order is taken"),
        "hint": key(TEXT, "What to do where it does not hold, for who never saw it.", "devenv logs worker says why"),
        "http": key(
            either(TEXT, _HTTP, title="an address or a mapping with `url`"), "A request.", "{{ web.host_url }}"
        ),
        "sql": key(_SQL, "A query of a database.", {"service": "db", "query": "SELECT 1"}),
        "exec": key(_EXEC, "A command in a service.", {"service": "worker", "command": ["true"]}),
        "expect": key(_EXPECT, "What must come back.", {"status": 201}),
        "take": key(
            by_name(TEXT, "a mapping of name to path"),
            "Values of the answer for later steps, which say `{name}`: a path into JSON, or `value` for all of it.",
            {"order": "id"},
        ),
        "within": key(DURATION, "It is tried again until then; once by default.", "10s"),
        "timeout": key(DURATION, "Time for one answer; 10 s by default.", "2s"),
    },
    "a mapping with one of `http`, `sql`, `exec`",
)
_STEPS = listed(STEP, "a list of steps", at_least=1)
CHECK = either(
    _STEPS,
    mapping(
        {
            "description": key(TEXT, "What it proves, in one line.", "A customer finds a product and orders it"),
            "steps": key(_STEPS, "One after the other.", [{"http": "{{ web.host_url }}"}]),
            "finally": key(
                listed(STEP, "a list of steps"),
                "Walked at the end, whether the steps held or not, so that nothing of the check is left behind; a step "
                "is left out where it says a `{name}` that was never taken.",
                [{"sql": {"service": "db", "query": "DELETE FROM orders WHERE id = {order}"}}],
            ),
        },
        "a mapping with `steps`",
        required=("steps",),
    ),
    title="a list of steps, or a mapping with `steps`",
)
