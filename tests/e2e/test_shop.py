"""The shop, all of it, as one's own copy: orders go to done, whoever dies; faults are found; what is said is found."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e import shop_walks
from tests.e2e.repository import Repository
from tests.engines import new_name
from tests.shop import SHOP

pytestmark = [pytest.mark.slow, pytest.mark.engine]


class Shop(Repository):
    """A copy of the shop in a folder and under a name of its own."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.status()['web']['ports'][0]['published']}"

    def shell(self, command: str) -> tuple[int, str]:
        """See `shop_walks.Shell`."""
        head = f'devenv() {{ {shlex.join(self.command())} "$@"; }}; shop=.; '
        ended = subprocess.run(
            ["sh", "-c", head + command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stdout

    def ask(self, path: str, body: object = None) -> tuple[Any, Any]:
        """The JSON that the shop answers, and the answer's headers."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/api{path}", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            return json.load(answer), answer.headers

    def order(self) -> tuple[int, str]:
        """The number of a new order, and the id of the request that made it."""
        made, headers = self.ask("/orders", {"product_id": 7, "name": "Ada", "email": "ada@shop.test"})
        return made["id"], headers["X-Request-ID"]

    def done(self, *orders: int, within: float = 30) -> None:
        """Wait until all of `orders` are done."""
        until = time.monotonic() + within
        while states := {n: s for n in orders if (s := self.ask(f"/orders/{n}")[0]["status"]) != "done"}:
            assert time.monotonic() < until, states
            time.sleep(0.3)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, name = tmp_path_factory.mktemp("shop") / "shop", new_name()
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".dev*", "__pycache__"))
    one = Shop(folder, name)
    one.edit("devenv.yaml", "name: shop\n", f"name: {name}\n")
    try:
        told = one.up()
        assert "check order: passed, 5 steps" in told
        yield one
    finally:
        one.clean()


def test_all_runs_api_and_worker_from_one_image_and_compose_finds_them_healthy(shop: Shop) -> None:
    names = ("db", "cache", "api", "worker", "web", "workspace")
    states = {name: (row["state"], row["ready"]) for name, row in shop.status().items()}
    assert states == dict.fromkeys(names, ("running", True))
    containers = shop.containers()
    assert containers["api"].image.id == containers["worker"].image.id
    until = time.monotonic() + 30
    while any(containers[name].health != "healthy" for name in names[:-1]):
        assert time.monotonic() < until, {name: containers[name].health for name in names}
        time.sleep(0.5)
        containers = shop.containers()


@pytest.mark.parametrize("task", ["test", "lint", "load"])
def test_a_task(shop: Shop, task: str) -> None:
    ended = shop.run("run", task)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_tools_of_the_trade_are_in_the_workspace(shop: Shop) -> None:
    tools = 'git --version; psql "$DATABASE_URL" -Atc "SELECT 1"; redis-cli -u "$REDIS_URL" ping'
    tools += '; curl -fsS "$WEB_URL/api/version"; python --version; node --version'
    ended = shop.run("exec", "workspace", "sh", "-ec", tools)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = ended.stdout.splitlines()
    assert [said[1], said[2]] == ["1", "PONG"]
    assert "Python 3.13." in ended.stdout


def test_one_id_follows_an_order_through_all_logs(shop: Shop) -> None:
    order, request = shop.order()
    shop.done(order)
    said: list[tuple[str, str]] = []
    for _ in range(20):  # a log may be a moment behind
        ended = shop.run("logs", "--grep", request, "--output", "json")
        lines = [json.loads(line) for line in ended.stdout.splitlines()]
        said = [(line["service"], json.loads(line["line"])["message"]) for line in lines]
        if len(said) == 5:
            break
        time.sleep(0.2)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert [words for words in said if words[0] != "web"] == [
        ("api", f"order {order} is taken"),
        ("api", "POST /orders 201"),
        ("worker", f"order {order} is packed"),
        ("worker", f"order {order} is done"),
    ]
    assert ("web", "POST /api/orders 201") in said
    assert all(set(json.loads(line["line"])) >= {"time", "level", "service", "message"} for line in lines)
    shown = shop.run("logs", "--grep", request).stdout
    print(shown)
    assert re.search(rf"^worker +\| INFO +order {order} is done ", shown, re.MULTILINE)


def test_the_page_shows_orders_go_to_done_without_being_loaded_again(shop: Shop) -> None:
    from playwright.sync_api import expect

    with shop_walks.browser() as browser:
        watching, buying = browser.new_page(), browser.new_page(color_scheme="dark")
        problems: list[str] = []
        for page in (watching, buying):
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.goto(shop.url)
        shop_walks.cards(watching)
        watching.get_by_role("button", name="Orders", exact=True).click()
        expect(watching.locator("#orders-live")).to_have_text("Live")
        name = shop_walks.cards(buying).nth(3).get_by_role("heading").inner_text()
        number = shop_walks.order(buying, name)
        row = watching.get_by_role("row").filter(has_text=number)
        expect(row).to_have_count(1)
        shop_walks.goes_to_done(buying, number)
        expect(buying.locator("#order-live")).to_have_text("Live")
        assert buying.evaluate("() => window.said.length") == 3
        expect(row.locator(".status")).to_have_text("done")
        expect(watching.locator("#order-rows tr")).to_have_count(12)
        buying.keyboard.press("Escape")
        expect(buying.locator("#order")).to_be_hidden()
        expect(buying.locator("#newer")).to_be_hidden()
        buying.route("**/api/version", lambda route: route.fulfill(json={"version": "99.0"}))
        buying.get_by_role("button", name="Orders", exact=True).press("Enter")
        expect(buying.locator("#newer")).to_contain_text("The shop has changed since this page was loaded.")
        assert not problems


def test_the_page_asks_where_the_stream_is_broken(shop: Shop) -> None:
    from playwright.sync_api import expect

    assert shop.run("stop", "cache").returncode == 0
    try:
        with shop_walks.browser() as browser:
            page = browser.new_page()
            page.goto(shop.url)
            name = shop_walks.cards(page).first.get_by_role("heading").inner_text()
            number = shop_walks.order(page, name)
            expect(page.locator("#order-live")).to_have_text("Live updates are away: asking every second")
            shop_walks.goes_to_done(page, number)
            assert shop.run("start", "cache").returncode == 0
            expect(page.locator("#order-live")).to_have_text("Live", timeout=15_000)
    finally:
        shop.run("start", "cache")


def test_no_order_is_lost_with_a_worker_that_dies(shop: Shop) -> None:
    orders = [shop.order()[0] for _ in range(12)]
    shop.containers()["worker"].kill()
    assert {shop.ask(f"/orders/{order}")[0]["status"] for order in orders} != {"done"}
    shop.up()
    shop.done(*orders)


def test_an_order_that_never_came_into_the_queue_is_done_too(shop: Shop) -> None:
    assert shop.run("stop", "worker", "cache").returncode == 0
    order, _ = shop.order()
    assert shop.run("start", "worker").returncode == 0  # and the cache, which it needs
    shop.done(order)


@pytest.mark.parametrize("fault", shop_walks.FAULTS, ids=[fault.name.replace(" ", "-") for fault in shop_walks.FAULTS])
def test_a_check_finds(shop: Shop, fault: shop_walks.Fault) -> None:
    shop_walks.plant_and_mend(fault, shop.shell)
