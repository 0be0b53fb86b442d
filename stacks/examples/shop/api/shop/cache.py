"""Redis, and searches that were asked before. The shop sells without it: a search then asks the database again."""

import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

FRESH = 30
"""Seconds for which an answer is given again: as long may a changed price be unknown."""
REST = 2.0
"""Seconds for which Redis is not asked again after it did not answer, so that no search waits for it each time."""


def connect(url: str, *, timeout: float = 0.5) -> Redis:
    """A client that gives up after `timeout` seconds. It connects when it is used, and again when it has to."""
    return Redis.from_url(
        url,
        protocol=2,
        decode_responses=True,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 1),
    )


class Cache:
    """Answers by key. Where Redis is away there are none, and nothing is kept."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rests_until = 0.0

    @property
    def away(self) -> bool:
        """Whether Redis did not answer a moment ago."""
        return time.monotonic() < self._rests_until

    def get(self, key: str) -> str | None:
        return None if self.away else self._try(lambda: self._redis.get(key))

    def put(self, key: str, answer: str) -> None:
        if not self.away:
            self._try(lambda: self._redis.set(key, answer, ex=FRESH))

    def ping(self) -> None:
        """Raises RedisError where Redis is away."""
        self._redis.ping()

    def _try(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except RedisError:
            self._rests_until = time.monotonic() + REST
            return None
