import json
import os
from urllib.request import urlopen

from fastapi.testclient import TestClient
from shop.database import Database


def test_health_says_ok(api: TestClient) -> None:
    assert api.get("/health").json() == {"status": "ok"}


def test_products_come_in_pages_by_name(api: TestClient) -> None:
    first = api.get("/products", params={"size": 10}).json()
    second = api.get("/products", params={"size": 10, "page": 2}).json()
    assert first["total"] == second["total"] >= 5_000
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
    order = {"product_id": 1, "quantity": 3, "name": "Ada Lovelace", "email": "Ada@example.org"}
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


def test_the_running_api_is_this_one() -> None:
    def get(path: str) -> dict[str, object]:
        with urlopen(os.environ["API_URL"] + path, timeout=10) as answer:
            return dict(json.load(answer))

    assert get("/health") == {"status": "ok"}
    assert "/orders" in str(get("/openapi.json")["paths"])


def test_the_reference_works_behind_a_prefix(api: TestClient) -> None:
    assert "'/openapi.json'" in api.get("/docs").text
    hidden = api.get("/docs", headers={"X-Forwarded-Prefix": "/api"})
    assert "'/api/openapi.json'" in hidden.text
