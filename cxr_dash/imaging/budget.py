"""How much large pictures may take at once: threads of one process share a number of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Condition

# Pictures up to this share of the whole never wait: sixteen threads of them take as much as the whole.
_SMALL_SHARE = 16


class DecodingBudget:
    """A number of bytes that large pictures take from while they are decoded, and give back.

    Parameters
    ----------
    total : int
        Bytes; a picture that is larger is decoded when no other large one is.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.taken = 0
        self._changed = Condition()

    @contextmanager
    def hold(self, needed: int) -> Iterator[None]:
        """Wait until so many bytes are free, and hold them; a small picture does not wait."""
        share = min(needed, self.total)
        if share * _SMALL_SHARE <= self.total:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self.taken + share <= self.total)
            self.taken += share
        try:
            yield
        finally:
            with self._changed:
                self.taken -= share
                self._changed.notify_all()


@cache
def shared_budget(total: int) -> DecodingBudget:
    """The one budget of this process for a number of bytes."""
    return DecodingBudget(total)
