"""How much one user, or one address, may ask, and how often a password may be tried."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse

from cxr_dash.cores import default_workers
from cxr_dash.domain import N_, Counted
from cxr_dash.errors import TooManyError
from cxr_dash.intake.addresses import is_this_machine, network_of
from cxr_dash.settings import Settings
from cxr_dash.web.sign_in.gate import request_user

if TYPE_CHECKING:
    from collections.abc import Sequence

# Passwords tried: for one name from one address, from one address, for one name from anywhere. The last is
# wide, or whoever knows a name could lock its user out.
_TRIES = (("pair", "5 per 15 minutes"), ("address", "30 per 15 minutes"), ("name", "100 per hour"))
_UNLIMITED = frozenset({"/healthz", "/readyz"})


def limit_requests(server: Flask, settings: Settings, films: Sequence[str]) -> Limiter:
    """Count requests, and films among them, for each user or address; beyond the settings' pace answer 429.

    Nobody counts who comes from this machine without a sign-in: the programs of whoever runs it.

    Parameters
    ----------
    server : Flask
        After the gate was set up: what it turns away is not counted.
    settings : Settings
    films : sequence of str
        Endpoints that add a film.
    """
    in_redis = settings.cache_type == "redis"
    limiter = Limiter(
        _who,
        app=server,
        default_limits=[_part(settings.rate_limit, settings)] if settings.rate_limit else [],
        storage_uri=settings.cache_redis_url if in_redis else "memory://",
        # a user of Redis who may touch the app's keys alone may touch these (deploy/redis/users.acl)
        storage_options={"key_prefix": "cxr-limits"} if in_redis else {},
        in_memory_fallback_enabled=in_redis,
        headers_enabled=True,
    )
    limiter.request_filter(_is_not_counted)
    if settings.film_rate_limit:
        # one count for all ways to add a film
        shared = limiter.shared_limit(
            _part(settings.film_rate_limit, settings), scope="films", override_defaults=False
        )
        for endpoint in films:
            server.view_functions[endpoint] = shared(server.view_functions[endpoint])  # type: ignore[assignment]
    return limiter


class Tries:
    """Counts passwords that are tried.

    Parameters
    ----------
    limiter : Limiter
    settings : Settings
    """

    def __init__(self, limiter: Limiter, settings: Settings) -> None:
        self._limiter = limiter
        self._items = {kind: parse(_part(pace, settings)) for kind, pace in _TRIES}

    def count(self, name: str) -> None:
        """Count one, before it is looked at.

        Raises
        ------
        TooManyError
        """
        strategy = self._limiter.limiter
        keys = _keys(name)
        # all are counted, also when the first is beyond its limit
        allowed = [strategy.hit(item, kind, *keys[kind]) for kind, item in self._items.items()]
        if not all(allowed):
            raise TooManyError(
                N_("Too many passwords were tried; wait {time}."),
                remedy=N_("Whoever runs the server can give you a new password."),
                time=Counted("{n} minute", "{n} minutes", self._minutes(keys)),
            )

    def forget(self, name: str) -> None:
        """Forget those of a user who has come in."""
        self._limiter.limiter.clear(self._items["pair"], "pair", *_keys(name)["pair"])

    def _minutes(self, keys: dict[str, tuple[str, ...]]) -> int:
        strategy, now = self._limiter.limiter, time.time()
        waits = [
            stats.reset_time - now
            for kind, item in self._items.items()
            if (stats := strategy.get_window_stats(item, kind, *keys[kind])).remaining == 0
        ]
        return max(1, math.ceil(max(waits, default=0.0) / 60))


def _keys(name: str) -> dict[str, tuple[str, ...]]:
    address = network_of(request.remote_addr or "socket")
    return {"pair": (name[:64], address), "address": (address,), "name": (name[:64],)}


def _part(pace: str, settings: Settings) -> str:
    """The part of a pace that a worker may let pass: workers without Redis know nothing of one another."""
    if settings.cache_type == "redis":
        return pace
    item: RateLimitItem = parse(pace)
    workers = settings.workers or default_workers()
    return f"{math.ceil(item.amount / workers)} per {item.multiples} {item.GRANULARITY.name}"


def _who() -> str:
    name = request_user().name
    return f"user {name}" if name else f"address {network_of(request.remote_addr or '')}"


def _is_not_counted() -> bool:
    # as none of the page's files in `assets` is: Flask-Limiter leaves those out itself
    if request.path in _UNLIMITED or request.blueprint == "parts":
        return True
    return not request_user().name and (not request.remote_addr or is_this_machine(request.remote_addr))
