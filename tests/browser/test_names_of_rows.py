"""A row has its file's name and what its reader wrote on it: for tab and report, and for nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from steps import again, frames, in_view, open_films, settled
from watched import Watched

from cxr_dash.services.exports import MOST_OF_LABEL, clean_label

pytestmark = pytest.mark.browser

LABEL = "Bed 4 & Ñandú <i>"
SAID = {
    "watched": ("film {}", "Label, by the reader: "),
    "spanish": ("placa {}", "Rótulo, puesto por quien lee: "),
}


@pytest.fixture
def named(tmp_path: Path, drawn: list[Path]) -> list[Path]:
    """Films whose names stand in no answer of the server."""
    paths = [tmp_path / "Zoe-Doe-1970.png", tmp_path / "study" / "Amy-Roe.png"]
    paths[1].parent.mkdir()
    for path, film in zip(paths, drawn, strict=False):
        path.write_bytes(film.read_bytes())
    return paths


def _titles(page: Page) -> list[str]:
    frames(page)
    return page.locator(".row-title").all_text_contents()


def _tab(page: Page) -> str:
    """What the tab keeps over a reload."""
    page.evaluate("() => cxr.session.save()")
    return str(page.evaluate("() => sessionStorage.getItem('cxr-session') || ''"))


def _write(page: Page, text: str) -> None:
    page.keyboard.press("F2")
    page.locator(".row-label-field").fill(text)
    page.keyboard.press("Enter")
    frames(page)


def _report(page: Page, folder: Path) -> tuple[str, str]:
    """The report's file name, and its text."""
    with page.expect_download() as caught:
        page.click("#download-report")
    caught.value.save_as(folder / "report.pdf")
    text = PdfReader(folder / "report.pdf").pages[0].extract_text().replace("\u00a0", " ")
    return caught.value.suggested_filename, " ".join(text.split())


def _sent(seen: Watched) -> list[tuple[str, str]]:
    """Address and body of every request, as text."""
    return [
        (unquote_plus(one.url), (one.post_data_buffer or b"").decode("utf-8", "replace"))
        for one in seen.requests
    ]


@pytest.mark.parametrize("reader", list(SAID))
def test_name_and_label_stand_in_the_row_outlive_a_reload_and_end_with_the_films_time(
    reader: str, named: list[Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seen: Watched = request.getfixturevalue(reader)
    page, (film, by_reader) = seen.page, SAID[reader]
    first, second = film.format("01"), film.format("02")
    open_films(page, named)
    in_view(page)
    assert page.locator(".row-name").all_text_contents() == ["Zoe-Doe-1970.png", "Amy-Roe.png"]

    # typed by keyboard alone, and taken back by Escape, which closes nothing else
    page.keyboard.press("F2")
    field = page.locator(".row-label-field")
    expect(field).to_be_focused()
    page.keyboard.type("no")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(page.locator(".row.selected .row-main")).to_be_focused()
    assert _titles(page) == [first, second]
    page.keyboard.press("F2")
    page.keyboard.type(LABEL + "x" * MOST_OF_LABEL)
    assert len(field.input_value()) == MOST_OF_LABEL
    page.keyboard.press("Escape")
    _write(page, f"  {LABEL} ")
    assert _titles(page) == [f"{first} · {LABEL}", second]

    # orders and filters
    page.select_option(".list-order", "name")
    assert _titles(page) == [second, f"{first} · {LABEL}"]
    page.select_option(".list-order", "label")
    assert _titles(page)[0] == f"{first} · {LABEL}"
    for words, found in (("nandu bed", 1), ("roe", 1), ("png", 2), ("bed roe", 0)):
        page.locator(".list-filter").fill(words)
        assert len(_titles(page)) == found, words
    page.locator(".list-filter").fill("")
    page.locator(".list-filter").blur()

    # on the report and in its file's name; nothing else that is taken away is told
    name, text = _report(page, tmp_path)
    assert by_reader + LABEL in text
    assert name.endswith("-bed-4-nandu-i.pdf")
    for kind in ("overlay", "csv"):
        if kind == "csv":
            page.click("#download-more")
        button = page.locator(f"#download-{kind}")
        if button.get_attribute("aria-disabled") == "true":  # of a drawn film without evidence
            page.keyboard.press("Escape")
            continue
        with page.expect_download() as caught:
            button.click()
        assert caught.value.suggested_filename.count("bed-4") == (kind == "overlay")
    told = [url for url, body in _sent(seen) if "Bed 4" in url + body]
    assert [url.rpartition("/")[2].partition("?")[0] for url in told] == ["exports.pdf"]
    assert not [url for url, body in _sent(seen) if "Zoe-Doe" in url + body or "Amy-Roe" in url + body]

    # a reload, then the end of the films' time
    again(page)
    settled(page, 2)
    assert sorted(_titles(page)) == [f"{first} · {LABEL}", second]
    assert sorted(page.locator(".row-name").all_text_contents()) == ["Amy-Roe.png", "Zoe-Doe-1970.png"]
    kept = _tab(page)
    assert "Zoe-Doe" in kept
    assert "Bed 4" in kept
    page.evaluate(
        """() => {
            const over = 1000 * cxr.state.settings.case_lifetime_seconds;
            for (const item of cxr.state.films) {
                item.keptAt -= over;
                item.addedAt -= over;
            }
        }"""
    )
    kept = _tab(page)
    assert not [word for word in ("Zoe", "Amy", "Bed 4") if word in kept]
    again(page)
    settled(page, 2)
    assert _titles(page) == [first, second]
    assert set(page.locator(".row-name").all_text_contents()) == {""}


def test_the_label_of_a_row_goes_with_the_row_and_with_the_list(page: Page, named: list[Path]) -> None:
    open_films(page, named)
    page.hover(".row >> nth=1")
    page.click(".row >> nth=1 >> .row-label")
    page.locator(".row-label-field").fill("room 7")
    page.locator(".list-filter").focus()
    expect(page.locator(".row-title >> nth=1")).to_contain_text("room 7")
    assert "room 7" in _tab(page)
    page.hover(".row >> nth=1")
    page.click(".row >> nth=1 >> .row-remove")
    settled(page, 1)
    assert not [word for word in ("room 7", "Amy") if word in _tab(page)]
    page.click("button:text('Clear now')")
    frames(page)
    assert _tab(page) == ""


@pytest.mark.parametrize(
    "text",
    [
        " two\twords\r\n",
        "a\u200bb\u202ec\ufeffd\x1ce\x85f\u2028g",
        "e\u0301\u00a0 \u3000n\u0303",
        "\U0001f600" * 50,
        "x" * 39 + " y",
        "\u05d0<b>&quot;",
        "",
    ],
)
def test_page_and_server_make_the_same_of_a_label(still: Page, text: str) -> None:
    assert still.evaluate("text => cxr.rowLabels.clean(text)", text) == clean_label(text)


def test_the_names_of_one_user_are_not_for_the_next(page: Page, named: list[Path]) -> None:
    open_films(page, named)
    assert "Zoe" in _tab(page)
    kept: dict[str, Any] = json.loads(_tab(page))
    page.evaluate("text => sessionStorage.setItem('other', text)", json.dumps({**kept, "reader": "another"}))
    page.add_init_script(
        """if (sessionStorage.getItem("other")) {
            sessionStorage.setItem("cxr-session", sessionStorage.getItem("other"));
            sessionStorage.removeItem("other");
        }"""
    )
    again(page)
    frames(page)
    assert page.locator(".row").count() == 0
    assert _tab(page) == ""
