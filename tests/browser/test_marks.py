"""A ruler in millimetres where the file gives them, else in per cent of the width; marks stay with films."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from dicom_files import film_dataset, write
from playwright.sync_api import Page, expect
from steps import again, choose_label, frames, in_view, localised_label, open_films
from viewing import middle, pointed

from cxr_dash import imaging

pytestmark = pytest.mark.browser


def _draw(page: Page, dx: float, dy: float = 0.0) -> float:
    """Drag from the film's middle; the distance in the film's pixels."""
    x, y = middle(page)
    one, other = pointed(page, x, y), pointed(page, x + dx, y + dy)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    frames(page)
    return float(((other - one) ** 2).sum() ** 0.5)


def test_a_ruler_says_per_cent_of_the_width_and_stays_with_its_film_over_a_reload(
    page: Page, drawn: list[Path]
) -> None:
    open_films(page, drawn[:2])
    in_view(page)
    before = pointed(page, *middle(page))
    page.keyboard.press("q")
    length = _draw(page, 120)
    width = page.evaluate("cxr.rowInView().width")
    text = page.locator(".first .mark-text")
    expect(text).to_have_text(f"{100 * length / width:.0f}\u00a0% of the width")
    assert pointed(page, *middle(page)) == pytest.approx(before)  # the film was not moved
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(text).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(text).to_have_count(1)
    page.wait_for_function(
        "() => (sessionStorage.getItem('cxr-session') || '').includes('\"kind\":\"ruler\"')"
    )
    again(page)
    expect(text).to_have_count(1)
    page.keyboard.press("q")
    page.click("#marks-menu button:text('Remove all marks')")
    expect(text).to_have_count(0)


def test_a_dicom_file_s_spacing_gives_millimetres(page: Page, tmp_path: Path) -> None:
    pixels = imaging.chest_phantom(700, 600, 1)
    path = tmp_path / "film.dcm"
    path.write_bytes(write(film_dataset(pixels, 8, ImagerPixelSpacing=[0.5, 0.25]), pixels))
    open_films(page, [path])
    in_view(page)
    spacing = page.evaluate("cxr.heard(cxr.rowInView()).file.pixel_spacing_mm")
    assert spacing == [0.5, 0.25]
    page.keyboard.press("q")
    across = _draw(page, 100)
    expect(page.locator(".first .mark-text")).to_have_text(f"{across * 0.25:.1f} mm")
    down = _draw(page, 0, 100)
    expect(page.locator(".first .mark-text").last).to_have_text(f"{down * 0.5:.1f} mm")


def test_the_grey_level_under_the_pointer_is_the_pictures_own_whatever_the_window(
    page: Page, drawn: list[Path]
) -> None:
    open_films(page, drawn[:1])
    in_view(page)
    page.keyboard.press("i")
    page.keyboard.press("q")
    x, y = middle(page)
    page.mouse.move(x, y)
    frames(page)
    said = page.inner_text(".mark-level")
    column, row = (int(one) for one in said.split(" at ")[1].split(", "))
    assert (column, row) == pytest.approx(tuple(pointed(page, x, y)), abs=1.5)
    level = page.evaluate(
        """([x, y]) => {
            const picture = document.querySelector('.pane.first .film');
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
            const context = canvas.getContext('2d');
            context.drawImage(picture, 0, 0);
            const at = [Math.floor((x + 0.5) * picture.naturalWidth / cxr.rowInView().width), y];
            at[1] = Math.floor((y + 0.5) * picture.naturalHeight / cxr.rowInView().height);
            return context.getImageData(at[0], at[1], 1, 1).data[0];
        }""",
        [column, row],
    )
    assert said.startswith(f"Grey level {level} of 255")


def test_letters_and_arrows_are_set_and_the_last_is_taken_away(page: Page, drawn: list[Path]) -> None:
    open_films(page, drawn[:1])
    in_view(page)
    page.keyboard.press("q")
    page.click('[data-mark="L"]')
    _draw(page, 0)
    expect(page.locator(".first .mark-letter")).to_have_text("L")
    page.click('[data-mark="arrow"]')
    _draw(page, 80, 40)
    expect(page.locator(".first .mark-line")).to_have_count(1)
    page.click("#marks-menu button:text('Remove the last mark')")
    expect(page.locator(".first .mark-line")).to_have_count(0)
    expect(page.locator(".first .mark-letter")).to_have_count(1)


def test_a_mark_is_drawn_into_the_picture_and_the_report_that_are_taken_away(
    page: Page, drawn: list[Path], tmp_path: Path
) -> None:
    open_films(page, drawn[:1])
    in_view(page)

    def taken(kind: str) -> Path:
        with page.expect_download() as caught:
            page.click(f"#download-{kind}")
        caught.value.save_as(tmp_path / f"{kind}.file")
        return tmp_path / f"{kind}.file"

    choose_label(page, localised_label(page))
    before = cv2.imread(str(taken("overlay")))
    page.keyboard.press("q")
    _draw(page, 120)
    page.keyboard.press("q")
    frames(page)
    after = cv2.imread(str(taken("overlay")))
    assert before.shape == after.shape
    assert 100 < int((before != after).any(axis=2).sum()) < before.size // 60
    assert taken("report").read_bytes().startswith(b"%PDF")
