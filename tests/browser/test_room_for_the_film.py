"""The film gets the room: a strip for the list, a column of tools, a drawer for thresholds, a strip below."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import Opener, again, frames, in_view, open_films, show_heat
from viewing import still

from cxr_dash import imaging

pytestmark = pytest.mark.browser

_SIZES = pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (2560, 1440)], ids=lambda size: str(size[0])
)
_LANGUAGES = pytest.mark.parametrize("locale", ["en-GB", "es-ES"])
_FILM_OF_THE_SCREEN = 0.45  # of its area, for a film as wide as it is high
Box = tuple[float, float, float, float]  # left, top, right, bottom


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("square") / "square.png"
    path.write_bytes(imaging.encode_png(imaging.chest_phantom(700, 700, 4), {}))
    return path


def _box(page: Page, selector: str) -> Box:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, f"{selector} is not on the screen"
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def _overlap(one: Box, other: Box) -> bool:
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > 0.5
        and min(one[3], other[3]) - max(one[1], other[1]) > 0.5
    )


@_LANGUAGES
@_SIZES
def test_a_square_film_has_45_per_cent_of_the_screen_and_nothing_lies_over_it(
    opener: Opener, square: Path, size: tuple[int, int], locale: str
) -> None:
    page = opener(*size, locale)
    open_films(page, [square])
    in_view(page)
    still(page)
    left, top, right, bottom = film = _box(page, ".pane.first .film")
    assert (right - left) * (bottom - top) >= _FILM_OF_THE_SCREEN * size[0] * size[1]
    show_heat(page)
    still(page)
    assert _box(page, ".pane.first .film") == film  # heat and its strip move nothing
    for other in ("#toolbar", ".film-foot", "#list", "#panel", ".top"):
        assert not _overlap(film, _box(page, other)), other
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_the_list_is_a_strip_until_it_is_opened_and_stays_as_it_was_left(
    opener: Opener, drawn: list[Path]
) -> None:
    page = opener(1280, 720)
    open_films(page, drawn[:2])
    left, _, right, _ = _box(page, "#list")
    assert right - left == 72
    expect(page.locator(".list-filter")).to_be_hidden()
    page.keyboard.press("v")
    expect(page.locator(".list-filter")).to_be_visible()
    expect(page.locator("#list-fold")).to_have_attribute("aria-expanded", "true")
    page.wait_for_function("() => (sessionStorage.getItem('cxr-session') || '').includes('\"fold\":true')")
    again(page)
    expect(page.locator(".list-filter")).to_be_visible()
    page.click("#list-fold")
    expect(page.locator(".list-filter")).to_be_hidden()


def test_t_opens_the_threshold_panel_and_closes_it(opener: Opener, square: Path) -> None:
    page = opener(1280, 720)
    open_films(page, [square])
    expect(page.locator("#cut-range")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator("#cut-range")).to_be_visible()
    page.locator("#cut-range").focus()
    page.keyboard.press("t")
    expect(page.locator("#cut-range")).to_be_hidden()
    expect(page.locator("#cut-open")).to_be_focused()


@_LANGUAGES
def test_on_a_phone_film_and_verdict_share_the_first_screen_and_the_list_waits_behind_its_button(
    opener: Opener, square: Path, locale: str
) -> None:
    page = opener(390, 844, locale, has_touch=True)
    open_films(page, [square])
    in_view(page)
    still(page)
    page.keyboard.press("z")
    frames(page)
    film, verdict = _box(page, ".pane.first .film"), _box(page, "#headline")
    assert film[1] >= 0
    assert film[2] - film[0] >= 360
    assert verdict[3] <= _box(page, ".bottom")[1]
    assert not _overlap(film, _box(page, "#toolbar"))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".row")).to_be_hidden()
    page.tap("#list-fold")
    expect(page.locator(".row")).to_be_visible()
    page.tap(".row-main")
    frames(page)


def test_every_tool_is_a_drawing_of_at_least_24_pixels_with_a_name(opener: Opener, square: Path) -> None:
    page = opener(1280, 720)
    open_films(page, [square])
    for tool in page.locator("#toolbar [data-action]").all():
        box = tool.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        assert (tool.text_content() or "").strip()
        assert tool.get_attribute("title")


def test_one_letter_keys_can_be_switched_off_and_the_arrows_stay(opener: Opener, drawn: list[Path]) -> None:
    page = opener(1280, 720)
    open_films(page, drawn[:2])
    page.click("#keys-button")
    page.uncheck("#letter-keys")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("i")
    frames(page)
    assert page.evaluate("cxr.state.view.invert") is False
    chosen = page.evaluate("cxr.state.selected")
    page.keyboard.press("ArrowDown")
    frames(page)
    assert page.evaluate("cxr.state.selected") != chosen
    page.click("#keys-button")
    page.check("#letter-keys")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("i")
    frames(page)
    assert page.evaluate("cxr.state.view.invert") is True


@pytest.mark.parametrize(("locale", "narrowest"), [("en-GB", 90), ("es-ES", 70)])
def test_a_bar_has_room_on_a_laptop_and_no_name_is_cut_off_not_even_in_bold(
    opener: Opener, locale: str, narrowest: int
) -> None:
    page = opener(1280, 720, locale)
    bars, cut_off = page.evaluate(
        """() => {
            const rows = [...document.querySelectorAll('.finding-row')];
            for (const row of rows) {
                row.hidden = false;
                row.querySelector('.finding').classList.add('above');
            }
            const names = rows.map(row => row.querySelector('.finding-name'));
            const bars = rows.map(row => row.querySelector('.track').clientWidth);
            return [bars, names.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)];
        }"""
    )
    assert len(bars) == 14
    assert len(set(bars)) == 1
    assert bars[0] >= narrowest
    assert cut_off == []
