"""What a fault is, and what was seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cxr_dash import imaging


@dataclass(frozen=True)
class Seen:
    """What became of a fault.

    Attributes
    ----------
    good : bool
        Whether the server did what its pages promise.
    words : str
        What was seen, with the figures.
    """

    good: bool
    words: str


class NotHereError(Exception):
    """What the fault needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Fault:
    """A fault: what is done, and a function that does it in an empty folder."""

    name: str
    done: str
    put: Callable[[Path], Seen]


def film(side: int = 512) -> bytes:
    """A film to send."""
    return imaging.encode_png(imaging.chest_phantom(side, side), {})
