"""Sign-ins between requests, in the cache where films wait: all workers know them, and their end is real."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from cxr_dash.errors import StorageError
from cxr_dash.services.accounts.user import Role
from cxr_dash.services.cases import KeyValueCache

_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# A session's last use is written down once in so many seconds, not with every picture.
_SECONDS_BETWEEN_NOTES = 30.0
_LAYOUT = 1
_SECONDS_TO_SIGN_IN = 600


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in.

    Attributes
    ----------
    name, role
        As in :class:`~cxr_dash.services.accounts.User`.
    seal : str
        What must still be so for the session to hold: the fingerprint of the password's hash, or empty.
    began, seen : float
        Seconds since 1970.
    """

    name: str
    role: Role
    seal: str
    began: float
    seen: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whom the browser took to an OpenID provider, until it comes back.

    Attributes
    ----------
    state, nonce, verifier : str
        What must come back with it, what must stand in the token, and PKCE's secret.
    back : str
        The address the provider sends it to.
    """

    state: str
    nonce: str
    verifier: str
    back: str


# What the cache may hold, besides films and answers.
SESSION_TYPES = (Session, Waiting)


class Sessions:
    """Begins, finds and ends sign-ins. The cache knows a token's digest alone: who reads it cannot sign in.

    Parameters
    ----------
    cache : KeyValueCache
    most_seconds, idle_seconds : int
        A session ends that long after its begin, and after its last use.
    now : callable
        Seconds since 1970.
    """

    def __init__(
        self,
        cache: KeyValueCache,
        *,
        most_seconds: int,
        idle_seconds: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cache = cache
        self._most_seconds = most_seconds
        self._idle_seconds = idle_seconds
        self._now = now

    def begin(self, name: str, role: Role, seal: str = "") -> str:
        """Sign somebody in; returns the token for the browser: 43 characters of 256 random bits."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = self._now()
        self._cache.set(_entry("session", token), Session(name, role, seal, now, now), self._idle_seconds)
        return token

    def find(self, token: str) -> Session | None:
        """Whose token it is; ``None`` where it is nobody's any more. Its use is remembered."""
        if not _TOKEN.fullmatch(token):
            return None
        entry = _entry("session", token)
        session, now = self._cache.get(entry), self._now()
        if not isinstance(session, Session):
            return None
        over = now - session.began >= self._most_seconds or now - session.seen >= self._idle_seconds
        if over or self._cache.has(_entry("ended", token)):
            self._cache.delete(entry)
            return None
        if now - session.seen >= _SECONDS_BETWEEN_NOTES:
            # a cache that is full refuses this as it refuses a film; whoever is signed in stays so
            with suppress(StorageError):
                self._cache.set(entry, replace(session, seen=now), self._idle_seconds)
        return session

    def end(self, token: str) -> None:
        """Sign out: what another request of the session writes down at this moment does not undo it."""
        if not _TOKEN.fullmatch(token):
            return
        with suppress(StorageError):
            self._cache.set(_entry("ended", token), True, self._idle_seconds + _SECONDS_TO_SIGN_IN)
        self._cache.delete(_entry("session", token))

    def wait(self, waiting: Waiting) -> str:
        """Remember who was sent to a provider; returns the token for the browser."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._cache.set(_entry("waiting", token), waiting, _SECONDS_TO_SIGN_IN)
        return token

    def came_back(self, token: str) -> Waiting | None:
        """What was remembered, once; ``None`` where nothing is."""
        if not _TOKEN.fullmatch(token):
            return None
        entry = _entry("waiting", token)
        waiting = self._cache.get(entry)
        self._cache.delete(entry)
        return waiting if isinstance(waiting, Waiting) else None


def _entry(kind: str, token: str) -> str:
    return f"{kind}-{_LAYOUT}-{hashlib.sha256(token.encode()).hexdigest()}"
