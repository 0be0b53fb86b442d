import json
import logging
import os
import time
from contextlib import nullcontext
from urllib.request import Request, urlopen

import pytest
from fastapi.testclient import TestClient
from redis import Redis

from shop import __version__, logs, queue, worker
from shop.cache import Cache, connect
from shop.database import Database
from shop.queue import Item, OrderQueue
from shop.worker import Worker

ORDER = {"product_id": 1, "quantity": 3, "name": "Ada Lovelace", "email": "Ada@example.org"}


@pytest.fixture
def no_redis(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/9")
    away = connect(os.environ["REDIS_URL"])
    api.app.state.cache, api.app.state.queue = Cache(away), OrderQueue(away)


@pytest.fixture
def hand(db: Database, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker that takes no time, in the test's transaction."""
    monkeypatch.setattr(worker, "STEPS", [(before, after, 0) for before, after, _ in worker.STEPS])
    return Worker(lambda: nullcontext(db), OrderQueue(redis))


def test_health_tells_of_each_part(api: TestClient) -> None:
    assert api.get("/health").json() == {"status": "ok", "version": __version__, "database": "ok", "cache": "ok"}


def test_the_shop_sells_without_its_cache(api: TestClient, db: Database, no_redis: None, hand: Worker) -> None:
    found = api.get("/health")
    assert found.status_code == 200
    assert found.json()["status"] == "degraded"
    assert "127.0.0.1:1" in found.json()["cache"]
    search = api.get("/products", params={"q": "oak"})
    assert search.headers["X-Cache"] == "away"
    assert search.json()["items"]
    made = api.post("/orders", json=ORDER)
    assert made.status_code == 201
    assert api.get("/orders/events").status_code == 503
    hand.work(Item(key="", order=made.json()["id"], request_id=""))
    assert api.get(f"/orders/{made.json()['id']}").json()["status"] == "done"


def test_a_search_is_asked_once(api: TestClient, db: Database) -> None:
    first = api.get("/products", params={"q": "oak", "size": 3})
    again = api.get("/products", params={"q": "oak", "size": 3})
    assert (first.headers["X-Cache"], again.headers["X-Cache"]) == ("miss", "hit")
    assert first.json() == again.json()
    assert api.get("/products", params={"q": "oak", "size": 4}).headers["X-Cache"] == "miss"
    anew = api.get("/products", params={"q": "oak", "size": 3}, headers={"Cache-Control": "no-cache"})
    assert anew.headers["X-Cache"] == "miss"


def test_products_come_in_pages_by_name(api: TestClient) -> None:
    first = api.get("/products", params={"size": 10}).json()
    second = api.get("/products", params={"size": 10, "page": 2}).json()
    assert first["total"] == second["total"] >= 20
    names = [item["name"] for item in first["items"] + second["items"]]
    assert len(set(names)) == 20
    ids = {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    assert not ids


def test_search_finds_words_and_parts_of_names(api: TestClient, db: Database) -> None:
    new = {"sku": "XX-1", "name": "Quizzical Zephyr Kite", "category": "Garden", "price": 12}
    db.execute(
        "INSERT INTO products (sku, name, category, price) VALUES (%(sku)s, %(name)s, %(category)s, %(price)s)", new
    )
    for query in ("zephyr kites", "phyr ki", "xx-1", "QUIZZICAL"):
        found = api.get("/products", params={"q": query}).json()
        assert [item["sku"] for item in found["items"]] == ["XX-1"], query
    assert api.get("/products", params={"q": "100%_"}).json()["total"] == 0


def test_search_in_a_category(api: TestClient) -> None:
    found = api.get("/products", params={"q": "oak", "category": "Kitchen"}).json()
    assert found["items"]
    assert {item["category"] for item in found["items"]} == {"Kitchen"}
    every = {item["name"]: item["products"] for item in api.get("/categories").json()}
    assert every["Kitchen"] == api.get("/products", params={"category": "Kitchen"}).json()["total"]


def test_an_order_is_kept_with_the_price_of_the_day(api: TestClient, db: Database) -> None:
    product = api.get("/products/1").json()
    order = ORDER
    answer = api.post("/orders", json=order)
    assert answer.status_code == 201
    made = answer.json()
    assert made["unit_price"] == product["price"]
    assert float(made["total"]) == 3 * float(product["price"])
    assert api.get(f"/orders/{made['id']}").json() == made
    assert api.get("/orders", params={"size": 1}).json() == [made]
    kept = db.execute("SELECT email FROM customers WHERE id = %s", (made["customer_id"],)).fetchone()
    assert kept == {"email": "ada@example.org"}
    again = api.post("/orders", json=order | {"email": "ada@EXAMPLE.org"}).json()
    assert again["customer_id"] == made["customer_id"]
    assert api.get(f"/customers/{made['customer_id']}").json()["orders"] == 2


def test_an_order_that_cannot_be_leaves_nothing(api: TestClient, db: Database) -> None:
    def counts() -> object:
        return db.execute("SELECT (SELECT count(*) FROM orders) o, (SELECT count(*) FROM customers) c").fetchone()

    before = counts()
    good = {"product_id": 1, "name": "Ada", "email": "ada@example.org"}
    assert api.post("/orders", json=good | {"product_id": 10**9}).status_code == 404
    assert api.post("/orders", json=good | {"product_id": 10**12}).status_code == 404
    assert api.post("/orders", json=good | {"quantity": 0}).status_code == 422
    assert api.post("/orders", json=good | {"email": "nobody"}).status_code == 422
    assert counts() == before


def test_what_is_not_there_is_404(api: TestClient) -> None:
    for path in ("/products/999999999", "/orders/999999999", "/customers/999999999"):
        assert api.get(path).status_code == 404


def test_an_order_goes_its_way(api: TestClient, redis: Redis, hand: Worker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shop")
    told = redis.pubsub(ignore_subscribe_messages=True)
    told.subscribe(queue.channel(redis))
    told.get_message(timeout=1)
    made = api.post("/orders", json=ORDER, headers={"X-Request-ID": "request-0001"})
    assert made.headers["X-Request-ID"] == "request-0001"
    order = made.json()["id"]
    line = OrderQueue(redis)
    assert line.take(5, wait=0) == []  # makes the group
    (item,) = line.take(5, wait=0)
    assert (item.order, item.request_id) == (order, "request-0001")
    hand.work(item)
    found = api.get(f"/orders/{order}").json()
    assert found["status"] == "done"
    assert found["done_at"] >= found["ordered_at"]
    assert [json.loads(told.get_message(timeout=1)["data"])["status"] for _ in range(3)] == ["taken", "packed", "done"]
    assert redis.xlen(queue.STREAM) == 0
    said = [record.getMessage() for record in caplog.records if record.name in ("shop", "shop.worker")]
    assert said == [f"order {order} is {step}" for step in ("taken", "packed", "done")]
    hand.work(item)  # a second time changes nothing
    assert api.get(f"/orders/{order}").json() == found
    told.close()


def test_an_order_that_a_dead_worker_held_goes_to_the_next(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, alive = OrderQueue(redis), OrderQueue(redis)
    dead._me, alive._me = "dead", "alive"
    dead.take(1, wait=0)
    dead.put(7, "request-0007")
    (held,) = dead.take(1, wait=0)
    assert alive.take(1, wait=0) == []
    monkeypatch.setattr(queue, "LOST", 0)
    assert alive.take(1, wait=0) == [held]
    alive.done(held)
    assert redis.xpending(queue.STREAM, queue.GROUP)["pending"] == 0


def test_forgotten_orders_are_those_of_today_that_nobody_works_on(api: TestClient, db: Database) -> None:
    from shop.queries import forgotten

    before = forgotten(db, 0, 1000)
    order = api.post("/orders", json=ORDER).json()["id"]
    db.execute("UPDATE orders SET ordered_at = now() - interval '1 minute' WHERE id = %s", (order,))
    assert forgotten(db, 10, 1000) == [*before, order]
    db.execute("UPDATE orders SET ordered_at = now() - interval '2 days' WHERE id = %s", (order,))
    assert forgotten(db, 10, 1000) == before


def test_log_lines_are_json_with_the_request_s_id() -> None:
    record = logging.LogRecord("shop", logging.WARNING, __file__, 1, "order %s", (7,), None)
    record.fields = {"order": 7}
    token = logs.request_id.set("request-0007")
    try:
        said = json.loads(logs.Line("api").format(record))
    finally:
        logs.request_id.reset(token)
    assert said.pop("time").endswith("+00:00")
    assert said == {
        "level": "warning",
        "service": "api",
        "request_id": "request-0007",
        "message": "order 7",
        "order": 7,
    }


def test_an_answer_without_an_id_gets_one_and_a_bad_one_is_not_kept(api: TestClient) -> None:
    assert len(api.get("/categories").headers["X-Request-ID"]) == 32
    assert len(api.get("/categories", headers={"X-Request-ID": 'no good"}'}).headers["X-Request-ID"]) == 32


def test_the_running_shop_works_an_order_off(db: Database) -> None:
    """Through the web server, the API, the queue and the worker that run beside this."""

    def ask(path: str, body: object = None) -> dict[str, object]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{os.environ['WEB_URL']}/api{path}", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))

    assert ask("/version") == {"version": __version__}
    order = ask("/orders", ORDER | {"email": "tests@shop.test"})["id"]
    try:
        until = time.monotonic() + 15
        while (status := ask(f"/orders/{order}")["status"]) != "done":
            assert time.monotonic() < until, status
            time.sleep(0.1)
    finally:
        db.rollback()
        db.execute("DELETE FROM orders WHERE id = %s", (order,))
        db.execute("DELETE FROM customers WHERE email = 'tests@shop.test'")
        db.commit()


def test_the_reference_works_behind_a_prefix(api: TestClient) -> None:
    assert "'/openapi.json'" in api.get("/docs").text
    hidden = api.get("/docs", headers={"X-Forwarded-Prefix": "/api"})
    assert "'/api/openapi.json'" in hidden.text
