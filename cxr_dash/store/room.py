"""How much is kept, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain import N_
from cxr_dash.errors import QuotaError, StorageError

# Who keeps an entry, for the share that one may have; nobody's entries, such as results, count for all alone.
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How much a cache may hold.

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
    """The error of a cache that holds no more."""
    return StorageError(
        N_("The server has no room to keep this film, or may not write to its cache."),
        remedy=N_("Try again in a minute; if it stays so, tell whoever runs the server."),
    )
