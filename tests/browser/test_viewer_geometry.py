"""The viewer's pure functions: where a film lies, and where lines of equal heat run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(still: Page) -> Page:
    """One page for all: its functions are only asked."""
    return still


_ROOM = {"width": 680, "height": 620, "margin": {"left": 16, "right": 16, "top": 58, "bottom": 16}}
_FILM = {"width": 2048, "height": 2500}
_WAYS = [{"turn": turn, "flip": flip} for turn in (0, 90, 180, 270) for flip in (False, True)]


def call(page: Page, expression: str, **names: Any) -> Any:
    """An expression over `cxr.geometry`, with these names."""
    given = ", ".join(names)
    return page.evaluate(
        f"([{given}]) => {{ const g = cxr.geometry; return {expression}; }}", [*names.values()]
    )


def corners(page: Page, place: dict[str, Any], way: dict[str, Any]) -> np.ndarray:
    """The film's corners on the screen: shape (4, 2)."""
    m = call(page, "g.matrix(place, room, film, way)", place=place, room=_ROOM, film=_FILM, way=way)
    ends = np.array([[x, y, 1] for x in (0, _FILM["width"]) for y in (0, _FILM["height"])])
    return np.asarray(ends @ np.array(m).reshape(3, 2))


def test_a_fitted_film_fills_its_room_and_stays_out_of_the_margins_however_turned(page: Page) -> None:
    for way in _WAYS:
        found = corners(page, call(page, "g.FIT"), way)
        low, high = found.min(axis=0), found.max(axis=0)
        assert (low >= [16 - 1e-6, 58 - 1e-6]).all()
        assert (high <= [664 + 1e-6, 604 + 1e-6]).all()
        np.testing.assert_allclose((low + high) / 2, [340, 331], atol=1e-6)
        assert min([648, 546] - (high - low)) == pytest.approx(0, abs=1e-6)


def test_zooming_keeps_the_pointed_pixel_in_and_out_until_the_film_is_fitted(page: Page) -> None:
    found = page.evaluate(
        """([room, film, ways]) => ways.map(way => {
            const g = cxr.geometry, away = [];
            const fitted = g.matrix(g.FIT, room, film, way);
            for (const [x, y] of [[0.02, 0.03], [0.5, 0.5], [0.97, 0.2], [0.3, 0.98]]) {
                const pixel = { x: x * film.width, y: y * film.height };
                const point = g.toStage(fitted, pixel);
                let place = g.FIT;
                for (const factor of [1.1, 2, 3, 0.7, 1 / 3, 0.99]) {
                    place = g.zoomAt(place, factor, point, room, film, way);
                    const now = g.toFilm(g.matrix(place, room, film, way), point);
                    away.push(Math.hypot(now.x - pixel.x, now.y - pixel.y));
                }
                place = g.zoomAt(place, 0.01, point, room, film, way);
                if (place !== g.FIT) away.push(Infinity);
            }
            return Math.max(...away);
        })""",
        [_ROOM, _FILM, _WAYS],
    )
    assert len(found) == 8
    assert max(found) < 1e-6


def test_a_film_is_never_dragged_further_in_than_where_it_lies_when_fitted(page: Page) -> None:
    pan = "g.panBy({ scale: 1, x: 0.4, y: 0.6 }, ...by, room, film, way)"
    for way in _WAYS:
        fitted = corners(page, call(page, "g.FIT"), way)
        right = call(page, pan, by=[9e4, -9e4], room=_ROOM, film=_FILM, way=way)
        left = call(page, pan, by=[-9e4, 9e4], room=_ROOM, film=_FILM, way=way)
        ends = [corners(page, place, way) for place in (right, left)]
        inwards = [
            ends[0].min(axis=0)[0],
            ends[1].min(axis=0)[1],
            ends[1].max(axis=0)[0],
            ends[0].max(axis=0)[1],
        ]
        np.testing.assert_allclose(inwards, [*fitted.min(axis=0), *fitted.max(axis=0)], atol=1e-6)


def test_four_turns_and_two_flips_bring_the_film_back_and_a_flip_swaps_what_is_seen(page: Page) -> None:
    for way in _WAYS:
        four = call(page, "g.turned(g.turned(g.turned(g.turned(way))))", way=way)
        assert four == call(page, "g.flipped(g.flipped(way))", way=way) == way
        before = corners(page, {"scale": "fit", "x": 0.5, "y": 0.5}, way)
        after = corners(page, {"scale": "fit", "x": 0.5, "y": 0.5}, call(page, "g.flipped(way)", way=way))
        np.testing.assert_allclose(after, before * [-1, 1] + [680, 0], atol=1e-6)


def test_a_place_is_carried_to_another_film_by_shares_and_back(page: Page) -> None:
    small = {"room": {**_ROOM, "width": 340}, "film": {"width": 900, "height": 700}, "way": _WAYS[0]}
    large = {"room": _ROOM, "film": _FILM, "way": _WAYS[0]}
    place = {"scale": 0.8, "x": 0.4, "y": 0.55}
    there = call(page, "g.carried(place, from, to)", place=place, **{"from": large, "to": small})
    assert (there["x"], there["y"]) == pytest.approx((0.4, 0.55))
    assert call(page, "g.carried(there, small, large)", there=there, small=small, large=large) == (
        pytest.approx(place)
    )
    assert call(page, "g.carried(g.FIT, from, to).scale", **{"from": large, "to": small}) == "fit"


def lines(page: Page, grey: np.ndarray, level: float) -> list[np.ndarray]:
    """Contours of a map: a list of points (n, 2) each."""
    found = page.evaluate(
        "([width, height, grey, level]) => cxr.contours.lines({ width, height, grey }, level)",
        [grey.shape[1], grey.shape[0], grey.ravel().tolist(), level],
    )
    return [np.array(line) for line in found]


def test_the_contour_of_a_round_hill_is_one_closed_circle(page: Page) -> None:
    y, x = np.mgrid[0:80, 0:100] + 0.5
    hill = np.clip(255 - 6 * np.hypot(x - 52, y - 38), 0, 255)
    (line,) = lines(page, hill, 0.5 * 255)
    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_allclose(np.hypot(*(line - [52, 38]).T), 127.5 / 6, atol=0.05)


def test_contours_have_the_level_of_the_bilinear_map_everywhere(page: Page) -> None:
    grey = np.random.default_rng(4).integers(0, 256, (17, 23)).astype(float)
    found = lines(page, grey, 127.5)
    assert len(found) > 5
    for x, y in np.vstack(found) - 0.5:
        left, top = min(int(x), 21), min(int(y), 15)
        cell, dx, dy = grey[top : top + 2, left : left + 2], x - left, y - top
        value = np.array([1 - dy, dy]) @ cell @ np.array([1 - dx, dx])
        assert value == pytest.approx(127.5, abs=1e-6)
    hot = grey >= 127.5
    edges = (hot[:, 1:] != hot[:, :-1]).sum() + (hot[1:] != hot[:-1]).sum()
    closed = sum((line[0] == line[-1]).all() for line in found)
    assert sum(len(line) for line in found) - closed == edges


def test_a_slope_gives_an_open_line_from_border_to_border_and_a_flat_map_none(page: Page) -> None:
    slope = np.tile(np.linspace(0, 250, 26), (9, 1))
    (line,) = lines(page, slope, 105)
    np.testing.assert_allclose(line[:, 0], 11.0)
    assert {line[0, 1], line[-1, 1]} == {0.5, 8.5}
    assert lines(page, np.full((5, 5), 90.0), 105) == []
