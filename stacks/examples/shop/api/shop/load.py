"""A small load: `devenv run load [--orders N] [--searches N] [--at-once N] [--keep]`.

Searches and orders through the web server, as customers send them, and then waits until the worker has done them all.
What it ordered is taken back at the end.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import psycopg

EMAIL = "load@shop.test"
WORDS = ("lamp", "oak", "teapot", "mug", "steel", "blue", "board", "glass", "garden", "wool")


def main() -> int:
    parser = argparse.ArgumentParser(prog="load", description="Searches and orders, and how long they took.")
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=8, help="customers at the same time")
    parser.add_argument("--keep", action="store_true", help="leave the orders where they are")
    given = parser.parse_args()
    dice = random.Random(1)
    items = json.loads(_ask("/products?size=100")[1])["items"]
    jobs = [
        ("search", f"/products?q={dice.choice(WORDS)}&page={dice.randint(1, 3)}", None) for _ in range(given.searches)
    ]
    for _ in range(given.orders):
        order = {"product_id": dice.choice(items)["id"], "quantity": 1, "name": "Load", "email": EMAIL}
        jobs.append(("order", "/orders", order))
    dice.shuffle(jobs)
    begun = time.monotonic()
    with ThreadPoolExecutor(given.at_once) as customers:
        answers = list(customers.map(lambda job: (job[0], *_timed(job[1], job[2])), jobs))
    took = time.monotonic() - begun
    for kind in ("search", "order"):
        times = sorted(seconds for name, seconds, _ in answers if name == kind)
        if times:
            most = times[min(len(times) - 1, int(len(times) * 0.95))]
            print(
                f"{len(times):5} × {kind:<7} median {statistics.median(times) * 1000:4.0f} ms,"
                f" 95 % within {most * 1000:4.0f} ms"
            )
    caches = Counter(cache for name, _, cache in answers if name == "search")
    print(f"{len(answers)} requests in {took:.1f} s; searches from the cache: {caches['hit']} of {given.searches}")
    return _settle(given.orders, keep=given.keep)


def _settle(orders: int, *, keep: bool) -> int:
    """Wait until all that was ordered is done, and take it back."""
    begun = time.monotonic()
    mine = "FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = %s)"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
        while left := db.execute(f"SELECT count(*) {mine} AND status <> 'done'", (EMAIL,)).fetchone()[0]:
            if time.monotonic() - begun > 30 + orders:
                print(f"{left} orders are not done: devenv logs worker", file=sys.stderr)
                return 1
            time.sleep(0.2)
        if orders:
            print(f"all orders done {time.monotonic() - begun:.1f} s after the last one was taken")
        if not keep:
            db.execute(f"DELETE {mine}", (EMAIL,))
            db.execute("DELETE FROM customers WHERE email = %s", (EMAIL,))
    return 0


def _timed(path: str, body: object) -> tuple[float, str]:
    begun = time.monotonic()
    cache, _ = _ask(path, body)
    return time.monotonic() - begun, cache


def _ask(path: str, body: object = None) -> tuple[str, bytes]:
    """Whether the cache knew it, and the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{os.environ['WEB_URL']}/api{path}", data=data, headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        return answer.headers.get("X-Cache", ""), answer.read()


if __name__ == "__main__":
    raise SystemExit(main())
