"""A film of more than 8 bits is windowed in the browser on its own levels; one of 8 bits is as it was."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from dicom_files import film_dataset, write
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from steps import again, frames, in_view, open_films, tap
from viewing import drag, middle, pointed, seen, still, wheel
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser

HEIGHT, WIDTH = 1024, 1250
RAMP = slice(300, 700), slice(225, 1025)  # rows, columns: 800 columns from 2,000 to 2,200


def twelve_bits() -> NDArray[np.uint16]:
    """The phantom with 4,096 levels, and in its middle a ramp over 200 of them."""
    drawn = imaging.chest_phantom(HEIGHT, WIDTH).astype(np.uint16)
    levels = np.asarray(drawn * 16 + 8, np.uint16)
    levels[RAMP] = np.rint(np.linspace(2000, 2200, 800)).astype(np.uint16)
    return levels


def as_png(path: Path, levels: NDArray[np.uint16]) -> Path:
    path.write_bytes(cv2.imencode(".png", levels)[1].tobytes())
    return path


def as_dicom(path: Path, levels: NDArray[np.uint16], **elements: object) -> Path:
    path.write_bytes(write(film_dataset(levels, 12, **elements), levels))
    return path


def levels_there(page: Page) -> None:
    """Wait until the film's own levels are drawn."""
    page.wait_for_selector(".pane.first .levels:not([hidden])")
    still(page)


def set_window(page: Page, width: float, level: float) -> None:
    """By the sliders of the menu, in the film's own unit."""
    if page.locator("#window-popover").is_hidden():
        page.keyboard.press("w")
        frames(page)
    page.locator("#window-width").fill(str(width))
    page.locator("#window-level").fill(str(level))
    frames(page)


def ramp_on_screen(page: Page) -> NDArray[np.int64]:
    """The middle of the ramp as it is on the screen, one row of greys."""
    shown = seen(page)[..., 0]
    height, width = shown.shape
    row = round(height * 500 / HEIGHT)
    return shown[row, round(width * 235 / WIDTH) : round(width * 1015 / WIDTH)]


def test_a_narrow_window_shows_the_films_own_levels_and_asks_for_nothing(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    levels = twelve_bits()
    open_films(page, [as_png(tmp_path / "film.png", levels)])
    in_view(page)
    levels_there(page)
    watched.quiet()
    asked = len(watched.requests)
    assert sum(request.url.endswith("levels.bin") for request in watched.requests) == 1
    first = seen(page)[..., 0]

    # before anything is set it is the picture of 8 bits
    page.evaluate("() => document.querySelector('.first .levels').dispatchEvent(new Event('contextlost'))")
    expect(page.locator(".first .levels")).to_be_hidden()
    assert np.abs(seen(page)[..., 0] - first).mean() < 1.5

    # without its canvas, by the picture of 8 bits; with it, by its own levels
    set_window(page, 200, 2100)
    expect(page.locator(".window-figures")).to_contain_text("window 200 / level 2100")
    few = np.unique(ramp_on_screen(page)).size
    page.evaluate(
        "() => document.querySelector('.first .levels').dispatchEvent(new Event('contextrestored'))"
    )
    levels_there(page)
    ramp = ramp_on_screen(page)
    assert np.unique(ramp).size >= 150 > 5 * few
    assert (np.diff(ramp) >= 0).all()
    tap(page, "i")
    frames(page)
    assert np.abs(ramp_on_screen(page) - (255 - ramp)).max() <= 1
    tap(page, "i")

    # zoomed in, moved and turned, one pixel of the film is still what its level says
    page.keyboard.press("Escape")
    wheel(page, *middle(page), -900)
    drag(page, 40, 10)
    still(page)
    x, y = (round(at) + 0.5 for at in middle(page))
    column, row = (int(at) for at in pointed(page, x, y))
    page.mouse.move(x, y)
    page.keyboard.press("q")
    frames(page)
    expect(page.locator(".mark-level")).to_have_text(f"Level {levels[row, column]} at {column}, {row}")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    frames(page)
    expect(page.locator(".lens .levels")).to_be_visible()
    page.keyboard.press("m")
    drag(page, 50, 0, button="right")
    assert len(watched.requests) == asked, "window, zoom, drag, inversion and magnifier ask for nothing"


def test_the_windows_of_a_dicom_file_are_in_the_menu_and_levels_in_its_unit(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    levels = twelve_bits()
    elements = {
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
        "WindowCenter": [1024, 1076],
        "WindowWidth": [4096, 201],
        "WindowCenterWidthExplanation": ["WHOLE", "NARROW"],
    }
    turned = np.asarray(4095 - levels, np.uint16)
    white_air = elements | {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": [1024, 971]}
    paths = [
        as_dicom(tmp_path / "one.dcm", levels, **elements),
        as_dicom(tmp_path / "two.dcm", turned, **white_air),
    ]
    open_films(page, paths)
    in_view(page)
    for index, centre in enumerate((1076, 971)):
        page.keyboard.press("ArrowDown" if index else "Home")
        in_view(page)
        levels_there(page)
        set_window(page, 300, 1000)
        button = page.locator("#window-popover .preset", has_text="NARROW")
        expect(button).to_contain_text(f"201 / {centre}")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".window-figures")).to_contain_text(f"window 201 / level {centre}")
        ramp = ramp_on_screen(page)
        assert np.unique(ramp).size >= 150
        assert (np.diff(ramp) >= 0).all(), "what is denser is brighter, however the file counts"
        page.keyboard.press("Escape")
    x, y = (round(at) + 0.5 for at in middle(page))
    column, row = (int(at) for at in pointed(page, x, y))
    page.mouse.move(x, y)
    page.keyboard.press("q")
    frames(page)
    value = int(turned[row, column]) - 1024
    expect(page.locator(".mark-level")).to_have_text(f"Level {value} HU at {column}, {row}")
    # the levels of a film that is not in view are let go
    asked = [request for request in watched.requests if request.url.endswith("levels.bin")]
    assert len(asked) == 2
    again(page)
    levels_there(page)


def test_a_film_of_8_bits_asks_for_no_levels(watched: Watched, drawn: list[Path]) -> None:
    open_films(watched.page, drawn[:2])
    in_view(watched.page)
    watched.quiet()
    assert not any(request.url.endswith("levels.bin") for request in watched.requests)
    assert watched.page.locator(".levels:not([hidden])").count() == 0
