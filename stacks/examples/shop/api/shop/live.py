"""Orders as they go: server-sent events, one for each step of each order."""

from collections.abc import AsyncIterator

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shop.queue import channel

QUIET = 15.0
"""Seconds after which a line without meaning keeps the connection open."""


async def follow(url: str) -> AsyncIterator[str]:
    """First an empty word: from then on nothing is missed. Then each order that changed, as JSON. It ends where Redis
    goes away; raises RedisError where it is away from the beginning."""
    redis = Redis.from_url(url, protocol=2, decode_responses=True, socket_connect_timeout=1)
    async with redis, redis.pubsub() as told:
        await told.subscribe(channel(redis))
        await told.get_message(timeout=1)  # the server's yes
        yield "retry: 2000\n\n"
        while True:
            try:
                message = await told.get_message(ignore_subscribe_messages=True, timeout=QUIET)
            except RedisError:
                return
            if message is None:
                yield ": still here\n\n"
            else:
                yield f"data: {message['data']}\n\n"
