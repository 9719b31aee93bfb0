"""Entries in the memory of this process."""

from __future__ import annotations

import threading
import time
from typing import Any

from cachelib.simple import SimpleCache

from cxr_dash.store.room import NOBODY, Room
from cxr_dash.store.sealed import NOBODY_TAG, SealedCache, owner_tag, sealed_for


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

    def set(
        self,
        key: str,
        value: Any,
        timeout: int | None = None,
        owner: str = NOBODY,
        beside: str | None = None,
    ) -> bool:
        """Keep a value as :class:`SealedCache` says; False where ``beside`` is not kept.

        Raises
        ------
        StorageError, QuotaError
            When there is no room for it.
        """
        with self._lock:
            self._remove_expired(time.time())
            place = (
                (self._normalize_timeout(timeout), owner_tag(owner))
                if beside is None
                else self._place(beside)
            )
            if place is None:
                return False
            until, tag = place
            data = self.seal(key, value, tag)
            others = [kept for name, (_, kept) in self._cache.items() if name != key]
            of_owner = sum(len(kept) for kept in others if sealed_for(kept) == tag)
            self._room.check(len(data), sum(map(len, others)), None if tag == NOBODY_TAG else of_owner)
            self._cache[key] = (until, data)
            self._see_to_sweeping()
        return True

    def _place(self, beside: str) -> tuple[int, bytes] | None:
        """Until when an entry is kept, and whose it is; None where it is not kept."""
        until, data = self._cache.get(beside, (0, b""))
        tag = sealed_for(data)
        return None if tag is None else (until, tag)

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
