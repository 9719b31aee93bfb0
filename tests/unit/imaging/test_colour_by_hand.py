"""What counts as coloured, and as an even tint: every limit on its edge."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import ReasonCode
from cxr_dash.imaging.colour import Tint, _clearest, _tone_curve, measure_colour, to_grey


def grey(height: int = 100, width: int = 100, dtype: type = np.uint8) -> np.ndarray:
    return np.full((height, width, 3), 128 if dtype is np.uint8 else 128 * 257, dtype)


def tinted(levels: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Blue as it is, green between, red a share of it: shape (100, n / 100, 3)."""
    blue = levels.reshape(100, -1).astype(np.float64)
    return np.dstack([blue, blue * (1 + share) / 2, blue * share]).astype(np.uint8)


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("dtype", "apart", "fraction"),
    [(np.uint8, 24, 0.0), (np.uint8, 25, 0.5), (np.uint16, 24 * 257, 0.0), (np.uint16, 24 * 257 + 1, 0.5)],
)
def test_a_pixel_is_coloured_whose_channels_differ_by_more_than_24_of_255(
    channel: int, sign: int, dtype: type, apart: int, fraction: float
) -> None:
    picture = grey(dtype=dtype)
    picture[:50, :, channel] += np.array(sign * apart).astype(dtype)
    assert measure_colour(picture) == (fraction, None)


@pytest.mark.parametrize(("side", "seen"), [(1279, 0.5), (1280, 0.0)])
@pytest.mark.parametrize("wide", [False, True])
def test_of_1280_pixels_and_more_every_second_is_looked_at(side: int, seen: float, wide: bool) -> None:
    picture = grey(side, 6)
    picture[1::2, :, 0] = 200
    picture = picture if not wide else np.ascontiguousarray(picture.transpose(1, 0, 2))
    assert measure_colour(picture)[0] == pytest.approx(seen, abs=1e-3)


@pytest.mark.parametrize(("bright", "tint"), [(100, True), (99, False)])
def test_fewer_coloured_pixels_than_a_hundredth_are_no_tint(bright: int, tint: bool) -> None:
    """A weak tint, which only the brightest levels show."""
    levels = np.concatenate([np.linspace(20, 155, 10_000 - bright), np.linspace(170, 200, bright)])
    fraction, found = measure_colour(tinted(levels, 0.85))
    assert (found is not None) is tint
    assert fraction == (0.0 if tint else bright / 10_000)


@pytest.mark.parametrize(("off", "tint"), [(2500, True), (2501, False)])
def test_a_tint_explains_three_quarters_of_what_is_coloured(off: int, tint: bool) -> None:
    picture = tinted(np.linspace(80, 240, 10_000))
    strange = np.arange(10_000) % 4 == 0
    strange[1] = off == 2501
    picture.reshape(-1, 3)[strange] = picture.reshape(-1, 3)[strange] - np.array([0, 0, 40], np.uint8)
    fraction, found = measure_colour(picture)
    assert (found is not None) is tint
    assert fraction == (0.25 if tint else 1.0)


@pytest.mark.parametrize(("pixels", "tint"), [(8, True), (7, False)])
def test_a_tint_needs_six_levels_of_eight_pixels(pixels: int, tint: bool) -> None:
    levels = np.repeat([60, 90, 120, 150, 180, 240], [1900, 2000, 2000, 2000, 2100 - pixels, pixels])
    assert (measure_colour(tinted(levels))[1] is not None) is tint
    without = np.repeat([60, 90, 120, 150, 240], 2000)
    assert measure_colour(tinted(without))[1] is None


@pytest.mark.parametrize(("clipped", "channel"), [(100, None), (101, 1)])
def test_a_channel_is_taken_where_more_than_a_hundredth_of_another_is_clipped(
    clipped: int, channel: int | None
) -> None:
    """Blue is clipped; of the others, which have the same range, the first is taken."""
    red = np.linspace(10, 180, 10_000 - clipped)
    red = np.concatenate([red, np.linspace(195, 215, clipped)]).reshape(100, -1)
    picture = np.dstack([red + 60, red + 30, red]).clip(0, 255).astype(np.uint8)
    assert measure_colour(picture) == (0.0, Tint(channel))


@pytest.mark.parametrize("colour", [(200, 90, 30), (0, 0, 40), (255, 255, 200)])
def test_a_picture_of_one_colour_has_no_tint(colour: tuple[int, int, int]) -> None:
    picture = np.empty((100, 100, 3), np.uint8)
    picture[:] = colour
    assert measure_colour(picture) == (1.0, None)


def spread_over(low: float, high: float, clipped: int = 0) -> np.ndarray:
    values = np.linspace(low, high, 1000)
    values[:clipped] = 255
    return values.astype(np.float32)


@pytest.mark.parametrize(
    ("channels", "best"),
    [
        ([(0, 200), (0, 210), (0, 190)], 1),
        ([(20, 220), (0, 190), (0, 180)], 0),
        # a channel that is clipped in a tenth is worth nothing, and in a hundredth nine tenths
        ([(0, 250, 100), (100, 110), (0, 0)], 1),
        ([(0, 250, 10), (0, 210), (0, 0)], 0),
        ([(0, 250, 10), (0, 235), (0, 0)], 1),
        ([(0, 250, 50), (0, 130), (0, 120)], 1),
        ([(0, 250, 50), (0, 115), (0, 110)], 0),
    ],
)
def test_the_clearest_channel_has_the_widest_range_and_is_hardly_clipped(
    channels: list[tuple[int, ...]], best: int
) -> None:
    assert _clearest(np.stack([spread_over(*one) for one in channels], axis=1)) == best


def test_half_a_per_cent_at_either_end_does_not_count_for_the_range() -> None:
    plain, extreme = spread_over(0, 201), spread_over(0, 200)
    extreme[:4], extreme[-4:] = 0, 254
    assert _clearest(np.stack([plain, extreme, plain - 1], axis=1)) == 0
    extreme[:8], extreme[-8:] = 0, 254
    assert _clearest(np.stack([plain, extreme, plain - 1], axis=1)) == 1


def curve(levels: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """With a bin of its own for every pixel."""
    return _tone_curve(levels, values, [np.array([index]) for index in range(levels.size)])


AT = np.linspace(10.0, 240.0, 24)
CORNERS = np.linspace(10.0, 240.0, 5)


def test_a_straight_tint_has_corners_at_even_steps_and_goes_on() -> None:
    found = curve(AT, 0.5 * AT + 20)
    assert found is not None
    assert found[0] == pytest.approx([*CORNERS, 240 + 255])
    assert found[1] == pytest.approx([*(0.5 * CORNERS + 20), 0.5 * 240 + 20 + 127.5])


def test_a_bent_tint_is_met_at_each_corner_and_goes_on_as_it_ended() -> None:
    heights = np.array([10.0, 90.0, 140.0, 200.0, 210.0])
    found = curve(AT, np.interp(AT, CORNERS, heights))
    assert found is not None
    assert found[1] == pytest.approx([*heights, 210 + 255 * 10 / 57.5], abs=0.01)


def test_a_few_bins_full_of_drawings_do_not_bend_it() -> None:
    values = 0.5 * AT + 20
    values[[4, 11, 18]] += 90
    found = curve(AT, values)
    assert found is not None
    assert found[1][:5] == pytest.approx(0.5 * CORNERS + 20, abs=1.5)


@pytest.mark.parametrize(("fall", "is_a_curve"), [(3.5, True), (4.5, False)])
def test_a_curve_may_fall_by_a_channels_noise_and_does_not_go_on_falling(
    fall: float, is_a_curve: bool
) -> None:
    heights = np.array([100.0, 100.0, 100.0, 100.0, 100.0 - fall])
    found = curve(AT, np.interp(AT, CORNERS, heights))
    assert (found is not None) is is_a_curve
    if found is not None:
        assert found[1][-1] == pytest.approx(found[1][-2]), "not below what it ended at"


@pytest.mark.parametrize(("clipped", "corners"), [(0, 3), (1, 2), (2, 2), (3, None), (6, None)], ids=str)
def test_a_clipped_bin_is_no_part_of_the_curve_and_two_bins_make_a_corner(
    clipped: int, corners: int | None
) -> None:
    levels = np.linspace(40, 90, 6)
    bright, black = levels * 2, levels * 2
    bright[6 - clipped :], black[:clipped] = 255, 0
    for values in (bright, black):
        found = curve(levels, values)
        assert (None if found is None else found[0].size - 1) == corners
    assert curve(levels[:5], levels[:5]) is None


@pytest.mark.parametrize(
    ("visible", "said"),
    [(5, ReasonCode.TRANSPARENT_PARTS), (4, ReasonCode.ALPHA_IGNORED)],
)
def test_alpha_that_leaves_a_twentieth_visible_is_meant(visible: int, said: ReasonCode) -> None:
    alpha = np.zeros((10, 10), np.uint8)
    alpha.ravel()[:visible] = 255
    found = to_grey(np.dstack([grey(10, 10), alpha]))
    assert [note.code for note in found.notes] == [said]
    assert (found.pixels == 128).sum() == (visible if said is ReasonCode.TRANSPARENT_PARTS else 100)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_half_transparent_pixels_are_half_as_bright(dtype: type) -> None:
    most = int(np.iinfo(dtype).max)
    alpha = np.full((10, 10), most, dtype)
    alpha[5:] = most // 2
    found = to_grey(np.dstack([grey(10, 10, dtype), alpha]))
    level = int(grey(1, 1, dtype)[0, 0, 0])
    assert found.pixels.dtype == dtype
    assert (found.pixels[:5] == level).all()
    assert np.abs(found.pixels[5:].astype(float) - level * (most // 2) / most).max() <= 0.5


def test_grey_pictures_come_back_as_they_are() -> None:
    plain = np.arange(12, dtype=np.uint16).reshape(3, 4)
    for stored in (plain, plain[:, :, np.newaxis]):
        found = to_grey(stored)
        np.testing.assert_array_equal(found.pixels, plain)
        assert (found.colour_fraction, found.notes) == (0.0, ())
