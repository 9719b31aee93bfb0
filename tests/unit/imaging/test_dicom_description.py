"""How the pixels of a DICOM file are stored: what is read, what contradicts itself, how many bytes."""

from __future__ import annotations

from typing import Any

import pytest

from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats.dicom.description import PixelDescription, read_description

GREY: dict[str, Any] = {
    "Rows": 4,
    "Columns": 3,
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
}
COLOUR = GREY | {
    "SamplesPerPixel": 3,
    "PhotometricInterpretation": "RGB",
    "BitsAllocated": 8,
    "BitsStored": 8,
    "HighBit": 7,
}


@pytest.mark.parametrize(
    "changes",
    [
        {"Rows": 1},
        {"Columns": 1},
        {"BitsStored": 1, "HighBit": 0},
        {"BitsStored": 16, "HighBit": 15},
        {"HighBit": 15},
        {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
    ],
    ids=str,
)
def test_the_last_good_value_is_read(changes: dict[str, int]) -> None:
    found = read_description(GREY | changes)
    names = {"Rows": found.rows, "Columns": found.columns, "BitsStored": found.bits_stored}
    names |= {"HighBit": found.high_bit, "BitsAllocated": found.bits_allocated}
    assert {name: names[name] for name in changes} == changes


@pytest.mark.parametrize(
    "changes",
    [
        {"Rows": 0},
        {"Columns": 0},
        {"Rows": -1},
        {"BitsAllocated": 0},
        {"BitsStored": 0},
        {"BitsStored": 17, "HighBit": 16},
        {"HighBit": 16},
        {"HighBit": 10},
        {"SamplesPerPixel": 2},
        {"SamplesPerPixel": 3, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
        {"Rows": "four"},
        {"Rows": None},
        {"Columns": None},
        {"BitsAllocated": None},
        {"Columns": ()},
    ],
    ids=str,
)
def test_values_that_contradict_one_another_are_damage(changes: dict[str, Any]) -> None:
    with pytest.raises(CorruptFileError, match="must be given and agree"):
        read_description(GREY | changes)


@pytest.mark.parametrize(
    "values",
    [
        GREY | {"BitsAllocated": 32},
        GREY | {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0},
        GREY | {"PhotometricInterpretation": "CMYK"},
        COLOUR | {"BitsAllocated": 16},
    ],
)
def test_depths_and_colours_that_no_film_has_are_not_read(values: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFormatError):
        read_description(values)


def test_what_the_file_does_not_say_is_as_it_usually_is() -> None:
    found = read_description({"Rows": 4, "Columns": 3, "BitsAllocated": 16})
    assert found == PixelDescription(4, 3, 1, "MONOCHROME2", False, 16, 16, 15, False)
    colour = read_description({"Rows": 4, "Columns": 3, "BitsAllocated": 8, "SamplesPerPixel": 3})
    assert (colour.photometric, colour.by_plane) == ("RGB", False)
    assert read_description(GREY | {"Rows": (7, 9)}).rows == 7
    for value, expected in ((0, False), (1, True), (2, False)):
        read = read_description(COLOUR | {"PlanarConfiguration": value, "PixelRepresentation": value})
        assert (read.by_plane, read.signed) == (expected, expected)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (GREY, 4 * 3 * 2),
        (GREY | {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, 4 * 3),
        (COLOUR, 4 * 3 * 3),
        # two pixels share their colour: an odd row has a pixel more
        (COLOUR | {"PhotometricInterpretation": "YBR_FULL_422"}, 4 * 4 * 2),
        (COLOUR | {"PhotometricInterpretation": "YBR_FULL_422", "Columns": 4}, 4 * 4 * 2),
    ],
)
def test_an_uncompressed_picture_has_as_many_bytes_as_its_pixels_need(
    values: dict[str, Any], count: int
) -> None:
    assert read_description(values).native_bytes == count
