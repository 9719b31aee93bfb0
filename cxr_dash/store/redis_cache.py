"""Entries in Redis, shared by the machines behind one balancer."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import redis
from cachelib.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from cxr_dash.errors import StorageError
from cxr_dash.store.room import Room, full
from cxr_dash.store.sealed import NOBODY_TAG, SEAL_BYTES, Place, SealedCache, sealed_for

# A sorted set for each owner: names and sizes of its entries, by when their time is over.
_OWNERS = "cxru-"
_SECONDS = 5.0


def redis_client(url: str, **options: Any) -> redis.Redis:
    """A client of the Redis at an address that is known to be one; no connection is opened.

    Raises
    ------
    StorageError
        When the address, or an option in it, is none that the client takes.
    """
    try:
        client = redis.Redis.from_url(url, **options)
        # what an option of the address is worth is looked at only here
        client.connection_pool.make_connection()
    except (ValueError, TypeError, redis.RedisError) as error:
        said = str(error).removesuffix(".")
        raise StorageError(
            f"`CXR_CACHE_REDIS_URL` must be an address that Redis's client takes; it says: {said}.",
            remedy="As in redis://user:password@host:6379/0.",
        ) from None
    return client


class SealedRedisCache(SealedCache, RedisCache):  # type: ignore[misc]
    """cachelib's ``RedisCache``; how much it holds in all is Redis's own setting.

    Parameters
    ----------
    url : str
    room : Room
        ``most_bytes`` is not looked at: a Redis with ``maxmemory`` and ``noeviction`` refuses by itself.
    **options
        Of ``RedisCache``.
    """

    def __init__(self, url: str, room: Room, **options: Any) -> None:
        # a reader is told at once that Redis is gone, and asks again
        client = redis_client(
            url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        RedisCache.__init__(self, client, **options)
        self._room = room

    def _keep(self, key: str, data: bytes, place: Place) -> None:
        tag = place.tag
        try:
            if tag != NOBODY_TAG:
                self._take_share(tag, key, len(data), place.until)
            self._write_client.set(self._get_prefix() + key, data, ex=place.until)
        except redis.exceptions.OutOfMemoryError:
            self._undo(tag, key, len(data))
            raise full() from None
        except redis.RedisError:
            # it may be there, and nobody gets its key: it goes, and with it what it took of the share
            with suppress(redis.RedisError):
                self._undo(tag, key, len(data))
            raise

    def delete(self, key: str) -> bool:
        """Drop an entry; whether it was there.

        Raises
        ------
        redis.RedisError
            When it may still be there.
        """
        name = self._get_prefix() + key
        tag = sealed_for(self._write_client.getrange(name, 0, SEAL_BYTES - 1))
        size = self._write_client.strlen(name)
        was_there = super().delete(key)
        if tag is not None and tag != NOBODY_TAG:
            self._give_back(tag, key, size)
        return bool(was_there)

    def used_bytes(self) -> int:
        """Bytes that Redis holds, of whoever uses it.

        Raises
        ------
        redis.RedisError
        """
        return int(self._write_client.info("memory")["used_memory"])

    def _place(self, beside: str) -> Place | None:
        name = self._get_prefix() + beside
        tag = sealed_for(self._write_client.getrange(name, 0, SEAL_BYTES - 1))
        seconds = self._write_client.ttl(name)
        return None if tag is None or seconds < 1 else Place(seconds, tag)

    def _take_share(self, tag: bytes, key: str, size: int, seconds: int) -> None:
        share, now = _OWNERS + tag.hex(), time.time()
        self._write_client.zremrangebyscore(share, 0, now)
        members = self._write_client.zrange(share, 0, -1)
        # an entry that is written anew takes the place of its earlier self
        earlier = [member for member in members if member.rpartition(b" ")[0] == key.encode()]
        used = sum(int(member.rpartition(b" ")[2]) for member in members if member not in earlier)
        self._room.check(size, 0, used)
        if earlier:
            self._write_client.zrem(share, *earlier)
        self._write_client.zadd(share, {f"{key} {size}": now + seconds})
        # as long as what is kept longest in it
        self._write_client.expire(share, max(seconds, self._write_client.ttl(share)))

    def _undo(self, tag: bytes, key: str, size: int) -> None:
        self._write_client.delete(self._get_prefix() + key)
        if tag != NOBODY_TAG:
            self._give_back(tag, key, size)

    def _give_back(self, tag: bytes, key: str, size: int) -> None:
        self._write_client.zrem(_OWNERS + tag.hex(), f"{key} {size}")
