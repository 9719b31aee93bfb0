"""Entries in Redis, shared by the machines behind one balancer."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cxr_dash.store.places import NOBODY, Room, full

_PREFIX = "cxr-"
# A sorted set for each owner: names and sizes of its entries, by when their time is over.
_OWNERS = "cxru-"
_WHOSE_BYTES = 16
_SECONDS = 5.0


class RedisPlace:
    """Keeps entries in a Redis database; how much that holds in all is Redis's own setting.

    Parameters
    ----------
    url : str
    room : Room
        ``most_bytes`` is not looked at: a Redis with ``maxmemory`` and ``noeviction`` refuses by itself.
    """

    def __init__(self, url: str, room: Room) -> None:
        self._room = room
        self._client: Any = redis.Redis.from_url(
            url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
        )

    def get(self, name: str) -> bytes | None:
        """See :class:`~cxr_dash.store.places.Place`."""
        found: bytes | None = self._client.get(_PREFIX + name)
        return None if found is None else found[_WHOSE_BYTES:]

    def put(self, name: str, data: bytes, seconds: int, owner: str = NOBODY) -> None:
        """See :class:`~cxr_dash.store.places.Place`."""
        whose = (
            hashlib.sha256(owner.encode()).digest()[:_WHOSE_BYTES] if owner != NOBODY else bytes(_WHOSE_BYTES)
        )
        try:
            if owner != NOBODY:
                self._take_share(whose, name, len(data), seconds)
            self._client.set(_PREFIX + name, whose + data, ex=seconds)
        except redis.exceptions.OutOfMemoryError:
            if owner != NOBODY:
                self._client.zrem(_OWNERS + whose.hex(), f"{name} {len(data)}")
            raise full() from None

    def delete(self, name: str) -> None:
        """See :class:`~cxr_dash.store.places.Place`."""
        whose = self._client.getrange(_PREFIX + name, 0, _WHOSE_BYTES - 1)
        size = self._client.strlen(_PREFIX + name) - _WHOSE_BYTES
        self._client.delete(_PREFIX + name)
        if whose and any(whose):
            self._client.zrem(_OWNERS + whose.hex(), f"{name} {size}")

    def _take_share(self, whose: bytes, name: str, size: int, seconds: int) -> None:
        key, now = _OWNERS + whose.hex(), time.time()
        self._client.zremrangebyscore(key, 0, now)
        used = sum(int(member.rpartition(b" ")[2]) for member in self._client.zrange(key, 0, -1))
        self._room.check(size, 0, used)
        self._client.zadd(key, {f"{name} {size}": now + seconds})
        self._client.expire(key, seconds)
