"""Pictures to take away, in pixels: where films stand, where lines lie, which table a film goes through."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file

from cxr_dash import imaging
from cxr_dash.domain import DecodeLimits, HeatScale
from cxr_dash.explain import content_heat, film_heatmap
from cxr_dash.language import translator
from cxr_dash.services.exports import ExportOptions, Seen, film_as_seen, heat_layer_png, pictures
from cxr_dash.services.exports.maps import grid_to_film
from cxr_dash.services.exports.pictures import _lines, heat_legend, overlay_pixels, side_by_side_png, toned

BUNDLE = bundle_of([("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo")])
EN = translator("en")


def analysis(size: tuple[int, int] = (90, 66)) -> Any:
    return analysis_of(film_file(size=size), BUNDLE, [0.8, 0.2], flat=["nodule"])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pixels of each picture that was made; captions are ten rows of mid grey."""
    kept: list[Any] = []
    strip = lambda _words, width: np.full((10, width, 3), 99, np.uint8)  # noqa: E731
    monkeypatch.setattr(imaging, "caption_strip", strip)
    encode = imaging.encode_png
    monkeypatch.setattr(imaging, "encode_png", lambda one, words: (kept.append(one), encode(one, words))[1])
    return kept


@pytest.mark.parametrize(("width", "total", "left"), [(66, 640, 250), (316, 640, 0), (360, 728, 0)])
def test_two_films_stand_eight_pixels_apart_in_the_middle_of_at_least_640(
    written: list[Any], width: int, total: int, left: int
) -> None:
    display = np.full((90, width), 200, np.uint8)
    found = analysis((90, width))
    heated = overlay_pixels(found, "effusion", ExportOptions(), display)
    side_by_side_png(found, "effusion", ExportOptions(), display, EN)
    pixels = written[-1]
    assert pixels.shape == (100, total, 3)
    np.testing.assert_array_equal(pixels[90:], 99)
    right = left + width + 8
    np.testing.assert_array_equal(pixels[:90, left : left + width], 200)
    np.testing.assert_array_equal(pixels[:90, right : right + width], heated)
    for gap in (slice(0, left), slice(left + width, right), slice(right + width, total)):
        assert not pixels[:90, gap].any()
    assert 0 <= total - right - width - left <= 1


def test_a_heat_layer_is_the_share_of_the_maps_own_peak(written: list[Any]) -> None:
    found = analysis()
    heat_layer_png(found, "effusion")
    grey = written[-1]
    expected = content_heat(found.heatmaps["effusion"])
    assert (grey.dtype, grey.max()) == (np.uint8, 255)
    np.testing.assert_allclose(grey / 255.0, expected, atol=0.5 / 255)


@pytest.mark.parametrize("scale", [None, HeatScale(1.0, 3.0, 8.0)])
def test_lines_lie_at_quarters_of_the_peak_in_the_brighter_half_of_the_colours(
    scale: HeatScale | None,
) -> None:
    heatmap = replace(analysis().heatmaps["effusion"], scale=scale)
    lines = list(_lines(heatmap, "inferno"))
    assert [share for share, _ in lines] == [0.25, 0.5, 0.75]
    table = imaging.colour_table("inferno")
    for share, colour in lines:
        shown = (
            share if scale is None else float(scale.shares(np.array([share * heatmap.peak], np.float32))[0])
        )
        assert colour == tuple(table[round(127.5 + 127.5 * shown)])


def test_a_flat_map_has_no_lines_and_another_is_drawn_in_shares_of_its_peak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple[Any, Any]] = []

    def outlined(film: Any, heat: Any, lines: Any) -> Any:
        drawn.append((heat, lines))
        return np.repeat(film[..., None], 3, axis=2)

    monkeypatch.setattr(pictures.imaging, "outlined", outlined)
    found, display = analysis(), np.zeros((90, 66), np.uint8)
    options = ExportOptions(seen=Seen(contours=True))
    for key in ("effusion", "nodule"):
        overlay_pixels(found, key, options, display)
    (heat, lines), (nothing, none) = drawn
    heatmap = found.heatmaps["effusion"]
    np.testing.assert_allclose(heat, film_heatmap(heatmap) / heatmap.peak, rtol=1e-6)
    assert (len(lines), none) == (3, ())
    assert not nothing.any()


@pytest.mark.parametrize(
    ("seen", "changed"),
    [
        (Seen(), False),
        (Seen(invert=True), True),
        (Seen(100.0, 90.0), True),
        (Seen(100.0, 90.0, applied=True), False),
        (Seen(invert=True, applied=True), False),
    ],
)
def test_a_film_goes_through_the_window_once(seen: Seen, changed: bool) -> None:
    display = np.arange(256, dtype=np.uint8).reshape(16, 16)
    shown = toned(display, ExportOptions(seen=seen))
    assert np.array_equal(shown, display) is not changed
    if changed:
        expected = imaging.toned(display, seen.window_width, seen.window_level, invert=seen.invert)
        np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize(
    ("table", "used"),
    [(None, "window"), (0, "window"), (1, "first"), (2, "second"), (3, "window"), (-1, "window")],
)
@pytest.mark.parametrize("invert", [False, True])
def test_a_table_of_the_file_is_chosen_by_its_number_from_one(
    monkeypatch: pytest.MonkeyPatch, table: int | None, used: str, invert: bool
) -> None:
    named = {"first": np.full(4, 10, np.uint8), "second": np.full(4, 20, np.uint8)}
    windows = [SimpleNamespace(table=one) for one in (named["first"], None, named["second"])]
    levels = SimpleNamespace(
        pixels=np.zeros((3, 2), np.uint16), windows=windows, white=4095.0, black=0.0, inclusive=False
    )
    monkeypatch.setattr(pictures.imaging, "film_levels", lambda *_: levels)
    monkeypatch.setattr(pictures.imaging, "level_table", lambda *_: np.full(4, 30, np.uint8))
    seen = Seen(200.0, 2100.0, unit="film", table=table, invert=invert)
    display, said = film_as_seen(b"", analysis(), DecodeLimits(), seen)
    grey = {"first": 10, "second": 20, "window": 30}[used]
    assert np.unique(display).tolist() == [255 - grey if invert else grey]
    assert (said.applied, said.window_width, said.window_level) == (True, 200.0, 2100.0)


def test_the_ends_of_the_colours_are_named_by_what_they_stand_for() -> None:
    heatmap = analysis().heatmaps["effusion"]
    assert heat_legend(heatmap, EN) == ("none", "peak")
    assert heat_legend(replace(heatmap, scale=HeatScale(1.0, 2.0, 3.0)), EN) == ("none", "strong")


def test_the_corners_of_a_grid_lie_at_the_corners_of_the_input() -> None:
    plan = analysis((90, 66)).preparation
    affine = grid_to_film((8, 4), plan)
    crop, content = plan.crop, plan.content
    scale = crop.width / content.width, crop.height / content.height
    for column, row in ((0, 0), (4, 8), (1, 3)):
        x, y = affine @ (column, row, 1)
        in_x, in_y = column * plan.input_width / 4, row * plan.input_height / 8
        assert x == pytest.approx(crop.x + (in_x - content.x) * scale[0])
        assert y == pytest.approx(crop.y + (in_y - content.y) * scale[1])
