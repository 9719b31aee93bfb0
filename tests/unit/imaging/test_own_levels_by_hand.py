"""Codes, lines, units and windows of a film's own levels, worked out by hand on a few levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cxr_dash.imaging.formats.base import StoredLevels
from cxr_dash.imaging.formats.dicom.description import PixelDescription
from cxr_dash.imaging.formats.dicom.own_levels import _free_code, _shown, own_levels

STORED = np.array([[0, 1, 7], [9, 4000, 4095]], np.uint16)


def told(found: StoredLevels) -> list[tuple[str, float, float, str]]:
    return [(one.name, one.width, one.level, one.curve) for one in found.windows]


def described(
    bits: int = 12, *, signed: bool = False, photometric: str = "MONOCHROME2", allocated: int = 16
) -> PixelDescription:
    return PixelDescription(2, 3, 1, photometric, False, allocated, bits, bits - 1, signed)


def levels(
    stored: np.ndarray = STORED, /, *, bits: int = 12, signed: bool = False, **values: Any
) -> StoredLevels:
    return own_levels(stored, described(bits, signed=signed), values)


def test_unsigned_codes_are_the_levels_and_the_line_is_the_files() -> None:
    found = levels(RescaleSlope=2, RescaleIntercept=-5, RescaleType="OD")
    assert found.pixels.tolist() == STORED.tolist()
    assert found.pixels.dtype == found.shown.dtype == np.uint16
    assert (found.slope, found.intercept, found.unit, found.padding) == (2.0, -5.0, "OD", None)
    plain = levels()
    assert (plain.slope, plain.intercept, plain.unit) == (1.0, 0.0, "")


def test_signed_levels_begin_with_code_nought_at_the_lowest() -> None:
    words = np.array([[0, 1, 2047], [0x0800, 0x0FFF, 0xF801]], np.uint16)
    found = levels(words, signed=True, RescaleSlope=3, RescaleIntercept=10)
    assert found.pixels.tolist() == [[2048, 2049, 4095], [0, 2047, 1]]
    assert (found.slope, found.intercept) == (3.0, 10.0 - 3 * 2048)


def test_a_modality_table_makes_the_codes_and_the_line_is_straight() -> None:
    item = {"LUTDescriptor": (4, 5, 16), "LUTData": (10, 40, 500, 60000)}
    found = levels(ModalityLUTSequence=(item,), RescaleSlope=9, RescaleIntercept=9)
    assert found.pixels.tolist() == [[10, 10, 500], [60000, 60000, 60000]]
    assert (found.slope, found.intercept) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("unit", "kept"), [("US", ""), ("us", ""), ("HU", "HU"), (("OD", "HU"), "OD"), (None, "")]
)
def test_a_unit_is_the_files_first_word_unless_it_names_nothing(unit: Any, kept: str) -> None:
    assert levels(RescaleType=unit).unit == kept


def test_a_name_has_64_characters_at_most() -> None:
    assert levels(RescaleType=" " + "x" * 70).unit == "x" * 64


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ([], 65535),
        ([65535], 65534),
        ([65535, 65533], 65534),
        ([0], 65535),
        (range(65536), 65535),
        (range(1, 65536), 0),
    ],
)
def test_padding_gets_the_highest_code_that_is_free(taken: Any, free: int) -> None:
    assert _free_code(np.array(list(taken), np.int64)) == free


def test_padding_that_is_there_has_its_own_code_which_is_black() -> None:
    found = levels(PixelPaddingValue=9)
    assert found.padding == 65535
    assert found.pixels.tolist() == [[0, 1, 7], [65535, 4000, 4095]]
    assert found.shown[65535] == 0
    assert levels(PixelPaddingValue=8).padding is None
    white = own_levels(STORED, described(photometric="MONOCHROME1"), {"PixelPaddingValue": 9})
    assert white.shown[white.pixels].tolist()[1][0] == 0
    assert white.shown[0] == 65535


def test_a_code_is_shown_as_the_picture_shows_its_level() -> None:
    window = {"WindowCenter": 2000, "WindowWidth": 4000, "VOILUTFunction": "LINEAR_EXACT"}
    found = levels(**window)
    expected = np.rint(np.clip(STORED / 4000, 0, 1) * 65535)
    np.testing.assert_array_equal(found.shown[found.pixels], expected)
    padded = levels(PixelPaddingValue=9, **window)
    expected[1, 0] = 0
    np.testing.assert_array_equal(padded.shown[padded.pixels], expected)


def test_padding_has_no_code_that_a_level_has() -> None:
    found = levels(np.array([[0, 65535, 9]], np.uint16), bits=16, PixelPaddingValue=9)
    # it may be the code of its own pattern, or of any that is not there; the codes of all others are taken
    assert found.pixels.tolist() == [[0, 65535, 9]]
    assert found.padding == 9


def test_words_of_tables_have_the_small_end_first_unless_the_file_is_the_other_way() -> None:
    item = {"LUTDescriptor": (2, 0, 16), "LUTData": b"\0\1\1\0"}
    for big, codes in ((False, [256, 1]), (True, [1, 256])):
        found = own_levels(
            np.array([[0, 1]], np.uint16), described(), {"ModalityLUTSequence": (item,)}, big_endian=big
        )
        assert found.pixels.tolist() == [codes]
    default = own_levels(np.array([[0, 1]], np.uint16), described(), {"ModalityLUTSequence": (item,)})
    assert default.pixels.tolist() == [[256, 1]]


def test_a_film_that_is_shown_in_one_grey_is_not_turned() -> None:
    item = {"LUTDescriptor": (2, 0, 8), "LUTData": (7, 7)}
    assert not levels(PresentationLUTSequence=(item,)).turned
    falling = {"LUTDescriptor": (2, 0, 8), "LUTData": (7, 6)}
    assert levels(PresentationLUTSequence=(falling,)).turned


def test_codes_between_are_shown_between_and_those_beyond_as_the_last() -> None:
    shown = _shown(np.array([10, 20, 10, 40]), np.array([100, 300, 999, 1000], np.uint16))
    assert shown.shape == (65536,)
    assert shown[[0, 10, 15, 20, 30, 40, 41, 65535]].tolist() == [100, 100, 200, 300, 650, 1000, 1000, 1000]
    assert _shown(np.array([], np.int64), np.array([], np.uint16)).tolist() == [0] * 65536


@pytest.mark.parametrize(
    ("photometric", "shape", "turned"),
    [
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "", True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True),
    ],
)
def test_white_and_black_of_the_files_windows_may_be_swapped(
    photometric: str, shape: str, turned: bool
) -> None:
    found = own_levels(STORED, described(photometric=photometric), {"PresentationLUTShape": shape})
    assert found.turned is turned


@pytest.mark.parametrize(
    ("function", "width", "expected", "inclusive"),
    [
        # both ends are counted in: a level less, about half a level less (PS3.3, C.11.2.1.2.1)
        ("LINEAR", 400, ("", 399.0, 99.5, "linear"), True),
        ("OTHER", 400, ("", 399.0, 99.5, "linear"), True),
        ("LINEAR", 1, ("", 1e-6, 99.5, "linear"), True),
        ("LINEAR", 0.5, ("", 0.5, 100.0, "linear"), True),
        ("LINEAR_EXACT", 400, ("", 400.0, 100.0, "linear"), False),
        ("SIGMOID", 400, ("", 400.0, 100.0, "sigmoid"), False),
        ("SIGMOID", 0.5, ("", 0.5, 100.0, "sigmoid"), False),
    ],
)
def test_a_window_is_a_line_or_a_curve(
    function: str, width: float, expected: tuple[str, float, float, str], inclusive: bool
) -> None:
    found = levels(WindowCenter=100, WindowWidth=width, VOILUTFunction=function)
    assert told(found) == [expected]
    assert found.inclusive is inclusive


def test_windows_have_their_own_names_as_far_as_there_are_some() -> None:
    found = levels(
        WindowCenter=(100, 200, 300, 400),
        WindowWidth=(11, 0, 31),
        WindowCenterWidthExplanation=("SOFT", "BAD"),
    )
    assert told(found) == [("SOFT", 10.0, 99.5, "linear"), ("", 30.0, 299.5, "linear")]
    one = levels(WindowCenter=100, WindowWidth=11, WindowCenterWidthExplanation=" SOFT ")
    assert [window.name for window in one.windows] == ["SOFT"]


def test_no_more_than_eight_windows_are_offered() -> None:
    found = levels(WindowCenter=tuple(range(20)), WindowWidth=(50,) * 20)
    assert [window.level for window in found.windows] == [number - 0.5 for number in range(8)]


def _table(entries: tuple[int, ...], first: int = 100, bits: int = 8) -> dict[str, Any]:
    return {"LUTDescriptor": (len(entries), first, bits), "LUTData": entries, "LUTExplanation": "CURVE"}


def test_a_table_is_as_wide_as_the_line_through_its_inner_greys() -> None:
    # shares of 255: 0.1 and 0.9 themselves are not inside
    ramp = tuple(255 * step // 10 for step in range(11))
    found = levels(VOILUTSequence=(_table(ramp),))
    (one,) = found.windows
    inside = [100 + step for step in range(11) if 0.1 < ramp[step] / 255 < 0.9]
    assert (one.name, one.curve) == ("CURVE", "table")
    assert one.level == (inside[0] + inside[-1]) / 2
    assert one.width == pytest.approx((inside[-1] - inside[0]) / 0.8)
    assert one.table is not None
    assert one.table[[0, 100, 105, 110, 65535]].tolist() == [0, 0, ramp[5], 255, 255]


def test_a_table_without_inner_greys_is_as_wide_as_all_levels() -> None:
    for entries in ((0, 0, 255), (0, 128, 255)):
        (one,) = levels(VOILUTSequence=(_table(entries),), RescaleIntercept=4).windows
        assert (one.width, one.level) == (65535.0, 4 + 65535 / 2)
    (two,) = levels(VOILUTSequence=(_table((0, 100, 150, 255)),)).windows
    assert (two.width, two.level) == (pytest.approx(1 / 0.8), 101.5)


def test_tables_come_before_windows_and_what_is_none_is_left_out() -> None:
    found = levels(
        VOILUTSequence=({"LUTDescriptor": (4, 0)}, _table((0, 128, 255))), WindowCenter=100, WindowWidth=11
    )
    assert [window.curve for window in found.windows] == ["table", "linear"]
    assert levels(VOILUTSequence="none").windows == ()


def test_a_tables_first_input_may_be_negative_where_levels_are() -> None:
    ramp = tuple(range(0, 251, 25))
    negative = levels(VOILUTSequence=(_table(ramp, first=-5 & 0xFFFF),), RescaleIntercept=-10)
    assert negative.windows[0].level == 0.5
    assert levels(VOILUTSequence=(_table(ramp, first=65000),), RescaleIntercept=0).windows[0].level == 65005.5


def test_a_small_film_has_as_many_patterns_as_its_words() -> None:
    eight = own_levels(np.array([[0, 200]], np.uint8), described(8, allocated=8), {"PixelPaddingValue": 200})
    assert eight.pixels.tolist() == [[0, 65535]]
