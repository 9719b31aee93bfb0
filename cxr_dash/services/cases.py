"""Films and results between requests: under unguessable keys, for a limited time."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from cxr_dash.domain import N_, Analysis, Counted, FilmFacts, PatientIdentity
from cxr_dash.errors import CaseNotFoundError, QuotaError, StorageError
from cxr_dash.services.workup import Workup
from cxr_dash.store.room import NOBODY, full

logger = logging.getLogger(__name__)

_KEY_BYTES = 24
# Go up with every change of what `Analysis`, `StoredFilm` and `Workup` hold: what an earlier version kept is
# asked for, and sent, anew.
_ANALYSIS_LAYOUT = 7
_FILM_LAYOUT = 6
_WORKUP_LAYOUT = 2
_KEY_PATTERN = re.compile(r"^[A-Za-z0-9_-]{32}$")


class KeyValueCache(Protocol):
    """What is asked of a cache: flask-caching's ``Cache`` in a server, :class:`MemoryCache` in a command."""

    def get(self, key: str) -> Any:
        """The value, or ``None``."""

    def set(self, key: str, value: Any, timeout: int, owner: str = NOBODY, beside: str | None = None) -> Any:
        """Keep a value for ``timeout`` seconds in the share of ``owner``, or as ``beside`` is kept."""

    def has(self, key: str) -> bool:
        """Whether there is a value."""

    def delete(self, key: str) -> Any:
        """Drop a value; whatever is raised, it may still be there."""


class MemoryCache:
    """A dictionary that keeps everything: for one short-lived process, such as a command."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """The value, or ``None``."""
        return self._values.get(key)

    def set(
        self,
        key: str,
        value: Any,
        timeout: int,  # noqa: ARG002
        owner: str = NOBODY,  # noqa: ARG002
        beside: str | None = None,  # noqa: ARG002
    ) -> None:
        """Keep a value; the other arguments are for caches that outlive the process."""
        self._values[key] = value

    def has(self, key: str) -> bool:
        """Whether there is a value."""
        return key in self._values

    def delete(self, key: str) -> None:
        """Drop a value."""
        self._values.pop(key, None)


@dataclass(frozen=True, slots=True, repr=False)
class StoredFilm:
    """A film as it waits for questions.

    Attributes
    ----------
    data : bytes
        The uploaded file, untouched; no name is kept.
    picture, thumbnail : bytes
        JPEG, upright, 8-bit, windowed: full size, and at most 160 px.
    sha256 : str
        Digest of ``data``.
    width, height : int
        The film's own frame, pixels.
    facts : FilmFacts
        What the file says beyond the pixels, with its identifiers, for results that go back.
    identity : PatientIdentity or None
        Who the patient is, where the file says so. It stands here alone: no analysis and no export has it.
    user : str
        Who signed in and added it; empty where nobody signs in. To others it is not there.
    """

    data: bytes
    picture: bytes
    thumbnail: bytes
    sha256: str
    width: int
    height: int
    facts: FilmFacts = field(default_factory=FilmFacts)
    identity: PatientIdentity | None = None
    user: str = ""

    def __repr__(self) -> str:
        """Nothing that a log could keep: the file's bytes hold a name too."""
        return f"StoredFilm(sha256={self.sha256[:8]!r}, {self.width} x {self.height})"


# What a cache that outlives the process may hold, and builds again.
KEPT_TYPES = (StoredFilm, Analysis, Workup)


class CaseStore:
    """Keeps films and analyses in a cache.

    Parameters
    ----------
    cache : KeyValueCache
    lifetime_seconds : int
        How long an entry is kept.
    user : callable
        Who asks now; empty where nobody signs in. A film is there for the user alone who added it.
    """

    def __init__(self, cache: KeyValueCache, lifetime_seconds: int, user: Callable[[], str] = str) -> None:
        self._cache = cache
        self._lifetime_seconds = lifetime_seconds
        self._user = user

    def add(self, film: StoredFilm, owner: str = NOBODY) -> str:
        """Keep a film in the share of ``owner``; returns its new key, 32 characters of 192 random bits.

        Raises
        ------
        StorageError
            When the cache could not keep it: a key that leads nowhere would read as "its time ran out".
        """
        key = secrets.token_urlsafe(_KEY_BYTES)
        try:
            self._cache.set(_film_name(key), replace(film, user=self._user()), self._lifetime_seconds, owner)
        except QuotaError:
            raise
        except Exception as error:
            logger.error("a film could not be kept: %s", error)
            raise full() from error
        return key

    def film(self, key: str) -> StoredFilm:
        """The film of that key.

        Raises
        ------
        CaseNotFoundError
            When it is not kept any more, or never was.
        StorageError
            When the cache does not answer: the film may still be there.
        """
        try:
            film = self._cache.get(_film_name(key)) if _KEY_PATTERN.match(key) else None
        except Exception as error:
            logger.error("a film could not be looked up: %s", error)
            raise StorageError(
                N_("The server cannot reach the films it keeps."),
                remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
            ) from error
        # another's film is answered as one that is not there: nobody learns which keys lead somewhere
        if not isinstance(film, StoredFilm) or film.user != self._user():
            raise CaseNotFoundError(
                N_(
                    "This film is no longer kept: films are deleted {time} after they were added, "
                    "or when they are cleared."
                ),
                remedy=N_("Add the film again."),
                time=Counted("{n} minute", "{n} minutes", self._lifetime_seconds // 60),
            )
        return film

    def analysis(self, key: str, model_id: str, model_sha256: str) -> Analysis | None:
        """What that model, in exactly that version, said about the film; ``None`` when not yet asked."""
        try:
            found = self._cache.get(_analysis_name(key, model_id, model_sha256))
        except Exception as error:
            logger.error("a result could not be looked up: %s", error)
            return None
        return found if isinstance(found, Analysis) else None

    def add_analysis(self, key: str, analysis: Analysis) -> None:
        """Keep an analysis as long as its film, in its share; one that cannot be kept is asked for again."""
        self._keep_beside(_analysis_name(key, analysis.model_id, analysis.model_sha256), analysis, key)

    def workup(self, key: str) -> Workup | None:
        """What was found of the film when it came; ``None`` where that is not kept."""
        try:
            found = self._cache.get(_workup_name(key))
        except Exception as error:
            logger.error("what was found of a film could not be looked up: %s", error)
            return None
        return found if isinstance(found, Workup) else None

    def add_workup(self, key: str, workup: Workup) -> None:
        """Keep it as long as its film, in its share; one that cannot be kept is found again."""
        self._keep_beside(_workup_name(key), workup, key)

    def _keep_beside(self, name: str, value: Analysis | Workup, key: str) -> None:
        try:
            self._cache.set(name, value, self._lifetime_seconds, beside=_film_name(key))
            if not self._cache.has(_film_name(key)):
                # deleted while a model was being asked: nothing that was said of it stays
                self._cache.delete(name)
        except Exception as error:
            logger.error("a result could not be kept: %s", error)

    def forget(self, key: str, models: Iterable[tuple[str, str]] = ()) -> None:
        """Delete a film now, and what was said of it.

        Parameters
        ----------
        key : str
        models : iterable of (str, str)
            Id and digest of every model that may have been asked.

        Raises
        ------
        CaseNotFoundError
            Where people sign in: when it is not kept, or is another's.
        StorageError
            When something of it may still be there.
        """
        if self._user():
            self.film(key)
        if not _KEY_PATTERN.match(key):
            return
        try:
            # the film first: without it no result can be asked for
            for name in (
                _film_name(key),
                _workup_name(key),
                *(_analysis_name(key, *model) for model in models),
            ):
                self._cache.delete(name)
        except Exception as error:
            logger.error("a film could not be deleted: %s", error)
            raise StorageError(
                N_("The server could not delete this film; it may still be kept until its time is over."),
                remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
            ) from error

    def is_usable(self, nonce: str) -> bool:
        """Whether a value can be written and read back; ``nonce`` must be new."""
        name = f"probe-{nonce}"
        try:
            self._cache.set(name, nonce, timeout=5)
            usable = bool(self._cache.get(name) == nonce)
            self._cache.delete(name)
        except Exception as error:
            # a Redis server that is gone: the answer is no, whatever its client raises
            logger.warning("the cache cannot be used: %s", error)
            return False
        return usable


def _film_name(key: str) -> str:
    return f"film-{_FILM_LAYOUT}-{key}"


def _workup_name(key: str) -> str:
    return f"workup-{_WORKUP_LAYOUT}-{key}"


def _analysis_name(key: str, model_id: str, model_sha256: str) -> str:
    return f"analysis-{_ANALYSIS_LAYOUT}-{key}-{model_id}-{model_sha256[:16]}"
