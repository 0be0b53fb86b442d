"""The queue of orders, a stream in Redis, and the channel on which every step of an order is told.

The database is the truth; the queue only says that there is something to do. What a worker took out is its own until it
says `done`; what it holds for too long, because it died, goes to the next one that asks.
"""

import socket
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import ResponseError

from shop.models import Order

STREAM, GROUP = "orders", "workers"
LOST = 5_000
"""Milliseconds after which an order that was taken and not done counts as lost."""


@dataclass(frozen=True, slots=True)
class Item:
    """An order to work off, and the request that made it."""

    key: str
    order: int
    request_id: str


class OrderQueue:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._me = socket.gethostname()

    def put(self, order: int, request_id: str) -> None:
        """Raises RedisError where Redis is away."""
        self._redis.xadd(STREAM, {"order": order, "request_id": request_id})

    def take(self, most: int, wait: float) -> list[Item]:
        """At most `most` orders: those that another one lost, else new ones, for which it waits `wait` seconds.
        Raises RedisError where Redis is away."""
        try:
            lost = self._redis.xautoclaim(STREAM, GROUP, self._me, LOST, count=most)[1]
            # An entry that was deleted meanwhile has no fields.
            if found := [_item(key, fields) for key, fields in lost if fields]:
                return found
            new = self._redis.xreadgroup(GROUP, self._me, {STREAM: ">"}, count=most, block=max(1, int(wait * 1000)))
            return [_item(key, fields) for _, entries in new or () for key, fields in entries]
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            return []

    def done(self, item: Item) -> None:
        """It need not be worked again."""
        with self._redis.pipeline() as both:
            both.xack(STREAM, GROUP, item.key)
            both.xdel(STREAM, item.key)
            both.execute()

    def tell(self, order: Order) -> None:
        """To all who follow the shop's orders."""
        self._redis.publish(channel(self._redis), order.model_dump_json())


def channel(redis: Redis) -> str:
    """The channel's name. Channels know no numbered databases, and tests use one of their own."""
    return f"orders:{redis.get_connection_kwargs().get('db', 0)}"


def _item(key: str, fields: dict[str, str]) -> Item:
    return Item(key=key, order=int(fields["order"]), request_id=fields.get("request_id", ""))
