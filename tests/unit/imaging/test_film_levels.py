"""A film's own levels: what stands before a DICOM file's window, and how the first picture shows it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from dicom_files import film_dataset, write
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_dash import imaging
from cxr_dash.domain import DecodeLimits, FilmLevels, LevelWindow, PreparationSpec
from cxr_dash.imaging.formats.dicom import own_levels

LIMITS = DecodeLimits()


def drawn(height: int = 240, width: int = 200) -> NDArray[np.uint16]:
    return imaging.chest_phantom(height, width).astype(np.uint16) * 16 + 3


def levels_of(pixels: NDArray[Any], bits: int = 12, **elements: Any) -> tuple[FilmLevels, NDArray[np.uint8]]:
    """The levels, and the film's first picture."""
    data = write(film_dataset(pixels, bits, **elements), pixels)
    found = imaging.film_levels(data, LIMITS)
    assert found is not None
    radiograph = imaging.decode(data)
    plan = imaging.plan_preparation(radiograph, PreparationSpec())
    return found, imaging.display_pixels(radiograph, plan)


def table(bits: int, curve: NDArray[np.float64], explanation: str) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(curve), 0, bits]
    item.LUTExplanation = explanation
    item.LUTData = np.rint(curve * (2**bits - 1)).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"WindowCenter": 1800, "WindowWidth": 1500},
        {"WindowCenter": 1800, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 2295, "WindowWidth": 1500, "PhotometricInterpretation": "MONOCHROME1"},
        {"RescaleSlope": -2, "RescaleIntercept": 8190, "PresentationLUTShape": "INVERSE"},
        {"VOILUTSequence": Sequence([table(12, np.linspace(0, 1, 4096) ** 2, "GAMMA")])},
        {"ModalityLUTSequence": Sequence([table(16, np.linspace(0, 1, 4096), "OD")])},
    ],
    ids=["none", "window", "sigmoid", "white-air", "slope", "table", "modality"],
)
def test_the_first_table_is_the_first_picture_whatever_the_file_brings(elements: dict[str, Any]) -> None:
    pixels = drawn()
    if elements.get("PhotometricInterpretation") == "MONOCHROME1":
        pixels = np.asarray(4095 - pixels, np.uint16)
    found, picture = levels_of(pixels, **elements)
    np.testing.assert_array_equal(found.shown[found.pixels], picture)
    if "VOILUTSequence" in elements or "VOILUTFunction" in elements:
        return
    plain = imaging.level_table(found, 255.0, 127.5, "linear")[found.pixels]
    assert np.abs(plain.astype(int) - picture).max() <= 1, "a straight line, as the first picture's"


def test_a_table_of_the_file_is_a_window_with_the_greys_that_it_gives() -> None:
    curve = np.linspace(0, 1, 4096) ** 2
    pixels = np.asarray(4095 - drawn(), np.uint16)
    both = Sequence([table(12, curve, "ONE"), table(12, np.sqrt(np.linspace(0, 1, 4096)), "TWO")])
    found, _ = levels_of(pixels, VOILUTSequence=both, PhotometricInterpretation="MONOCHROME1")
    assert [(one.name, one.curve) for one in found.windows] == [("ONE", "table"), ("TWO", "table")]
    first = found.windows[0]
    assert first.table is not None
    expected = 255 - np.rint(255 * curve[pixels])
    assert np.abs(first.table[found.pixels].astype(int) - expected).max() <= 1
    assert first.width > 0


def test_padding_has_a_code_of_its_own_and_no_say_in_the_levels() -> None:
    pixels = drawn()
    pixels[:, :20] = 0x8000 | 200  # a word that no level of 12 bits can be
    found, picture = levels_of(pixels, PixelPaddingValue=0x8000 | 200)
    assert (found.pixels[:, :20] == found.padding).all()
    assert not (found.pixels[:, 20:] == found.padding).any()
    np.testing.assert_array_equal(found.pixels[:, 20:], pixels[:, 20:])
    assert (found.lowest, found.highest) == (pixels[:, 20:].min(), pixels[:, 20:].max())
    np.testing.assert_array_equal(found.shown[found.pixels], picture)
    assert imaging.level_table(found, 1e6, 0.0, "linear")[found.padding] == 0


def test_windows_that_cannot_be_used_are_left_out_and_exact_ones_kept() -> None:
    given = {"WindowCenter": [100, 200, 300], "WindowWidth": [1, -5, 0.5], "VOILUTFunction": "LINEAR_EXACT"}
    found, _ = levels_of(drawn(), **given)
    assert [(one.width, one.level) for one in found.windows] == [(1.0, 100.0), (0.5, 300.0)]
    assert not found.inclusive
    found, _ = levels_of(drawn(), WindowCenter=100, WindowWidth=1)
    (one,) = found.windows
    greys = imaging.level_table(found, *imaging.in_shown_levels(found, 1.0, 99.5), "linear")
    assert one.level == 99.5
    assert 0 < one.width < 1e-3
    assert greys[90] == 0


@pytest.mark.parametrize("level", [0, 77, 65_535])
def test_a_film_of_one_level_and_one_of_two_have_levels_all_the_same(level: int) -> None:
    pixels = np.full((60, 60), level, np.uint16)
    for _ in range(2):
        found = imaging.film_levels(cv2.imencode(".png", pixels)[1].tobytes(), LIMITS)
        assert found is not None
        assert found.black != found.white
        assert np.isfinite([found.black, found.white, found.lowest, found.highest]).all()
        pixels[:10] = 65_535 - level


def test_a_film_that_lies_on_its_side_has_upright_levels() -> None:
    pixels = drawn()
    found, picture = levels_of(np.asarray(pixels.T[::-1], np.uint16), PatientOrientation=["F", "L"])
    assert found.pixels.shape == picture.shape
    np.testing.assert_array_equal(found.shown[found.pixels], picture)


def test_a_film_of_8_bits_has_none() -> None:
    assert imaging.film_levels(imaging.encode_png(imaging.chest_phantom(64, 64), {}), LIMITS) is None
    eight = imaging.chest_phantom(240, 200)
    assert imaging.film_levels(write(film_dataset(eight, 8), eight), LIMITS) is None


@pytest.mark.parametrize("padding", [0xFFFF, 0xF830])
def test_padding_that_the_film_has_not_takes_no_level_s_grey(padding: int) -> None:
    pixels = drawn()
    pixels[:40, :40], pixels[40:80, :40] = 0x0FFF, 0x0830  # the twelve bits of each
    found, picture = levels_of(pixels, PixelPaddingValue=padding, WindowCenter=2048, WindowWidth=4096)
    assert found.padding is None
    np.testing.assert_array_equal(found.shown[found.pixels], picture)


def test_a_code_between_two_levels_is_shown_between_them() -> None:
    found, picture = levels_of(
        drawn(), ModalityLUTSequence=Sequence([table(16, np.linspace(0, 1, 4096), "")])
    )
    # as the page makes a film smaller
    means = found.pixels.reshape(120, 2, 100, 2).mean(axis=(1, 3)).astype(np.uint16)
    expected = picture.reshape(120, 2, 100, 2).mean(axis=(1, 3))
    assert np.abs(found.shown[means] - expected).max() <= 8, "but for what the window leaves out"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_table_that_falls_is_shown_as_in_the_first_picture(photometric: str) -> None:
    items = Sequence([table(12, np.linspace(1, 0, 4096), "FALLS")])
    for pixels in (drawn(), np.asarray(4095 - drawn(), np.uint16)):
        found, picture = levels_of(pixels, VOILUTSequence=items, PhotometricInterpretation=photometric)
        (one,) = found.windows
        assert one.table is not None
        greys = one.table[found.pixels].astype(int)
        assert np.corrcoef(greys.ravel(), picture.ravel())[0, 1] > 0.99


def test_a_film_of_nothing_but_padding_has_levels_all_the_same() -> None:
    found, picture = levels_of(drawn(), PixelPaddingValue=0, PixelPaddingRangeLimit=4095)
    assert (found.pixels == found.padding).all()
    assert found.black != found.white
    np.testing.assert_array_equal(found.shown[found.pixels], picture)


def test_of_thousands_of_tables_no_more_are_made_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    original = own_levels._of_table

    def counted(*given: Any) -> LevelWindow:
        made.append(given[2])
        return original(*given)

    monkeypatch.setattr(own_levels, "_of_table", counted)
    items = Sequence([table(8, np.linspace(0, 1, 4), f"NUMBER {number}") for number in range(100)])
    found, _ = levels_of(drawn(), VOILUTSequence=items)
    assert [one.name for one in found.windows] == made
    assert len(made) == 8
