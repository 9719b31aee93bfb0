"""One small file of each kind that is written wrongly or unusually: read right, or refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cxr_dash.domain import Radiograph
from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging import FORMATS, decode

CASES = Path(__file__).resolve().parents[2] / "cases"


def _film(name: str) -> Radiograph:
    return decode((CASES / name).read_bytes())


def _codes(film: Radiograph) -> list[str]:
    return [note.code for note in film.notes]


@pytest.fixture(scope="module")
def control() -> Radiograph:
    """The film that the others were made from."""
    return _film("00-control.png")


def _off(film: Radiograph, control: Radiograph) -> float:
    """Mean distance in grey levels from the control, after the best straight line between both."""
    levels, wanted = film.pixels.ravel().astype(float), control.pixels.ravel().astype(float)
    gain, base = np.polyfit(levels, wanted, 1)
    return float(np.abs(gain * levels + base - wanted).mean())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("01-jpeg-interrupted-80pc.jpg", "damaged JPEG"),
        ("01d-jpeg-progressive-first-scan-only.jpg", "all scans"),
        ("01e-webp-400-byte-hole.webp", "400 bytes alike"),
    ],
)
def test_damaged_files_are_refused_and_asked_for_again(name: str, says: str) -> None:
    with pytest.raises(CorruptFileError, match=says) as caught:
        _film(name)
    assert "send it again" in caught.value.remedy


def test_a_wrong_byte_that_changes_one_block_leaves_the_film_as_it_is() -> None:
    """Nothing in the file tells of it: JPEG has no checksum, and the byte changed 8 x 8 of 102,400 pixels."""
    whole, wrong = _film("00-control.jpg"), _film("01c-jpeg-one-wrong-byte.jpg")
    rows, columns = np.nonzero(whole.pixels != wrong.pixels)
    assert (rows.min() // 8, columns.min() // 8) == (rows.max() // 8, columns.max() // 8)


def test_an_even_blue_film_base_is_read_as_grey_and_said(control: Radiograph) -> None:
    film = _film("11-blue-base.jpg")
    assert film.colour_fraction < 0.01
    assert _codes(film) == ["tinted"]
    assert _off(film, control) < 1.5


def test_alpha_that_hides_everything_is_left_out_and_said(control: Radiograph) -> None:
    film = _film("15-rgba-alpha-all-zero.png")
    np.testing.assert_array_equal(film.pixels, control.pixels)
    assert _codes(film) == ["alpha_ignored"]


def test_the_first_of_two_exif_blocks_says_how_the_film_lies(control: Radiograph) -> None:
    film = _film("19-two-exif-blocks-1-then-6.jpg")
    assert _off(film, control) < 1.5


def test_a_turned_film_is_stood_upright(control: Radiograph) -> None:
    np.testing.assert_array_equal(_film("08-exif6.png").pixels, control.pixels)


def test_jpeg_ls_is_called_by_its_name() -> None:
    with pytest.raises(UnsupportedFormatError, match="received a JPEG-LS picture") as caught:
        _film("20-jpeg-ls.jls")
    assert "Export the film as PNG" in caught.value.remedy


def test_dicom_without_a_preamble_is_called_by_its_name_or_read() -> None:
    data = (CASES / "14-dicom-no-preamble.dcm").read_bytes()
    if any(film_format.name == "dicom" for film_format in FORMATS):
        assert decode(data).file_format == "dicom"
        return
    with pytest.raises(UnsupportedFormatError, match="a DICOM file"):
        decode(data)


@pytest.mark.parametrize("name", ["00-control.png", "00-control.jpg", "18-tilt10.png"])
def test_sound_files_bring_no_notes(name: str) -> None:
    film = _film(name)
    assert (film.notes, film.colour_fraction) == ((), 0.0)
