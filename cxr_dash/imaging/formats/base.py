"""The one shape in which every film format is read: can I read this? how large is it? decode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from cxr_dash.domain.facts import FilmFacts, PatientIdentity
from cxr_dash.domain.film import DecodeLimits
from cxr_dash.domain.reasons import Reason
from cxr_dash.imaging.containers.base import ImageHeader


@dataclass(frozen=True, slots=True, eq=False)
class StoredPicture:
    """What a format's decoder gives back, before anything is turned grey or upright.

    Attributes
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W), (H, W, 3) or (H, W, 4)
        Stored levels; colour is blue, green, red (and alpha), as OpenCV has it.
    bits : int
        Significant bits per sample.
    facts : FilmFacts
    identity : PatientIdentity or None
    notes : tuple of Reason
        What the decoder noticed and a reader should know.
    """

    pixels: NDArray[Any]
    bits: int
    facts: FilmFacts = field(default_factory=FilmFacts)
    identity: PatientIdentity | None = None
    notes: tuple[Reason, ...] = field(default=())


class FilmFormat(Protocol):
    """One film format; each lives in a module of its own and stands in the table of ``formats``."""

    name: str
    """As ``Radiograph.file_format`` has it: ``"png"``."""

    suffixes: tuple[str, ...]
    """Endings of file names, lower case, with the dot; the first is the usual one."""

    def unavailable(self) -> str | None:
        """Which library is missing and why the format cannot be read here; None where it can."""

    def recognises(self, data: bytes) -> bool:
        """Whether the first bytes are of this format; the file's name plays no part."""

    def read_header(self, data: bytes) -> ImageHeader:
        """What the file says about itself, and whether it is whole; no pixel is decoded."""

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:
        """The stored pixels.

        Raises
        ------
        FilmError
            ``CorruptFileError`` for whatever the decoder complains of.
        """
