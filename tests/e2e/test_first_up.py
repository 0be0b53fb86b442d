"""A new hire's machine: nothing but Debian, a fresh clone, one command, and a shop with data in a real browser."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator

import pytest

from devenv.core.generate.table import Table
from tests.e2e import shop_walks
from tests.e2e.machine import SUITES, Machine
from tests.shop import ROWS, generated

pytestmark = [pytest.mark.slow, pytest.mark.engine]


@pytest.fixture(scope="module", params=SUITES)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine(request.param) as made:
        begun = time.monotonic()
        code, output = made.run("./dev up", timeout=900)
        print(f"\n{request.param}: ./dev up ended {code} after {time.monotonic() - begun:.1f} s\n{output}")
        assert code == 0, output
        yield made


def _status(machine: Machine) -> dict[str, dict[str, object]]:
    code, output = machine.run("./dev status --output json 2>/dev/null")
    assert code == 0, output
    return {row["name"]: row for row in json.loads(output)["services"]}


def _sql(machine: Machine, query: str) -> str:
    code, output = machine.run(f'./dev exec db psql -U app -d shop -XAtc "{query}"')
    assert code == 0, output
    return output.strip().splitlines()[-1]


def test_all_is_ready_and_seeded(machine: Machine) -> None:
    status = _status(machine)
    states = {name: (row["state"], row["ready"]) for name, row in status.items()}
    assert states == dict.fromkeys(("db", "cache", "api", "worker", "web", "workspace"), ("running", True))
    assert status["db"]["seeded"] == "done"
    for table, count in ROWS.items():
        assert _sql(machine, f"SELECT count(*) FROM {table}") == str(count)


def test_the_tables_are_those_of_every_machine(machine: Machine) -> None:
    """Exported, byte by byte what the rules make here: so on two machines the same."""
    for seed in generated():
        assert seed.table is not None
        made = Table(seed.table, seed.options)
        here = hashlib.sha256(b"".join(part for _, part in made.blocks())).hexdigest()
        copy = f"COPY (SELECT {', '.join(made.names)} FROM {seed.table} ORDER BY id) TO STDOUT"
        export = f"./dev exec db psql -U app -d shop -Xqc \"SET TimeZone = 'UTC'\" -c '{copy}' | sha256sum"
        code, output = machine.run(export)
        assert code == 0, output
        print(f"{machine.suite}: {seed.table} ({made.rows:,} rows) {here}")
        assert output.split()[-2] == here, output


def test_a_second_up_has_nothing_to_do(machine: Machine) -> None:
    code, output = machine.run("./dev up")
    assert code == 0, output
    assert "nothing to do" in output


def test_an_order_is_found_taken_and_done_in_a_browser(machine: Machine) -> None:
    from playwright.sync_api import expect

    before = int(_sql(machine, "SELECT count(*) FROM orders"))
    ports = _status(machine)["web"]["ports"]
    assert isinstance(ports, list)
    address = machine.forward(ports[0]["published"])
    with shop_walks.browser() as browser:
        page = browser.new_page()
        page.goto(f"http://{address}/")
        cards = shop_walks.cards(page)
        expect(page.get_by_text(f"{ROWS['products']:,} products")).to_be_visible()
        name = cards.nth(7).get_by_role("heading").inner_text()
        page.get_by_role("searchbox").fill(name)
        expect(page.get_by_role("heading", name=f"Results for “{name}”")).to_be_visible(timeout=15_000)
        shop_walks.goes_to_done(page, shop_walks.order(page, name))
    assert int(_sql(machine, "SELECT count(*) FROM orders")) == before + 1
    found = _sql(
        machine, "SELECT p.name FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id DESC LIMIT 1"
    )
    assert found == name


def test_the_checks_pass_and_leave_nothing(machine: Machine) -> None:
    before = _sql(machine, "SELECT count(*) FROM orders")
    code, output = machine.run("./dev check")
    assert code == 0, output
    assert "check parts: passed" in output
    assert "check order: passed" in output
    assert _sql(machine, "SELECT count(*) FROM orders") == before


@pytest.mark.parametrize("fault", shop_walks.FAULTS, ids=[fault.name.replace(" ", "-") for fault in shop_walks.FAULTS])
def test_a_check_finds(machine: Machine, fault: shop_walks.Fault) -> None:
    head = 'devenv() { ./dev "$@"; }; shop=stacks/examples/shop; '
    shop_walks.plant_and_mend(fault, lambda command: machine.run(head + command))


def test_an_engine_that_is_killed_under_an_up(machine: Machine) -> None:
    """Last, because it takes all down."""
    code, output = machine.run("./dev down --volumes --yes")
    assert code == 0, output
    code, output = machine.run(_KILLED_UNDER_AN_UP)
    assert code == 3, output
    assert "✘ db could not be seeded: the container engine at unix:///var/run/docker.sock" in output
    assert output.count("cannot be reached") == 2, output  # when it happened, and in the summary
    assert "Traceback" not in output
    code, output = machine.run("./dev up", timeout=900)
    assert code == 0, output
    test_all_is_ready_and_seeded(machine)


_KILLED_UNDER_AN_UP = """
rm -f /tmp/up.code
(./dev up >/tmp/up.log 2>&1; echo $? >/tmp/up.code) &
for i in $(seq 600); do grep -q 'db: seeding' /tmp/up.log && break; sleep 0.1; done
sleep 1
kill -9 $(cat /var/run/docker.pid)
for i in $(seq 300); do test -s /tmp/up.code && break; sleep 0.1; done
cat /tmp/up.log
exit $(cat /tmp/up.code)
"""
