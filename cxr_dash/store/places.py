"""What every place for entries does, whichever it is; and the one in memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from cxr_dash.domain import N_
from cxr_dash.errors import QuotaError, StorageError

# Who keeps an entry, for the share that one may have; nobody's entries, such as results, count for all alone.
NOBODY = ""


class Place(Protocol):
    """Keeps bytes under names. What it confirmed stays for its time: it refuses rather than make room."""

    def get(self, name: str) -> bytes | None:
        """The bytes, or ``None`` where there are none any more."""

    def put(self, name: str, data: bytes, seconds: int, owner: str = NOBODY) -> None:
        """Keep bytes for a time.

        Raises
        ------
        StorageError
            When there is no room; a :class:`QuotaError` when the owner's share is used up.
        """

    def delete(self, name: str) -> None:
        """Drop an entry; whatever is raised, it may still be there."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much a place may hold.

    Attributes
    ----------
    most_bytes : int
    most_bytes_of_one : int
        Of one owner.
    """

    most_bytes: int
    most_bytes_of_one: int

    def check(self, wanted_bytes: int, used_bytes: int, used_by_owner_bytes: int | None) -> None:
        """Refuse what does not fit; ``None`` for an entry that is nobody's.

        Raises
        ------
        StorageError, QuotaError
        """
        if used_by_owner_bytes is not None and used_by_owner_bytes + wanted_bytes > self.most_bytes_of_one:
            raise QuotaError(
                N_("You keep as many films on this server as one reader may ({most:g} MB)."),
                remedy=N_("Remove films that you have read, or wait until their time is over."),
                most=round(self.most_bytes_of_one / 2**20, 1),
            )
        if used_bytes + wanted_bytes > self.most_bytes:
            raise full()


def full() -> StorageError:
    """The error of a place that holds no more."""
    return StorageError(
        N_("The server has no room to keep this film, or may not write to its cache."),
        remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
    )


class MemoryPlace:
    """A dictionary of this process.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[float, str, bytes]] = {}

    def get(self, name: str) -> bytes | None:
        """See :class:`Place`."""
        with self._lock:
            until, _, data = self._entries.get(name, (0.0, NOBODY, b""))
        return data if until > time.monotonic() else None

    def put(self, name: str, data: bytes, seconds: int, owner: str = NOBODY) -> None:
        """See :class:`Place`."""
        now = time.monotonic()
        with self._lock:
            self._entries = {key: entry for key, entry in self._entries.items() if entry[0] > now}
            others = [entry for key, entry in self._entries.items() if key != name]
            of_owner = sum(len(entry[2]) for entry in others if entry[1] == owner)
            self._room.check(
                len(data), sum(len(entry[2]) for entry in others), None if owner == NOBODY else of_owner
            )
            self._entries[name] = (now + seconds, owner, data)

    def delete(self, name: str) -> None:
        """See :class:`Place`."""
        with self._lock:
            self._entries.pop(name, None)
