"""DICOM as one of the film formats."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import Any

from numpy.typing import NDArray

from cxr_dash.domain import DecodeLimits, Reason, ReasonCode
from cxr_dash.imaging.formats.base import ImageHeader, StoredPicture
from cxr_dash.imaging.formats.dicom.colour import palette_to_bgr, to_bgr
from cxr_dash.imaging.formats.dicom.dataset import DicomFile, open_file, pixel_bytes
from cxr_dash.imaging.formats.dicom.decoders import DecoderPool
from cxr_dash.imaging.formats.dicom.description import PALETTE, PixelDescription, read_description
from cxr_dash.imaging.formats.dicom.facts import read_facts, read_identity, upright_orientation
from cxr_dash.imaging.formats.dicom.grey import display_levels
from cxr_dash.imaging.formats.dicom.own_levels import own_levels
from cxr_dash.imaging.formats.dicom.pixels import read_pixels
from cxr_dash.imaging.formats.dicom.refuse import refuse_all_but_films
from cxr_dash.imaging.formats.dicom.start import recognises

_DEGREES = {3: 180, 6: 90, 8: 270}


class DicomFormat:
    """Reads DICOM files that hold one plain film; see ``docs/dicom.md``.

    Parameters
    ----------
    pool : DecoderPool
        Where compressed pixels are decoded.
    """

    name = "dicom"
    title = "DICOM"
    suffixes = (".dcm", ".dicom", ".dic", ".ima")
    media_type = "application/dicom"
    decoders = ("pydicom", "imagecodecs")

    def __init__(self, pool: DecoderPool) -> None:
        self.pool = pool

    def unavailable(self) -> str | None:
        """Which library is missing; None where the format can be read."""
        missing = [name for name in self.decoders if importlib.util.find_spec(name) is None]
        return f"not installed: {', '.join(missing)}" if missing else None

    def recognises(self, data: bytes) -> bool:
        """Whether the bytes are a DICOM file, with or without its preamble."""
        return recognises(data)

    def read_header(self, data: bytes) -> ImageHeader:
        """Size, bits and orientation; no pixel is decoded.

        Raises
        ------
        UnsupportedFormatError
            For everything but a film, named by what it is.
        CorruptFileError
            If the file ends early or contradicts itself.
        """
        file, description = _open(data)
        if not file.syntax.deflated:
            # Cut pixels are noticed now, before anything is made room for.
            pixel_bytes(file, data)
        return ImageHeader(
            file_format=self.name,
            width=description.columns,
            height=description.rows,
            bits=description.bits_stored,
            orientation=upright_orientation(file.values),
            channels=3 if description.samples == 3 or description.photometric == PALETTE else 1,
        )

    def decode(self, data: bytes, header: ImageHeader, limits: DecodeLimits) -> StoredPicture:
        """The film as a viewer shows it, and what the file says of it.

        Returns
        -------
        StoredPicture
            Grey: uint8 for levels of up to 8 bits, uint16 above, spread over the whole type, air black.
            Colour: blue, green, red, uint8. As stored: `header.orientation` is still to be applied.

        Raises
        ------
        CorruptFileError, UnsupportedFormatError, BusyError
        """
        file, description = _open(data)
        pixels, ybr = read_pixels(file, description, data, self.pool, limits)
        shown: NDArray[Any]
        levels = None
        if description.photometric == PALETTE:
            shown = palette_to_bgr(pixels, description, file.values, big_endian=file.big_endian)
        elif description.samples == 3:
            shown = to_bgr(pixels, luminance_and_chroma=ybr)
        else:
            shown = display_levels(pixels, description, file.values, big_endian=file.big_endian)
            levels = partial(own_levels, pixels, description, file.values, big_endian=file.big_endian)
        facts = read_facts(file.values)
        notes = []
        if facts.for_processing:
            notes.append(Reason(ReasonCode.FOR_PROCESSING))
        if header.orientation in _DEGREES:
            notes.append(Reason(ReasonCode.TURNED_BY_TAG, {"degrees": _DEGREES[header.orientation]}))
        return StoredPicture(
            pixels=shown,
            bits=8 * shown.dtype.itemsize,
            facts=facts,
            identity=read_identity(file.values),
            notes=tuple(notes),
            own_levels=levels,
        )


def _open(data: bytes) -> tuple[DicomFile, PixelDescription]:
    file = open_file(data)
    refuse_all_but_films(file)
    return file, read_description(file.values)


DICOM = DicomFormat(DecoderPool())


def start_decoder() -> None:
    """Start a decoder now, so that the first compressed film need not wait; do not wait for it either."""
    DICOM.pool.start()
