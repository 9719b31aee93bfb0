"""Colour secondary captures -> blue, green, red."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, Words
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.lookup import read_table
from cxr_dash.imaging.formats.dicom.values import Values


def to_bgr(pixels: NDArray[Any], *, luminance_and_chroma: bool) -> NDArray[np.uint8]:
    """Colour as OpenCV has it.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
        Red, green, blue; or luminance, blue and red difference (full range, ITU-R BT.601).
    luminance_and_chroma : bool

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    if luminance_and_chroma:
        # OpenCV wants the red difference before the blue one.
        swapped = np.ascontiguousarray(pixels[:, :, [0, 2, 1]])
        bgr: NDArray[Any] = cv2.cvtColor(swapped, cv2.COLOR_YCrCb2BGR)
        return bgr
    return np.ascontiguousarray(pixels[:, :, ::-1])


def palette_to_bgr(
    index: NDArray[Any], description: PixelDescription, values: Values, *, big_endian: bool
) -> NDArray[np.uint8]:
    """Colour from a palette (PS3.3, C.7.9).

    Raises
    ------
    CorruptFileError
        If the palette is missing or makes no sense.
    """
    patterns = 2 ** (8 * index.dtype.itemsize)
    levels = np.arange(patterns, dtype=np.int64) & (2**description.bits_stored - 1)
    planes = []
    for name in ("Blue", "Green", "Red"):
        table = read_table(
            values.get(f"{name}PaletteColorLookupTableDescriptor"),
            values.get(f"{name}PaletteColorLookupTableData"),
            signed=description.signed,
            big_endian=big_endian,
        )
        if table is None:
            raise corrupt(
                N_("A DICOM picture with a palette must hold it"), Words(N_("none that can be used"))
            )
        shares = table.share_of(levels.astype(np.float64))
        planes.append(cv2.LUT(index, np.rint(shares * 255).astype(np.uint8)))
    merged: NDArray[Any] = cv2.merge(planes)
    return merged
