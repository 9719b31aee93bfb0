"""``--shard k/n``: one of several parts of an archive, the same whichever machine asks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b

from cxr_dash.errors import RequestError


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` of ``count``.

    Attributes
    ----------
    number : int
        From 1.
    count : int
        Of all parts; each film lies in exactly one.
    """

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, relative: str) -> bool:
        """Whether a film is of this part.

        Parameters
        ----------
        relative : str
            Its path below the folder that was given: where that is mounted does not matter, nor which other
            films there are.
        """
        if self.count == 1:
            return True
        digest = blake2b(os.fsencode(relative), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1


WHOLE = Shard()


def read_shard(text: str) -> Shard:
    """``2/8`` is the second of eight parts.

    Raises
    ------
    RequestError
    """
    number, slash, count = text.partition("/")
    try:
        shard = Shard(int(number), int(count))
    except ValueError:
        shard = Shard(0, 0)
    if not slash or not 1 <= shard.number <= shard.count:
        raise RequestError(
            f"`--shard` must be K/N with K from 1 to N, such as 2/8; received {text!r}.",
            remedy="Run every part from 1/N to N/N, each with an `--out` of its own.",
        )
    return shard
