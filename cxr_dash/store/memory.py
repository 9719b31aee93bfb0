"""Entries in the memory of this process."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from typing import Any

from cachelib.simple import SimpleCache

from cxr_dash.store.room import Room
from cxr_dash.store.sealed import NOBODY_TAG, Place, SealedCache, sealed_for


class SealedMemoryCache(SealedCache, SimpleCache):  # type: ignore[misc]
    """cachelib's ``SimpleCache``, which refuses what does not fit instead of letting the oldest go.

    Parameters
    ----------
    room : Room
    seconds_between_sweeps : float
        How soon an entry whose time is over leaves the memory by itself.
    **options
        Of ``SimpleCache``.
    """

    def __init__(self, room: Room, *, seconds_between_sweeps: float = 15.0, **options: Any) -> None:
        SimpleCache.__init__(self, **options)
        self._room = room
        self._seconds_between_sweeps = seconds_between_sweeps
        self._sweeper: threading.Thread | None = None

    def _held(self) -> AbstractContextManager[Any]:
        lock: AbstractContextManager[Any] = self._lock
        return lock

    def _keep(self, key: str, data: bytes, place: Place) -> None:
        self._remove_expired(time.time())
        others = [kept for name, (_, kept) in self._cache.items() if name != key]
        of_owner = sum(len(kept) for kept in others if sealed_for(kept) == place.tag)
        self._room.check(len(data), sum(map(len, others)), None if place.tag == NOBODY_TAG else of_owner)
        self._cache[key] = (place.until, data)
        self._see_to_sweeping()

    def used_bytes(self) -> int:
        """Bytes of all entries of this process."""
        with self._lock:
            return sum(len(kept) for _, kept in self._cache.values())

    def _place(self, beside: str) -> Place | None:
        self._remove_expired(time.time())
        until, data = self._cache.get(beside, (0, b""))
        tag = sealed_for(data)
        return None if tag is None else Place(until, tag)

    def _see_to_sweeping(self) -> None:
        """Entries whose time is over go even where nobody comes any more; a forked process begins anew."""
        if self._sweeper is None or not self._sweeper.is_alive():
            self._sweeper = threading.Thread(target=self._sweep, name="cxr-expiry", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        while True:
            time.sleep(self._seconds_between_sweeps)
            with self._lock:
                self._remove_expired(time.time())
                if not self._cache:
                    self._sweeper = None
                    return
