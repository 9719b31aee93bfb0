"""Entries in the memory of this process."""

from __future__ import annotations

import time
from typing import Any

from cachelib.simple import SimpleCache

from cxr_dash.store.room import NOBODY, Room
from cxr_dash.store.sealed import SealedCache, owner_tag, sealed_for


class SealedMemoryCache(SealedCache, SimpleCache):  # type: ignore[misc]
    """cachelib's ``SimpleCache``, which refuses what does not fit instead of letting the oldest go.

    Parameters
    ----------
    room : Room
    **options
        Of ``SimpleCache``.
    """

    def __init__(self, room: Room, **options: Any) -> None:
        SimpleCache.__init__(self, **options)
        self._room = room

    def set(self, key: str, value: Any, timeout: int | None = None, owner: str = NOBODY) -> bool:
        """Keep a value for ``timeout`` seconds, in the share of ``owner``.

        Raises
        ------
        StorageError, QuotaError
            When there is no room for it.
        """
        data = self.seal(key, value, owner)
        with self._lock:
            self._remove_expired(time.time())
            others = [kept for name, (_, kept) in self._cache.items() if name != key]
            tag = owner_tag(owner)
            of_owner = sum(len(kept) for kept in others if sealed_for(kept) == tag)
            used = sum(map(len, others))
            self._room.check(len(data), used, None if owner == NOBODY else of_owner)
            self._cache[key] = (self._normalize_timeout(timeout), data)
        return True
