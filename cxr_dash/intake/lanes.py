"""Which threads answer a request, and whether there is room for one more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from cxr_dash.intake.connection import Connection
from cxr_dash.intake.limits import IntakeLimits, is_work

_HEALTH = "/healthz"
_BESIDE = ("/readyz", "/metrics")
_MOST_TURNED_AWAY_AT_ONCE = 256


class Lanes:
    """One thread for ``/healthz``, two for what must be answered when all others are busy, the rest.

    Used by the loop alone.

    Parameters
    ----------
    limits : IntakeLimits
    main : ThreadPoolExecutor
        Of ``limits.threads`` threads.
    """

    def __init__(self, limits: IntakeLimits, main: ThreadPoolExecutor) -> None:
        self._limits = limits
        self._main = main
        self._health = ThreadPoolExecutor(1, "cxr-health")
        self._beside = ThreadPoolExecutor(2, "cxr-beside")
        self._in_hand = 0
        self._work_in_hand = 0
        self._turned_away = 0

    @property
    def load(self) -> dict[str, int]:
        """Threads, how many of them answer, requests that wait for one, and how many may."""
        busy = min(self._in_hand, self._limits.threads)
        return {
            "threads": self._limits.threads,
            "busy_threads": busy,
            "waiting_requests": self._in_hand - busy,
            "waiting_room": self._limits.most_waiting,
        }

    def has_room(self, connection: Connection) -> bool:
        """Whether the request may wait for a thread, by what it asks for and how many wait already."""
        if connection.refused:
            return self._turned_away < _MOST_TURNED_AWAY_AT_ONCE
        method, path = connection.asked_for
        if path in (_HEALTH, *_BESIDE):
            return True
        limits = self._limits
        if self._in_hand >= limits.threads + limits.most_waiting_reads:
            return False
        return not is_work(method, path) or self._work_in_hand < limits.threads + limits.most_waiting

    def submit(self, connection: Connection, handle: Callable[[Connection], Any]) -> Future[Any]:
        """Let a thread answer."""
        method, path = connection.asked_for
        if connection.refused:
            self._turned_away += 1
            return self._beside.submit(handle, connection)
        if path == _HEALTH:
            return self._health.submit(handle, connection)
        if path in _BESIDE:
            return self._beside.submit(handle, connection)
        self._in_hand += 1
        connection.has_place, connection.is_work = True, is_work(method, path)
        self._work_in_hand += connection.is_work
        return self._main.submit(handle, connection)

    def done(self, connection: Connection) -> None:
        """Count a request out."""
        if connection.has_place:
            self._in_hand -= 1
            self._work_in_hand -= connection.is_work
            connection.has_place = connection.is_work = False
        elif connection.refused:
            self._turned_away -= 1
