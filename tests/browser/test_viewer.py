"""The film on the screen: zoom, drag, turn, flip, grey window, magnifier and the two ways of drawing heat."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page
from steps import beside, choose_label, frames, in_view, localised_label, open_films, show_heat, tap
from viewing import as_printed, drag, middle, pointed, scale, seen, still, wheel
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser


@pytest.fixture
def film(page: Page, films: list[Path]) -> Page:
    """The page with one film in view."""
    open_films(page, films[:1])
    in_view(page)
    still(page)
    return page


@pytest.fixture
def large(page: Page, perhaps_shared: Path | None, films: list[Path], tmp_path: Path) -> Page:
    """The page with a film in view that at true pixels is wider and higher than the stage."""
    path = films[0]
    if perhaps_shared is None:
        path = tmp_path / "large.png"
        path.write_bytes(imaging.encode_png(imaging.chest_phantom(1400, 1200), {}))
    open_films(page, [path])
    in_view(page)
    still(page)
    return page


def test_the_wheel_and_two_fingers_zoom_about_the_pixel_they_point_at(film: Page) -> None:
    x, y = (at + away for at, away in zip(middle(film), (-90, 120), strict=True))
    fitted, pixel = scale(film), pointed(film, x, y)
    assert film.inner_text("#film-scale") == f"{round(100 * fitted)} %"
    for delta in (-300, -700, 400):
        wheel(film, x, y, delta)
        np.testing.assert_allclose(pointed(film, x, y), pixel, atol=1)
    assert scale(film) > 1.5 * fitted
    assert film.inner_text("#film-scale") == f"{round(100 * scale(film))} %"
    film.mouse.dblclick(x, y)
    frames(film)
    assert scale(film) == as_printed(fitted)
    session = film.context.new_cdp_session(film)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 100), ("touchEnd", 0)):
        points = [{"x": x + side * apart, "y": y, "id": side + 1} for side in (-1, 1)] if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        frames(film)
    assert scale(film) == pytest.approx(2.5 * fitted, rel=0.05)
    np.testing.assert_allclose(pointed(film, x, y), pixel, atol=20)


def test_a_drag_moves_the_film_and_keys_zoom_fit_and_show_true_pixels(large: Page) -> None:
    film = large
    x, y = middle(film)
    fitted = scale(film)
    film.keyboard.press("+")
    film.keyboard.press("+")
    frames(film)
    assert scale(film) == as_printed(1.25**2 * fitted)
    pixel = pointed(film, x, y)
    drag(film, 40, -30)
    np.testing.assert_allclose(pointed(film, x + 40, y - 30), pixel, atol=1)
    film.keyboard.press("-")
    frames(film)
    assert scale(film) == as_printed(1.25 * fitted)
    film.keyboard.press("0")
    frames(film)
    assert scale(film) == as_printed(fitted)
    film.keyboard.press("f")
    frames(film)
    assert scale(film) == as_printed(1)
    assert film.inner_text("#film-scale") == "100 %"
    offsets = film.evaluate("() => getComputedStyle(document.querySelector('.frame')).transform")
    assert all(float(part).is_integer() for part in re.findall(r"[-\d.]+", offsets)[4:])
    film.focus("#stage")
    before = pointed(film, x, y)
    film.keyboard.press("Shift+ArrowRight")
    np.testing.assert_allclose(pointed(film, x, y) - before, [48, 0], atol=1)
    assert film.evaluate("() => cxr.state.films.indexOf(cxr.rowInView())") == 0


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["laptop", "phone"])
def test_the_toolbar_covers_no_part_of_a_fitted_film_however_turned(
    page: Page, films: list[Path], size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_films(page, films[:1])
    in_view(page)
    for _ in range(2):
        still(page)
        bar, picture = (page.locator(one).bounding_box() for one in ("#toolbar", ".pane.first .film"))
        stage = page.locator("#stage").bounding_box()
        assert bar is not None
        assert picture is not None
        assert stage is not None
        beside = bar["x"] + bar["width"] <= picture["x"]
        assert beside or bar["y"] >= picture["y"] + picture["height"]
        assert bar["x"] + bar["width"] <= stage["x"] + stage["width"]
        page.keyboard.press("r")


def test_a_flipped_or_rotated_film_is_drawn_so_and_says_so_until_it_is_put_right(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:2])
    in_view(page)
    note = page.locator(".first .film-note")
    assert note.is_hidden()
    upright = seen(page)
    page.keyboard.press("x")
    frames(page)
    # a column may fall between two screen pixels: compared where the film is smooth, on the whole
    assert np.abs(seen(page) - upright[:, ::-1]).mean() < 4 < np.abs(upright - upright[:, ::-1]).mean()
    assert note.inner_text() == "Flipped left to right: sides in the text are those on the screen"
    page.keyboard.press("r")
    still(page)
    assert note.inner_text().endswith("sides in the text are those on the screen · Rotated 90°")
    page.keyboard.press("ArrowDown")
    in_view(page)
    frames(page)
    assert note.is_hidden(), "the next film stands as it was taken"
    page.keyboard.press("ArrowUp")
    in_view(page)
    frames(page)
    assert note.is_visible(), "a film that was turned stays so"
    for key in "rrrx":
        page.keyboard.press(key)
    assert np.abs(seen(page) - upright).max() <= 2
    assert note.is_hidden()


def windowed(grey: np.ndarray, width: float, level: float) -> np.ndarray:
    """A linear window on grey levels 0-255."""
    return np.clip(np.rint(255 * (grey - level + width / 2) / width), 0, 255)


def apart(shown: np.ndarray, grey: np.ndarray, width: float, level: float) -> bool:
    """Whether what is shown differs from the window of grey levels by more than two of 255.

    A few pixels at the rims of letters do: where levels are cut off, it matters whether the browser scales
    the film before its window or after it.
    """
    return bool((np.abs(shown - windowed(grey, width, level)) > 2).mean() > 0.001)


def test_presets_and_dragging_are_a_linear_window_on_the_films_grey_levels(film: Page) -> None:
    plain = seen(film)
    for key in "2341":
        film.keyboard.press(key)
        frames(film)
        width, level = film.evaluate("() => Object.values(cxr.state.view.window)")
        assert not apart(seen(film), plain, width, level)
    assert (width, level) == (255, 127.5)
    drag(film, -50, 25, button="right")
    assert film.inner_text(".window-figures").splitlines() == ["window 195 / level 158", "Reset"]
    assert not apart(seen(film), plain, 195, 157.5)
    film.keyboard.press("i")
    frames(film)
    assert not apart(255 - seen(film), plain, 195, 157.5)
    film.keyboard.press("i")
    film.keyboard.press("w")
    frames(film)
    before = scale(film)
    drag(film, 50, -25)
    assert film.input_value("#window-width") == "255"
    assert film.locator('.preset[aria-pressed="true"]').inner_text().startswith("Default")
    film.locator("#window-width").fill("100")
    frames(film)
    assert not apart(seen(film), plain, 100, 127.5)
    film.click(".window-figures")
    frames(film)
    assert np.abs(seen(film) - plain).max() <= 1
    assert film.locator(".window-figures").is_hidden(), "the default window needs no words"
    film.keyboard.press("Escape")
    film.focus("[data-action=window]")
    for key, focused in (("Enter", "Default"), ("Tab", "Lung contrast"), ("Escape", "Window")):
        film.keyboard.press(key)
        frames(film)
        assert film.evaluate("() => document.activeElement.innerText").startswith(focused)
    assert scale(film) == before


def test_the_magnifier_shows_what_lies_under_the_pointer_larger_and_with_its_heat(film: Page) -> None:
    choose_label(film, localised_label(film))
    x, y = (at + away for at, away in zip(middle(film), (30, -40), strict=True))
    film.mouse.move(x, y)
    tap(film, "m")
    film.wait_for_selector(".lens .film")
    assert scale(film, "lens") == as_printed(2.5)
    np.testing.assert_allclose(pointed(film, x, y, "lens"), pointed(film, x, y), atol=2)
    film.mouse.move(x + 50, y + 20)
    np.testing.assert_allclose(pointed(film, x + 50, y + 20, "lens"), pointed(film, x + 50, y + 20), atol=2)
    plain = seen(film, ".pane.lens")
    film.keyboard.press("i")
    frames(film)
    inner = np.s_[60:176, 60:176]
    assert np.abs(seen(film, ".pane.lens")[inner] - (255 - plain[inner])).max() <= 3
    assert film.locator(".lens .heat").is_hidden()
    film.keyboard.press("h")
    film.wait_for_selector(".first > .pane-view > .frame > .heat")
    # the magnifier is for the film itself
    assert film.locator(".lens .heat").is_hidden()
    tap(film, "m")
    film.wait_for_selector(".pane.lens", state="hidden")


def test_a_magnifier_that_is_held_goes_with_the_key(film: Page) -> None:
    film.keyboard.down("m")
    film.wait_for_selector(".pane.lens")
    began = film.evaluate("() => performance.now()")
    film.wait_for_function("began => performance.now() - began > 400", arg=began)
    film.keyboard.down("m")  # as a held key repeats
    assert film.locator(".pane.lens").is_visible()
    film.keyboard.up("m")
    film.wait_for_selector(".pane.lens", state="hidden")


def test_a_tap_on_the_magnifiers_key_is_no_hold_where_the_page_hears_of_it_late(film: Page) -> None:
    film.mouse.move(*middle(film))
    film.evaluate(
        """() => {
            const down = new KeyboardEvent('keydown', { key: 'm', bubbles: true });
            const up = new KeyboardEvent('keyup', { key: 'm', bubbles: true });
            document.body.dispatchEvent(down);
            const began = performance.now();
            while (performance.now() - began < 400); // as a page that is busy painting
            document.body.dispatchEvent(up);
        }"""
    )
    film.wait_for_selector(".pane.lens")
    frames(film)
    assert film.locator(".pane.lens").is_visible()


def test_contours_are_crisp_lines_in_the_maps_own_colours_and_leave_the_film_between_them(
    film: Page,
) -> None:
    plain = seen(film)
    choose_label(film, localised_label(film))
    film.keyboard.press("c")
    film.wait_for_selector(".first .line-2", state="attached")
    lined = seen(film)
    assert film.locator("#heat-canvas").is_hidden()
    assert film.locator(".legend-lines").is_visible()
    changed = np.abs(lined - plain).max(axis=2) > 6
    assert 0.0005 < changed.mean() < 0.2
    colour = film.evaluate("() => getComputedStyle(document.querySelector('.line-2')).stroke")
    wanted = np.array([int(part) for part in re.findall(r"\d+", colour)])
    assert (np.abs(lined - wanted).max(axis=2) <= 3).sum() > 20
    thick = changed.sum()
    wheel(film, *middle(film), -600)
    assert film.evaluate("() => document.querySelector('.line-2').getAttribute('vector-effect')")
    assert thick > 0
    film.keyboard.press("c")
    film.wait_for_selector("#heat-canvas")
    assert film.locator(".first .lines").is_hidden()


def test_only_above_hides_the_heat_of_a_finding_below_its_own_cut_and_says_why(film: Page) -> None:
    label = localised_label(film)
    choose_label(film, label)
    show_heat(film)
    film.evaluate("label => cxr.setThresholds({ [label]: 0.9999 })", label)
    frames(film)
    assert film.locator("#heat-canvas").is_visible()
    film.keyboard.press("a")
    film.wait_for_selector("#heat-canvas", state="hidden")
    assert "is below its own threshold of" in film.inner_text("#heat-note")
    assert film.locator("#legend").is_hidden()
    film.evaluate("label => cxr.setThresholds({ [label]: 0.0001 })", label)
    film.wait_for_selector("#heat-canvas")
    assert "own threshold" not in film.inner_text("#heat-note")


def test_nothing_that_only_changes_the_picture_asks_the_server(watched: Watched, films: list[Path]) -> None:
    page = watched.page
    open_films(page, films[:2])
    in_view(page)
    choose_label(page, localised_label(page))
    show_heat(page)
    beside(page, "row-2")
    page.wait_for_function(
        "() => cxr.stage.sheets().every(s => s.shown && (s.job || s.failed || s.canvas.hidden))"
    )
    watched.quiet()
    asked = len(watched.requests)
    for pane in ("first", "second"):
        wheel(page, *middle(page, pane), -500)
        drag(page, 30, 20, pane=pane)
        drag(page, 30, 20, pane=pane, button="right")
    for key in "rxi234ccaa+-0f1mm":
        page.keyboard.press(key)
        frames(page, 1)
    page.click(".legend-head button")
    page.locator("#opacity").fill("35")
    page.click(".swatch >> nth=1")
    page.click("text=Linked")
    wheel(page, *middle(page, "second"), -500)
    page.keyboard.press("Escape")
    still(page)
    assert [request.url for request in watched.requests[asked:]] == []
