"""What every container reader gives back, and how each says that a file is damaged."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.errors import CorruptFileError


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file says about its picture before any pixel is decoded.

    Attributes
    ----------
    file_format : str
        ``"png"``, ``"jpeg"`` or ``"webp"``.
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
    """

    file_format: str
    width: int
    height: int
    bits: int
    orientation: int = 1
    frames: int = 1
    transparent_level: int | None = None

    @property
    def animated(self) -> bool:
        """Whether the file holds more than one picture."""
        return self.frames > 1

    @property
    def pixel_count(self) -> int:
        """Width x height."""
        return self.width * self.height


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
        remedy=N_("The file is damaged or was cut short: export or download the film again."),
        expected=Words(expected, values),
        received=received,
    )
