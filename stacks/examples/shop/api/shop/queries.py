"""All SQL of the shop."""

from shop.database import Database
from shop.models import Category, Customer, NewOrder, Order, Product

_PRODUCT = "SELECT id, sku, name, category, description, price FROM products"
_ORDER = """
    SELECT o.id, o.product_id, p.name AS product, o.customer_id, c.name AS customer, o.quantity, o.unit_price,
           o.quantity * o.unit_price AS total, o.status, o.ordered_at, o.done_at
    FROM orders o JOIN products p ON p.id = o.product_id JOIN customers c ON c.id = o.customer_id
"""
_FITS = """
    (%(q)s = '' OR words @@ websearch_to_tsquery('english', %(q)s) OR name ILIKE %(like)s OR sku = upper(%(q)s))
    AND (%(category)s = '' OR category = %(category)s)
"""
# Words of the name count more than those of the description; a name that holds the very text counts most.
_BEST = "(name ILIKE %(like)s) DESC, ts_rank(words, websearch_to_tsquery('english', %(q)s)) DESC, name, id"


def ping(db: Database) -> None:
    """Raises where the shop's tables cannot be read."""
    db.execute("SELECT FROM products, customers, orders LIMIT 0")


def products(db: Database, *, q: str, category: str, page: int, size: int) -> tuple[list[Product], int]:
    """One page of the products that fit, and how many fit in all."""
    # Backslash is LIKE's escape: what was typed is looked for as it is.
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    given = {"q": q, "like": like, "category": category, "size": size, "skip": (page - 1) * size}
    order = _BEST if q else "name, id"
    rows = db.execute(f"{_PRODUCT} WHERE {_FITS} ORDER BY {order} LIMIT %(size)s OFFSET %(skip)s", given).fetchall()
    count = db.execute(f"SELECT count(*) AS total FROM products WHERE {_FITS}", given).fetchone()
    return [Product(**row) for row in rows], count["total"] if count else 0


def product(db: Database, product_id: int) -> Product | None:
    row = db.execute(f"{_PRODUCT} WHERE id = %s", (product_id,)).fetchone()
    return Product(**row) if row else None


def categories(db: Database) -> list[Category]:
    rows = db.execute("SELECT category AS name, count(*) AS products FROM products GROUP BY category ORDER BY category")
    return [Category(**row) for row in rows]


def customer(db: Database, customer_id: int) -> Customer | None:
    row = db.execute(
        "SELECT id, name, email, city, country, (SELECT count(*) FROM orders WHERE customer_id = c.id) AS orders"
        " FROM customers c WHERE id = %s",
        (customer_id,),
    ).fetchone()
    return Customer(**row) if row else None


def make_order(db: Database, order: NewOrder) -> Order | None:
    """The order that was made; None where there is no such product."""
    with db.transaction():
        price = db.execute("SELECT price FROM products WHERE id = %s", (order.product_id,)).fetchone()
        if price is None:
            return None
        # A known address keeps the name that it has; the update that changes nothing gives the row back.
        buyer = db.execute(
            "INSERT INTO customers (name, email) VALUES (%s, lower(%s))"
            " ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id",
            (order.name, order.email),
        ).fetchone()
        assert buyer is not None
        made = db.execute(
            "INSERT INTO orders (customer_id, product_id, quantity, unit_price) VALUES (%s, %s, %s, %s) RETURNING id",
            (buyer["id"], order.product_id, order.quantity, price["price"]),
        ).fetchone()
        assert made is not None
        return order_by_id(db, made["id"])


def orders(db: Database, *, page: int, size: int) -> list[Order]:
    rows = db.execute(f"{_ORDER} ORDER BY o.id DESC LIMIT %s OFFSET %s", (size, (page - 1) * size))
    return [Order(**row) for row in rows]


def order_by_id(db: Database, order_id: int) -> Order | None:
    row = db.execute(f"{_ORDER} WHERE o.id = %s", (order_id,)).fetchone()
    return Order(**row) if row else None


def advance(db: Database, order_id: int, before: str, after: str) -> Order | None:
    """The order one step on; None where it no longer stands at `before`."""
    changed = db.execute(
        "UPDATE orders SET status = %(after)s, done_at = CASE WHEN %(after)s = 'done' THEN clock_timestamp() END"
        " WHERE id = %(id)s AND status = %(before)s RETURNING id",
        {"id": order_id, "before": before, "after": after},
    ).fetchone()
    return order_by_id(db, order_id) if changed else None


def forgotten(db: Database, seconds: float, most: int) -> list[int]:
    """Orders of the last day that are not done, `seconds` after they were taken. Older ones are a person's affair."""
    rows = db.execute(
        "SELECT id FROM orders WHERE status IN ('taken', 'packed') AND ordered_at > now() - interval '1 day'"
        " AND ordered_at < now() - make_interval(secs => %s) ORDER BY id DESC LIMIT %s",
        (seconds, most),
    )
    return sorted(row["id"] for row in rows)
