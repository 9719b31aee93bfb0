"""What every container reader gives back, and how each says that a file is damaged."""

from __future__ import annotations

from dataclasses import dataclass

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


def corrupt(expected: str, received: str) -> CorruptFileError:
    """Give the error for a damaged file: what was expected, what was received, what to do."""
    return CorruptFileError(
        f"{expected}; received {received}.",
        remedy="The file is damaged or was cut short: export or download the film again.",
    )
