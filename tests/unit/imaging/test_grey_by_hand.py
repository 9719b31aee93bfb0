"""Grey of a DICOM film step by step: bits, padding, windows and tables at the edge of what they take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cxr_dash.imaging.formats.dicom import grey
from cxr_dash.imaging.formats.dicom.description import PixelDescription


def described(
    bits: int = 12,
    *,
    high: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    allocated: int = 16,
) -> PixelDescription:
    last = bits - 1 if high is None else high
    return PixelDescription(2, 3, 1, photometric, False, allocated, bits, last, signed)


@pytest.mark.parametrize(
    ("words", "description", "levels"),
    [
        ([0, 0x0FFF, 0xF123], described(), [0, 0x0FFF, 0x0123]),
        ([0x1234, 0x000F], described(8, high=11), [0x23, 0]),
        ([0, 0x07FF, 0x0800, 0x0FFF, 0xF800], described(signed=True), [0, 2047, -2048, -1, -2048]),
        ([0x4000, 0x3FFF, 0x8000], described(10, high=14, signed=True), [-512, 511, 0]),
        ([0, 1, 2], described(1, signed=True), [0, -1, 0]),
    ],
)
def test_a_level_is_its_own_bits_with_their_sign(
    words: list[int], description: PixelDescription, levels: list[int]
) -> None:
    assert grey.stored_levels(np.array(words, np.int64), description).tolist() == levels


def _low(*patterns: int, bits: int = 12) -> list[int]:
    """All words of 16 bits whose lowest bits are one of these."""
    return [word for word in range(2**16) if word % 2**bits in patterns]


@pytest.mark.parametrize(
    ("description", "values", "words"),
    [
        (described(), {}, []),
        (described(), {"PixelPaddingValue": "0"}, []),
        (described(), {"PixelPaddingValue": ()}, []),
        (described(), {"PixelPaddingRangeLimit": 3}, []),
        (described(), {"PixelPaddingValue": 0}, _low(0)),
        (described(), {"PixelPaddingValue": (5, 9)}, _low(5)),
        (described(), {"PixelPaddingValue": 4095}, _low(4095)),
        # no level of 12 bits: the whole word
        (described(), {"PixelPaddingValue": 4096}, [4096]),
        (described(), {"PixelPaddingValue": 5, "PixelPaddingRangeLimit": 7}, _low(5, 6, 7)),
        (described(), {"PixelPaddingValue": 7, "PixelPaddingRangeLimit": 5}, _low(5, 6, 7)),
        (described(), {"PixelPaddingValue": 2, "PixelPaddingRangeLimit": 0}, _low(0, 1, 2)),
        (described(), {"PixelPaddingValue": 4094, "PixelPaddingRangeLimit": 4095}, _low(4094, 4095)),
        (described(), {"PixelPaddingValue": 4094, "PixelPaddingRangeLimit": 4096}, _low(4094)),
        (described(signed=True), {"PixelPaddingValue": -2048}, _low(2048)),
        (described(signed=True), {"PixelPaddingValue": -2049}, [0x10000 - 2049]),
        (described(signed=True), {"PixelPaddingValue": 2047}, _low(2047)),
        (described(signed=True), {"PixelPaddingValue": 2048}, [2048]),
        (described(signed=True), {"PixelPaddingValue": 0x10000 - 2}, _low(4094)),
        (described(signed=True), {"PixelPaddingValue": 9, "PixelPaddingRangeLimit": 2048}, _low(9)),
        (described(signed=True), {"PixelPaddingValue": 9, "PixelPaddingRangeLimit": -2049}, _low(9)),
        (
            described(signed=True),
            {"PixelPaddingValue": -2047, "PixelPaddingRangeLimit": -2048},
            _low(2048, 2049),
        ),
        (described(signed=True), {"PixelPaddingValue": -2, "PixelPaddingRangeLimit": 0}, _low(4094, 4095, 0)),
        (described(16, signed=True), {"PixelPaddingValue": 0x7FFF}, [0x7FFF]),
        (described(16, signed=True), {"PixelPaddingValue": 0x8000}, [0x8000]),
        (
            described(16, signed=True),
            {"PixelPaddingValue": 0x8000, "PixelPaddingRangeLimit": -0x7FFF},
            [0x8000, 0x8001],
        ),
        (
            described(16, signed=True),
            {"PixelPaddingValue": 0x7FFE, "PixelPaddingRangeLimit": 0x7FFF},
            [0x7FFE, 0x7FFF],
        ),
        (described(16), {"PixelPaddingValue": -1}, [0xFFFF]),
        (described(8, allocated=8), {"PixelPaddingValue": 256 + 7}, [7]),
    ],
)
def test_padding_is_a_level_a_range_or_a_whole_word(
    description: PixelDescription, values: dict[str, Any], words: list[int]
) -> None:
    raw = np.arange(2**description.bits_allocated, dtype=np.int64)
    found = grey.padding_of(raw, grey.stored_levels(raw, description), description, values)
    assert np.flatnonzero(found).tolist() == words


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, (1.0, 0.0)),
        ({"RescaleSlope": 2, "RescaleIntercept": -3.5}, (2.0, -3.5)),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, (1.0, 0.0)),
        ({"RescaleSlope": (4, 9), "RescaleIntercept": (5,)}, (4.0, 5.0)),
        ({"RescaleSlope": 1e15, "RescaleIntercept": -1e15}, (1e15, -1e15)),
        ({"RescaleSlope": 1e15 + 0.5, "RescaleIntercept": -1e15 - 0.5}, (1.0, 0.0)),
        ({"RescaleSlope": 1.01e15, "RescaleIntercept": -1.01e15}, (1.0, 0.0)),
        ({"RescaleSlope": "2", "RescaleIntercept": ()}, (1.0, 0.0)),
        ({"RescaleSlope": math.nan, "RescaleIntercept": math.inf}, (1.0, 0.0)),
    ],
)
def test_the_rescale_line_is_the_files_where_it_can_be_used(
    values: dict[str, Any], line: tuple[float, float]
) -> None:
    assert grey.rescale_line(values) == line


@pytest.mark.parametrize(
    ("centre", "width", "window"),
    [
        (0, 5, (0.0, 5.0)),
        ((7, 9), (5, 6), (7.0, 5.0)),
        (7, 1e-12, (7.0, 1e-12)),
        (7, 0.99e-12, None),
        (7, 0, None),
        (7, -5, None),
        (None, 5, None),
        (7, None, None),
        (7, "5", None),
    ],
)
def test_a_window_needs_a_centre_and_a_width_above_nothing(
    centre: Any, width: Any, window: tuple[float, float] | None
) -> None:
    assert grey.usable_window(centre, width) == window


@pytest.mark.parametrize(
    ("stated", "function"),
    [
        ("LINEAR", "LINEAR"),
        ("linear_exact", "LINEAR_EXACT"),
        (("SIGMOID", "LINEAR"), "SIGMOID"),
        ("EXACT", "LINEAR"),
        ((), "LINEAR"),
    ],
)
def test_the_function_of_a_window_is_one_of_three(stated: Any, function: str) -> None:
    assert grey.window_function({"VOILUTFunction": stated}) == function
    assert grey.window_function({}) == "LINEAR"


def _by_the_standard(level: float, centre: float, width: float, function: str) -> float:
    """PS3.3, C.11.2.1.2.1 and C.11.2.1.3, as its pseudo-code has it, for an output of 0 to 1."""
    if function == "SIGMOID":
        return 1 / (1 + math.exp(-4 * (level - centre) / width))
    if function == "LINEAR_EXACT":
        low, high = centre - width / 2, centre + width / 2
        return 0.0 if level <= low else 1.0 if level > high else (level - centre) / width + 0.5
    low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    if level <= low:
        return 0.0
    return 1.0 if level > high else (level - (centre - 0.5)) / (width - 1) + 0.5


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(128, 256), (50, 2), (50.5, 2.5), (40, 1), (-7, 100)])
def test_windows_are_as_the_standard_writes_them(function: str, centre: float, width: float) -> None:
    levels = np.arange(-60.0, 260.0, 0.25)
    found = grey.window_shares(levels, centre, width, function)
    np.testing.assert_allclose(
        found, [_by_the_standard(one, centre, width, function) for one in levels], atol=1e-12
    )


def test_a_linear_window_of_less_than_a_level_is_an_exact_one() -> None:
    levels = np.arange(8.0, 12.0, 0.05)
    expected = [_by_the_standard(one, 10, 0.75, "LINEAR_EXACT") for one in levels]
    np.testing.assert_allclose(grey.window_shares(levels, 10, 0.75, "LINEAR"), expected, atol=1e-12)


def test_a_sigmoid_far_away_is_black_or_white_without_a_warning() -> None:
    with np.errstate(all="raise", under="ignore"):
        found = grey.window_shares(np.array([-1e9, -174.0, 174.0, 1e9]), 0, 1, "SIGMOID")
    # four widths a unit: e to the 696th is still a number, and beyond 700 it counts as 700
    np.testing.assert_allclose(np.log(found[:2]), [-700.0, -696.0], rtol=1e-12)
    assert found[2:].tolist() == [1.0, 1.0]


def _table(entries: tuple[int, ...], first: int = 0, bits: int = 8) -> tuple[dict[str, Any], ...]:
    return ({"LUTDescriptor": (len(entries), first, bits), "LUTData": entries},)


@pytest.mark.parametrize(
    ("values", "photometric", "shown"),
    [
        ({}, "MONOCHROME2", [0.0, 0.4, 1.0]),
        ({}, "MONOCHROME1", [1.0, 0.6, 0.0]),
        ({"PresentationLUTShape": "INVERSE"}, "MONOCHROME2", [1.0, 0.6, 0.0]),
        ({"PresentationLUTShape": ("inverse",)}, "MONOCHROME1", [1.0, 0.6, 0.0]),
        ({"PresentationLUTShape": "IDENTITY"}, "MONOCHROME1", [1.0, 0.6, 0.0]),
        # 0.4 of the way from the first of four entries to the last is nearest to the second
        ({"PresentationLUTSequence": _table((255, 51, 102, 0), 7)}, "MONOCHROME1", [1.0, 0.2, 0.0]),
    ],
)
def test_after_the_window_air_is_black_however_the_file_says_it(
    values: dict[str, Any], photometric: str, shown: list[float]
) -> None:
    share = np.array([0.0, 0.4, 1.0])
    found = grey.presented(share, described(photometric=photometric), values, False)
    np.testing.assert_allclose(found, shown)


def test_without_a_window_the_levels_that_are_there_are_spread() -> None:
    stored = np.array([[100, 200], [300, 50]], np.uint16)
    values = {"PixelPaddingValue": 50}
    shown = grey.display_levels(stored, described(), values)
    assert shown.tolist() == [[0, 32768], [65535, 0]]
    flat = grey.display_levels(np.full((2, 2), 9, np.uint16), described(), {})
    assert flat.tolist() == [[0, 0], [0, 0]]
    nothing = grey.display_levels(np.full((2, 2), 50, np.uint16), described(), values)
    assert nothing.tolist() == [[0, 0], [0, 0]]
    assert grey._whole_range(np.array([4.0, 5.0]), np.array([False, False])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("bits", "allocated", "dtype"),
    [(8, 8, np.uint8), (1, 8, np.uint8), (8, 16, np.uint8), (9, 16, np.uint16), (16, 16, np.uint16)],
)
def test_more_than_8_bits_are_shown_in_16(bits: int, allocated: int, dtype: Any) -> None:
    stored = np.array([[0, 1], [1, 0]], np.uint8 if allocated == 8 else np.uint16)
    shown = grey.display_levels(stored, described(bits, allocated=allocated), {})
    assert shown.dtype == dtype
    assert shown.tolist() == [[0, np.iinfo(dtype).max], [np.iinfo(dtype).max, 0]]
    assert grey.patterns_in(stored).tolist() == [True, True] + [False] * (2**allocated - 2)


def test_levels_are_on_the_files_line_before_the_window() -> None:
    stored = np.array([[2, 4], [6, 8]], np.uint16)
    window = {"WindowCenter": 4, "WindowWidth": 8, "VOILUTFunction": "LINEAR_EXACT"}
    shown = grey.display_levels(stored, described(8), {"RescaleSlope": 2, "RescaleIntercept": -4, **window})
    assert shown.tolist() == [[0, 128], [255, 255]]
    table = {"ModalityLUTSequence": _table((0, 2, 4, 6), 2), "RescaleSlope": 7}
    assert grey.display_levels(stored, described(8), {**table, **window}).tolist() == [[0, 128], [191, 191]]


def test_levels_below_nought_let_a_table_begin_there() -> None:
    table = _table((0, 51, 255), 0xFFFF)
    stored = np.array([[0, 1], [2, 3]], np.uint16)
    below = grey.display_levels(stored, described(8), {"VOILUTSequence": table, "RescaleIntercept": -1})
    assert below.tolist() == [[0, 51], [255, 255]]
    never = grey.display_levels(stored, described(8), {"VOILUTSequence": table})
    assert never.tolist() == [[0, 0], [0, 0]], "the first input is 65,535"
    signed = grey.display_levels(stored, described(8, signed=True), {"VOILUTSequence": table})
    assert signed.tolist() == [[51, 255], [255, 255]]


def test_words_of_tables_are_in_the_files_order_by_default_the_small_end_first() -> None:
    item = ({"LUTDescriptor": (2, 0, 16), "LUTData": b"\0\1\1\0"},)
    stored = np.array([[0, 1]], np.uint16)
    for name in ("VOILUTSequence", "PresentationLUTSequence"):
        values = {name: item, "WindowCenter": 1, "WindowWidth": 2}
        assert grey.display_levels(stored, described(), values).tolist() == [[256, 1]]
        assert grey.display_levels(stored, described(), values, big_endian=True).tolist() == [[1, 256]]
    table = grey.display_table(described(), {"VOILUTSequence": item}, lambda: np.ones(4, bool), patterns=4)
    assert table.tolist() == [256, 1, 1, 1]
