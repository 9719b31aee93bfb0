"""What all caches have in common: entries are sealed, and read without running anything.

cachelib, the engine of flask-caching, writes pickles: whoever can write to its folder or its Redis runs code
as the server. Its serializer is replaced here by the codec, and every entry says under which name it is kept
and in whose share.
"""

from __future__ import annotations

import hashlib
import logging
from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import IO, Any

from cachelib.base import BaseCache
from cachelib.serializers import BaseSerializer

from cxr_dash.store.codec import Codec, UnreadableEntryError
from cxr_dash.store.room import NOBODY

logger = logging.getLogger(__name__)

_FORM = b"cxr2"
_OWNER_BYTES = 16
# Begins what is kept: its form, and whose it is.
SEAL_BYTES = len(_FORM) + _OWNER_BYTES
NOBODY_TAG = bytes(_OWNER_BYTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept.

    Attributes
    ----------
    name : str
        Under which it is kept: one that was copied to another name is not that other.
    value : object
    owner_tag : bytes
        Of ``owner_tag``.
    """

    name: str
    value: Any
    owner_tag: bytes = NOBODY_TAG


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry goes.

    Attributes
    ----------
    until : int
        As the cache's own ``_normalize_timeout`` counts it.
    tag : bytes
        Of :func:`owner_tag`.
    written : float or None
        When the entry beside which it goes was written, seconds since the epoch, where that is known.
    """

    until: int
    tag: bytes
    written: float | None = None


def owner_tag(owner: str) -> bytes:
    """16 bytes that stand for an owner and say nothing about it; zeros for nobody."""
    return hashlib.sha256(owner.encode()).digest()[:_OWNER_BYTES] if owner != NOBODY else NOBODY_TAG


def sealed_for(data: bytes) -> bytes | None:
    """The owner's tag of an entry that begins with these bytes; ``None`` where they begin none."""
    return data[len(_FORM) : SEAL_BYTES] if len(data) >= SEAL_BYTES and data.startswith(_FORM) else None


class SealedSerializer(BaseSerializer):  # type: ignore[misc]
    """For ``CACHE_SERIALIZER``: entries as bytes and back, by a codec's schema.

    Parameters
    ----------
    codec : Codec
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def dumps(self, value: Entry) -> bytes:
        """The bytes of an entry."""
        return b"".join((_FORM, value.owner_tag, self._codec.encode((value.name, value.value))))

    def loads(self, bvalue: bytes | None) -> Entry | None:
        """The entry of these bytes; ``None`` of none.

        Raises
        ------
        UnreadableEntryError
            When the bytes are cut, changed, or of another schema.
        """
        if bvalue is None:
            return None
        tag = sealed_for(bvalue)
        plain = self._codec.decode(memoryview(bvalue)[SEAL_BYTES:]) if tag is not None else None
        if tag is None or not isinstance(plain, tuple) or len(plain) != 2:
            raise UnreadableEntryError("not an entry")
        return Entry(str(plain[0]), plain[1], tag)

    def dump(self, value: Entry, f: IO[bytes]) -> None:
        """Write an entry to a file."""
        f.write(self.dumps(value))

    def load(self, f: IO[bytes]) -> Entry | None:
        """Read an entry from a file; see :meth:`loads`."""
        return self.loads(f.read())


class SealedCache(BaseCache):  # type: ignore[misc]
    """Goes before one of cachelib's caches, which finds the entry and knows whether its time is over."""

    # Until flask-caching sets its `CACHE_SERIALIZER`: nothing but plain values is read, and never a pickle.
    serializer = SealedSerializer(Codec(()))

    def get(self, key: str) -> Any:
        """The value, or ``None``; also where what lies there is damaged, or is another entry."""
        try:
            entry = super().get(key)
        except UnreadableEntryError:
            logger.error("an entry of the cache is damaged and counts as gone")
            return None
        return entry.value if isinstance(entry, Entry) and entry.name == key else None

    def set(
        self,
        key: str,
        value: Any,
        timeout: int | None = None,
        owner: str = NOBODY,
        beside: str | None = None,
    ) -> bool:
        """Keep a value for ``timeout`` seconds in the share of ``owner``.

        Where ``beside`` names another entry, it is kept in that one's share, and no longer than that one.

        Returns
        -------
        bool
            False where the entry beside it is not kept, and so this one is not.

        Raises
        ------
        StorageError, QuotaError
            When there is no room for it, or it cannot be written.
        redis.RedisError
            When entries are kept in Redis, and it does not answer.
        """
        with self._held():
            place = (
                Place(self._normalize_timeout(timeout), owner_tag(owner))
                if beside is None
                else self._place(beside)
            )
            if place is None:
                return False
            self._keep(key, self.serializer.dumps(Entry(key, value, place.tag)), place)
        return True

    def _held(self) -> AbstractContextManager[Any]:
        """What holds others off while a place is looked for and taken; nothing, where that is not needed."""
        return nullcontext()

    @abstractmethod
    def used_bytes(self) -> int:
        """Bytes of what is kept now."""

    @abstractmethod
    def _place(self, beside: str) -> Place | None:
        """The place of an entry that is kept; None where it is not."""

    @abstractmethod
    def _keep(self, key: str, data: bytes, place: Place) -> None:
        """Put an entry's bytes there, or raise as :meth:`set` says."""
