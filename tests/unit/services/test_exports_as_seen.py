"""What is taken away looks as the screen did, and says what the screen said."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import Analysis, DecodeLimits, HeatTrust
from cxr_dash.errors import RequestError
from cxr_dash.explain.trust_words import in_words
from cxr_dash.language import Translator, translator
from cxr_dash.services.exports import (
    ExportOptions,
    Seen,
    film_as_seen,
    film_display,
    overlay_png,
    side_by_side_png,
)

FILM = film_file()
ENGLISH, SPANISH = translator("en"), translator("es")


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analysis_of(FILM, bundle_of([("effusion", "Effusion", "Derrame")]), [0.8])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[imaging.Caption]:
    """The captions that were drawn."""
    captions: list[imaging.Caption] = []
    strip = imaging.caption_strip
    monkeypatch.setattr(
        imaging, "caption_strip", lambda words, width: (captions.append(words), strip(words, width))[1]
    )
    return captions


def _overlay(analysis: Analysis, seen: Seen, t: Translator = ENGLISH) -> tuple[NDArray[np.uint8], bytes]:
    display = film_display(FILM, analysis, DecodeLimits())
    png = overlay_png(analysis, "effusion", ExportOptions(seen=seen), display, t)
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(pixels[: display.shape[0], :, ::-1], np.uint8), png


@pytest.mark.parametrize(("grey", "shown"), [(0, 0), (70, 0), (120, 128), (205, 255), (255, 255)])
def test_a_grey_window_is_a_straight_line_between_black_and_white(grey: int, shown: int) -> None:
    film = np.full((2, 2), grey, np.uint8)
    assert abs(int(imaging.toned(film, 100.0, 120.0, invert=False)[0, 0]) - shown) <= 1
    assert abs(int(imaging.toned(film, 100.0, 120.0, invert=True)[0, 0]) - (255 - shown)) <= 1


def test_the_plain_window_changes_no_grey_level() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(imaging.toned(ramp, 255.0, 127.5, invert=False), ramp)


def test_lines_lie_where_the_heat_has_their_level_and_leave_the_rest_of_the_film() -> None:
    across = np.linspace(0.0, 1.0, 200, dtype=np.float32)
    heat = np.minimum(np.tile(across, (200, 1)), np.tile(across[::-1], (200, 1))) * 2
    film = np.full((200, 200), 90, np.uint8)
    drawn = imaging.outlined(film, heat, [(0.5, (255, 160, 0))])
    changed = (drawn != 90).any(axis=2)[5:195]
    columns = np.flatnonzero(changed.any(axis=0))
    assert set(columns) <= {*range(45, 56), *range(144, 155)}
    assert abs(drawn[100].astype(int) - (255, 160, 0)).sum(axis=1).min() < 60, "the line has its colour"


def test_an_overlay_has_the_window_the_inversion_and_the_lines_of_the_screen(analysis: Analysis) -> None:
    plain, _ = _overlay(analysis, Seen())
    inverted, png = _overlay(analysis, Seen(invert=True, contours=True, window_width=200, window_level=100))
    far = slice(0, 12)  # the heat does not reach the corner
    expected = imaging.toned(plain[far, far, 0], 200, 100, invert=True)
    np.testing.assert_array_equal(inverted[far, far, 0], expected)
    written = imaging.read_png_text(png)
    assert written["Grey window"] == "width 200, level 100 of 256 grey levels, black and white swapped"
    assert "lines at 25, 50 and 75 %" in written["Colour map"]


def test_what_the_screen_says_in_amber_is_burnt_in_and_in_the_text(
    analysis: Analysis, told: list[imaging.Caption]
) -> None:
    words = in_words("lungs", 0.34, outside=True, map_moves=False, drift=None)
    poor = HeatTrust("lungs", False, 0.34, 0.9, 0.01, "poor", words)
    doubted = replace(analysis, trust={"effusion": poor})
    display = film_display(FILM, doubted, DecodeLimits())
    _, png = _overlay(doubted, Seen(window_width=170, window_level=120))
    side_by_side_png(doubted, "effusion", ExportOptions(), display, SPANISH)
    english, spanish = told
    assert english.title.startswith("Effusion: 80")
    assert english.lines[0].startswith("Most of the heat lies outside the lungs (66")
    assert "Grey window 170 / level 120." in english.lines
    assert spanish.lines[0] == SPANISH.say(words) != english.lines[0]
    assert imaging.read_png_text(png)["Heatmap trust"] == f"poor: {english.lines[0]}"


def test_a_map_that_may_be_relied_on_has_no_warning(analysis: Analysis, told: list[imaging.Caption]) -> None:
    words = in_words("lungs", 0.9, outside=False, map_moves=False, drift=None)
    good = HeatTrust("lungs", False, 0.9, 0.9, 0.01, "good", words)
    _overlay(replace(analysis, trust={"effusion": good}), Seen())
    assert not any("of the heat" in line for line in told[0].lines)


@pytest.mark.parametrize(
    "wrong", [{"window_width": 0.0}, {"window_level": 1e10}, {"window_width": float("nan")}]
)
def test_a_window_that_no_screen_has_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="must be between"):
        Seen(**wrong)  # type: ignore[arg-type]


def _deep_film() -> tuple[bytes, NDArray[np.uint16]]:
    """A film of 12 bits, and its levels: in its middle they rise by 200, a dozen greys of 8 bits."""
    levels = imaging.chest_phantom(320, 320).astype(np.uint16) * 16
    levels[100:200, 60:260] = np.arange(2000, 2200)
    return cv2.imencode(".png", levels)[1].tobytes(), levels


@pytest.mark.parametrize("given", [("film", 200.0, 2100.0), ("shown", None, None)], ids=["own", "shown"])
def test_a_film_of_more_bits_is_windowed_on_its_own_levels(
    analysis: Analysis, given: tuple[str, float | None, float | None]
) -> None:
    data, levels = _deep_film()
    found = imaging.film_levels(data, DecodeLimits())
    assert found is not None
    unit, width, level = given
    if width is None or level is None:
        width, level = imaging.in_shown_levels(found, 200.0, 2100.0)
    seen = Seen(window_width=width, window_level=level, unit=unit, invert=True)
    display, said = film_as_seen(data, analysis, DecodeLimits(), seen)
    share = np.clip((levels - 2100.0) / 200.0 + 0.5, 0.0, 1.0)
    assert np.abs(display.astype(int) - (255 - np.rint(255 * share))).max() <= 1
    assert np.unique(display[150, 60:260]).size == 200
    assert (said.unit, said.applied) == ("film", True)
    png = overlay_png(
        analysis, "effusion", ExportOptions(seen=replace(said, contours=True)), display, ENGLISH
    )
    written = imaging.read_png_text(png)["Grey window"]
    assert written == "width 200, level 2100 of the film's own levels, black and white swapped"


def test_a_window_in_levels_of_a_film_of_8_bits_is_one_in_those_of_its_picture(analysis: Analysis) -> None:
    seen = Seen(window_width=100.0, window_level=120.0, unit="film")
    display, said = film_as_seen(FILM, analysis, DecodeLimits(), seen)
    np.testing.assert_array_equal(display, film_display(FILM, analysis, DecodeLimits()))
    assert said == seen


def test_a_curve_or_a_unit_that_is_none_is_refused() -> None:
    for wrong in ({"curve": "round"}, {"unit": "inch"}):
        with pytest.raises(RequestError, match="must be one of"):
            Seen(**wrong)  # type: ignore[arg-type]
