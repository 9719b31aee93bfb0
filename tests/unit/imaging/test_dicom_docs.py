"""``docs/dicom.md`` says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cxr_dash.imaging.formats.dicom.layout import MAX_DEPTH, MAX_ELEMENTS
from cxr_dash.imaging.formats.dicom.refuse import FILM_CLASSES
from cxr_dash.imaging.formats.dicom.syntaxes import SYNTAXES
from cxr_dash.imaging.formats.dicom.values import WANTED

PAGE = (Path(__file__).parents[3] / "docs" / "dicom.md").read_text(encoding="utf-8")
ROOT = "1.2.840.10008.5.1.4.1.1."


def rows(first_cell: str) -> list[list[str]]:
    """The body of the table whose head begins with a cell."""
    lines = PAGE.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first_cell} |"))
    body = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        body.append([cell.strip() for cell in line.strip("|").split("|")])
    return body


def test_the_table_of_transfer_syntaxes_is_the_programs() -> None:
    told = [(name, uid.strip("`"), keeps == "yes") for name, uid, _, keeps in rows("transfer syntax")]
    assert told == [(syntax.name, syntax.uid, not syntax.lossy) for syntax in SYNTAXES.values()]


def test_decoders_are_named_as_they_are_used() -> None:
    used = {
        "native": "NumPy",
        "rle": "imagecodecs",
        "jpeg": "libjpeg-turbo",
        "jpegls": "CharLS",
        "jpeg2000": "OpenJPEG",
    }
    for _, uid, decoder, _ in rows("transfer syntax"):
        assert decoder == used[SYNTAXES[uid.strip("`")].codec]


def test_the_table_of_classes_is_the_programs() -> None:
    told = {ROOT + end.strip("`"): name for name, end in rows("SOP class")}
    assert told == FILM_CLASSES


def test_every_element_that_is_read_stands_on_the_page() -> None:
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", PAGE))
    palette = {keyword for keyword in WANTED.values() if "Palette" in keyword}
    pixels = {"SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns"}
    pixels |= {"BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"}
    assert set(WANTED.values()) - palette - pixels <= named


@pytest.mark.parametrize("limit", [f"{MAX_ELEMENTS:,} elements", f"more than {MAX_DEPTH} deep"])
def test_limits_stand_on_the_page(limit: str) -> None:
    assert limit in PAGE
