"""How the pixels of one film are stored (PS3.3, C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain import N_, Words
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.refuse import not_readable
from cxr_dash.imaging.formats.dicom.values import Values

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """How pixels are stored.

    Attributes
    ----------
    rows, columns : int
        > 0.
    samples : int
        1, or 3 for colour.
    photometric : str
        One of `GREY`, `COLOUR` or `PALETTE`.
    by_plane : bool
        Whether uncompressed colour is stored plane after plane.
    bits_allocated : int
        8 or 16.
    bits_stored, high_bit : int
        Which of them are the level.
    signed : bool
        Two's complement.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    by_plane: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def native_bytes(self) -> int:
        """Bytes of the picture without compression."""
        if self.photometric == "YBR_FULL_422":
            return self.rows * (self.columns + self.columns % 2) * 2
        return self.rows * self.columns * self.samples * self.bits_allocated // 8


def read_description(values: Values) -> PixelDescription:
    """Read and check how the pixels are stored.

    Raises
    ------
    UnsupportedFormatError
        For depths and kinds of colour that no film has.
    CorruptFileError
        If the values are missing or contradict one another.
    """
    rows, columns = _whole(values, "Rows", 0), _whole(values, "Columns", 0)
    samples = _whole(values, "SamplesPerPixel", 1)
    allocated = _whole(values, "BitsAllocated", 0)
    stored = _whole(values, "BitsStored", allocated)
    high = _whole(values, "HighBit", stored - 1)
    photometric = str(values.get("PhotometricInterpretation", "")).upper()
    if not photometric:
        photometric = "MONOCHROME2" if samples == 1 else "RGB"
    if rows <= 0 or columns <= 0 or allocated <= 0:
        raise _contradiction()
    if allocated not in (8, 16):
        raise not_readable(Words(N_("levels of {bits} bits"), {"bits": allocated}))
    wanted = {**dict.fromkeys((*GREY, PALETTE), 1), **dict.fromkeys(COLOUR, 3)}.get(photometric)
    if wanted is None or (samples == 3 and allocated != 8):
        raise not_readable(Words(N_("a kind of colour that films do not have")))
    if samples != wanted or not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise _contradiction()
    return PixelDescription(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        by_plane=_whole(values, "PlanarConfiguration", 0) == 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=_whole(values, "PixelRepresentation", 0) == 1,
    )


def _whole(values: Values, keyword: str, default: int) -> int:
    value = values.get(keyword, default)
    if isinstance(value, tuple):
        value = value[0] if value else default
    return value if isinstance(value, int) else default


def _contradiction() -> Exception:
    return corrupt(N_("Rows, columns and bits of a DICOM film must be given and agree"), Words(N_("others")))
