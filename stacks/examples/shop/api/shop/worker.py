"""Works orders off: taken, packed, done. `python -m shop.worker`.

A worker may die at any moment. An order that it held goes to the next one (shop.queue), and one that never came into
the queue, because Redis was away when it was taken, is found in the database.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import psycopg
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from shop import logs, queries
from shop.cache import connect
from shop.database import Database, open_pool
from shop.queue import Item, OrderQueue

log = logging.getLogger("shop.worker")
STEPS = (("taken", "packed", 0.4), ("packed", "done", 0.6))
"""From, to, and the seconds that it takes."""
AT_ONCE = 8
FORGOTTEN, FORGOTTEN_ALONE = 10, 1
"""Seconds after which an order that nobody works on counts as forgotten; the second while there is no queue."""
ALIVE = Path("/tmp/worker.alive")
"""Touched as long as the worker goes round: its healthcheck looks at this."""


class Worker:
    """`connection` lends a connection to the database and commits at its end."""

    def __init__(self, connection: Callable[[], AbstractContextManager[Database]], queue: OrderQueue) -> None:
        self._connection = connection
        self._queue = queue
        self._held: dict[int, Future[None]] = {}
        self._troubled = ""
        self._looked = 0.0
        self.stop = threading.Event()

    def run(self) -> None:
        """Until `stop`; what is in hand then is done at once."""
        with ThreadPoolExecutor(AT_ONCE) as hands:
            while not self.stop.is_set():
                ALIVE.touch()
                try:
                    self._round(hands)
                    self._trouble("")
                except RedisError as error:
                    self._trouble(f"the queue does not answer: {error}")
                except (psycopg.Error, PoolTimeout) as error:
                    self._trouble(f"the database does not answer: {logs.words(error)}")

    def _round(self, hands: ThreadPoolExecutor) -> None:
        self._held = {order: work for order, work in self._held.items() if not work.done()}
        patience = FORGOTTEN_ALONE if self._troubled else FORGOTTEN
        if time.monotonic() - self._looked >= patience / 2:
            self._looked = time.monotonic()
            with self._connection() as db:
                forgotten = queries.forgotten(db, patience, AT_ONCE)
            for order in forgotten:
                self._begin(hands, Item(key="", order=order, request_id=""))
        free = AT_ONCE - len(self._held)
        if free <= 0:
            wait(self._held.values(), timeout=1, return_when=FIRST_COMPLETED)
            return
        for item in self._queue.take(free, wait=1):
            self._begin(hands, item)

    def _begin(self, hands: ThreadPoolExecutor, item: Item) -> None:
        if item.order not in self._held:
            self._held[item.order] = hands.submit(self.work, item)

    def work(self, item: Item) -> None:
        """One order, from where it stands to its end. One that is done already stays as it is."""
        logs.request_id.set(item.request_id)
        try:
            for before, after, seconds in STEPS:
                with self._connection() as db:
                    order = queries.order_by_id(db, item.order)
                if order is None:
                    log.warning("order %s is gone", item.order, extra={"fields": {"order": item.order}})
                    break
                if order.status != before:
                    continue
                self.stop.wait(seconds)
                with self._connection() as db:
                    order = queries.advance(db, item.order, before, after)
                if order is not None:
                    log.info("order %s is %s", order.id, after, extra={"fields": {"order": order.id}})
                    with suppress(RedisError):  # who follows asks as well
                        self._queue.tell(order)
            if item.key:
                self._queue.done(item)
        except (RedisError, psycopg.Error, PoolTimeout) as error:
            # It stays in the queue, or in the database, and its turn comes again.
            fields = {"order": item.order, "error": logs.words(error)}
            log.warning("order %s has to wait", item.order, extra={"fields": fields})
        except Exception:
            log.exception("order %s broke", item.order)

    def _trouble(self, words: str) -> None:
        """Said when it begins and when it ends, not every second."""
        if words and words != self._troubled:
            log.warning("%s", words)
        elif self._troubled and not words:
            log.info("all answers again")
        self._troubled = words
        if words:
            self.stop.wait(1)


def main() -> None:
    logs.set_up("worker")
    with open_pool() as pool:
        worker = Worker(pool.connection, OrderQueue(connect(os.environ["REDIS_URL"], timeout=5)))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop.set())
        log.info("ready for orders")
        worker.run()
    log.info("stopped")


if __name__ == "__main__":
    main()
