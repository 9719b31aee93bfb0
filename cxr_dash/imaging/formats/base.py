"""The one shape in which every film format is read: can I read this? how large is it? decode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import (
    N_,
    DecodeLimits,
    FilmFacts,
    LevelWindow,
    PatientIdentity,
    Reason,
    ReasonCode,
    Words,
)
from cxr_dash.errors import CorruptFileError

_MUST_DECODE = N_("The picture must decode")


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file says about its picture before any pixel is decoded.

    Attributes
    ----------
    file_format : str
        The format's name: ``"png"``.
    width, height : int
        Pixels as stored, before the orientation is applied.
    bits : int
        Bits per sample: 1, 2, 4, 8, 12 or 16.
    orientation : int
        EXIF orientation, 1-8; 1 where the file has none.
    frames : int
        Pictures in the file; 2 where an animation does not say how many.
    transparent_level : int or None
        Stored level that a grey PNG calls fully transparent.
    channels : int
        Samples per pixel once decoded: 1 grey, 3 colour, 4 colour and transparency.
    """

    file_format: str
    width: int
    height: int
    bits: int
    orientation: int = 1
    frames: int = 1
    transparent_level: int | None = None
    channels: int = 1

    @property
    def animated(self) -> bool:
        """Whether the file holds more than one picture."""
        return self.frames > 1

    @property
    def pixel_count(self) -> int:
        """Width x height."""
        return self.width * self.height

    @property
    def decoded_bytes(self) -> int:
        """Width x height x channels x bytes per sample: what the decoded picture takes."""
        return self.pixel_count * self.channels * (2 if self.bits > 8 else 1)


@dataclass(frozen=True, slots=True, eq=False)
class StoredLevels:
    """A film's levels before its file's own window, which the decoded picture went through.

    Attributes
    ----------
    pixels : ndarray of uint16, shape (H, W)
        Codes, as stored; the level is ``slope * code + intercept``.
    slope, intercept : float
    unit : str
    shown : ndarray of uint16, shape (65536,)
        What each code has become in the decoded picture.
    padding : int or None
        Code of what is no part of the film.
    windows : tuple of LevelWindow
        Tables among them as the file gives them, whatever the film's polarity.
    inclusive : bool
    turned : bool
        Whether the decoded picture has black and white of the file's windows swapped.
    """

    pixels: NDArray[np.uint16]
    slope: float
    intercept: float
    unit: str
    shown: NDArray[np.uint16]
    padding: int | None = None
    windows: tuple[LevelWindow, ...] = ()
    inclusive: bool = False
    turned: bool = False


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
    own_levels : callable or None
        Gives the levels before the file's own window; None where ``pixels`` are those.
    """

    pixels: NDArray[Any]
    bits: int
    facts: FilmFacts = field(default_factory=FilmFacts)
    identity: PatientIdentity | None = None
    notes: tuple[Reason, ...] = field(default=())
    own_levels: Callable[[], StoredLevels] | None = None


class FilmFormat(Protocol):
    """One film format; each lives in a module of its own and stands in the table of ``formats``."""

    @property
    def name(self) -> str:
        """As ``Radiograph.file_format`` has it: ``"png"``."""

    @property
    def title(self) -> str:
        """As people write it: ``"PNG"``."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of file names, lower case, with the dot; the first is the usual one."""

    @property
    def decoders(self) -> tuple[str, ...]:
        """Distributions that decode it: ``("simplejpeg",)``."""

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


def corrupt(expected: str, received: str | Words, **values: object) -> CorruptFileError:
    """Give the error for a damaged file: what was expected, what was received, what to do.

    Parameters
    ----------
    expected : str
        A format string over ``values``, marked for translators.
    received : str or Words
        A figure or a name; `Words` where it is to be translated.
    **values
        The figures of both.
    """
    return CorruptFileError(
        N_("{expected}; received {received}."),
        remedy=N_("The file is damaged or was cut short: send it again, or export it again."),
        expected=Words(expected, values),
        received=received,
    )


# Up to this share of a film may be transparent without a word: rounded corners, not a part of the body.
_HARDLY_TRANSPARENT = 0.005


def transparent_parts(before: NDArray[Any], after: NDArray[Any]) -> tuple[Reason, ...]:
    """Say that transparency made a part of a film darker; nothing where it did so to next to nothing.

    Parameters
    ----------
    before, after : ndarray, shape (H, W)
        Grey levels without and with the transparent pixels laid on black.
    """
    changed = cv2.countNonZero(cv2.compare(before, after, cv2.CMP_GT))
    return (Reason(ReasonCode.TRANSPARENT_PARTS),) if changed > _HARDLY_TRANSPARENT * before.size else ()


def undecodable(title: str) -> CorruptFileError:
    """Give the error for a file whose decoder complains."""
    return corrupt(_MUST_DECODE, Words(N_("a damaged {kind}"), {"kind": title}))


def decode_with_opencv(encoded: bytes, header: ImageHeader, title: str) -> NDArray[Any]:
    """Stored levels by OpenCV, for the formats that it decodes well.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W), (H, W, 3) or (H, W, 4)

    Raises
    ------
    CorruptFileError
        If OpenCV gives back nothing, or a picture of another size.
    """
    try:
        # UNCHANGED keeps 16 bits and transparency, and leaves the orientation to us.
        stored = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise undecodable(title) from error
    if stored is None or stored.shape[:2] != (header.height, header.width):
        raise undecodable(title)
    if stored.dtype not in (np.uint8, np.uint16):
        raise corrupt(N_("The picture must decode to 8 or 16 bits"), str(stored.dtype))
    return stored
