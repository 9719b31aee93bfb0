"""Colour of DICOM films, and sizes of nothing."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import film_dataset, write

from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats.dicom import DICOM
from cxr_dash.imaging.formats.dicom.colour import palette_to_bgr, to_bgr
from cxr_dash.imaging.formats.dicom.description import PixelDescription, read_description

EIGHT = PixelDescription(1, 4, 1, "PALETTE COLOR", False, 8, 8, 7, False)


def test_colour_becomes_blue_green_red() -> None:
    rgb = np.array([[[255, 10, 3]]], np.uint8)
    assert to_bgr(rgb, luminance_and_chroma=False).tolist() == [[[3, 10, 255]]]
    # ITU-R BT.601, full range: red = Y + 1.402 (Cr - 128), and so on
    ybr = np.array([[[100, 90, 160]]], np.uint8)
    y, cb, cr = 100.0, 90 - 128.0, 160 - 128.0
    expected = [y + 1.772 * cb, y - 0.344136 * cb - 0.714136 * cr, y + 1.402 * cr]
    assert np.abs(to_bgr(ybr, luminance_and_chroma=True)[0, 0] - expected).max() <= 1


def test_a_palette_gives_each_level_its_colour() -> None:
    index = np.array([[0, 1, 2, 255]], np.uint8)
    values = {}
    for name, entries in (("Red", (0, 65535, 257)), ("Green", (257, 514, 0)), ("Blue", (1285, 0, 65535))):
        values[f"{name}PaletteColorLookupTableDescriptor"] = (3, 0, 16)
        values[f"{name}PaletteColorLookupTableData"] = entries
    found = palette_to_bgr(index, EIGHT, values, big_endian=False)
    assert found.tolist() == [[[5, 1, 0], [0, 2, 255], [255, 0, 1], [255, 0, 1]]]
    few = PixelDescription(1, 4, 1, "PALETTE COLOR", False, 8, 1, 0, False)
    found = palette_to_bgr(index, few, values, big_endian=False)
    assert found.tolist() == [[[5, 1, 0], [0, 2, 255], [5, 1, 0], [0, 2, 255]]]
    words = np.array([[0, 1, 2, 16, 256, 257]], np.uint16)
    eight = palette_to_bgr(
        words, PixelDescription(1, 6, 1, "PALETTE COLOR", False, 16, 8, 7, False), values, big_endian=False
    )
    assert eight[0, :, 2].tolist() == [0, 255, 1, 1, 0, 255], "the lowest eight bits are the level"
    del values["GreenPaletteColorLookupTableData"]
    with pytest.raises(CorruptFileError, match="palette"):
        palette_to_bgr(index, EIGHT, values, big_endian=False)


@pytest.mark.parametrize(
    ("photometric", "channels"), [("MONOCHROME2", 1), ("PALETTE COLOR", 3), ("RGB", 3), ("YBR_FULL", 3)]
)
def test_a_header_says_how_many_samples_a_decoded_pixel_has(photometric: str, channels: int) -> None:
    pixels = np.zeros((4, 6) if photometric[0] in "MP" else (4, 6, 3), np.uint8)
    data = write(film_dataset(pixels, 8, PhotometricInterpretation=photometric), pixels)
    header = DICOM.read_header(data)
    assert (header.channels, header.bits, header.width, header.height) == (channels, 8, 6, 4)


@pytest.mark.parametrize("name", ["Rows", "Columns", "BitsAllocated"])
@pytest.mark.parametrize("value", [0, -1])
def test_one_size_of_nothing_is_a_contradiction(name: str, value: int) -> None:
    sound = {"Rows": 4, "Columns": 3, "BitsAllocated": 16}
    with pytest.raises(CorruptFileError, match="agree"):
        read_description({**sound, name: value})
    one = read_description({**sound, name: 8 if name == "BitsAllocated" else 1})
    assert one.native_bytes == {"Rows": 1 * 3 * 2, "Columns": 4 * 1 * 2, "BitsAllocated": 4 * 3 * 1}[name]


def test_a_value_that_is_no_number_is_the_usual_one() -> None:
    found = read_description({"Rows": (), "Columns": 3, "BitsAllocated": 16} | {"Rows": 1})
    assert (found.samples, found.high_bit) == (1, 15)
    with pytest.raises(UnsupportedFormatError, match="levels of 12 bits"):
        read_description({"Rows": 4, "Columns": 3, "BitsAllocated": 12})
