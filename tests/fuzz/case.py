"""One mutated file, and a seed it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Join = Callable[[Sequence["Part"]], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, segment or element: its name, what is in it, and whatever its format needs besides."""

    name: bytes
    body: bytes
    extra: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """A whole file that is read.

    Attributes
    ----------
    name : str
    kind : str
        ``png``, ``jpeg``, ``webp``, ``dicom``, ``encoded`` (DICOM for a decoder in a child process), ``zip``
        or ``dicomdir``.
    data : bytes
    parts : sequence of Part
        The file taken apart; empty where it is mutated as bytes alone.
    join : callable
        Puts parts together again, with right lengths and checksums.
    """

    name: str
    kind: str
    data: bytes
    parts: tuple[Part, ...] = ()
    join: Join | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One file to try.

    Attributes
    ----------
    seed, number : int
        What it was made from, and with nothing else.
    kind : str
        Of the seed file.
    origin : str
        Name of the seed file.
    data : bytes
    """

    seed: int
    number: int
    kind: str
    origin: str
    data: bytes
