"""Every download arrives and opens; the menu works by keyboard; what cannot be had says why."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page
from pypdf import PdfReader
from steps import again, choose_label, frames, in_view, localised_label, open_films, settled
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser

_IN_MENU = {"heat", "side", "map", "csv", "json", "zip"}


def take(page: Page, kind: str, folder: Path) -> Path:
    """Download one kind of file and wait until the page has said so."""
    if kind in _IN_MENU:
        page.click("#download-more")
    with page.expect_download() as caught:
        page.click(f"#download-{kind}")
    target = folder / caught.value.suggested_filename
    caught.value.save_as(target)
    page.wait_for_function(
        "name => document.getElementById('download-note').textContent.includes(name)", arg=target.name
    )
    return target


def report_text(path: Path) -> str:
    (sheet,) = PdfReader(path).pages
    return " ".join(sheet.extract_text().replace("\u00a0", " ").split())


def test_pictures_and_the_raw_map_open_at_the_films_own_size_with_their_provenance(
    page: Page, films: list[Path], tmp_path: Path
) -> None:
    open_films(page, films[:1])
    in_view(page)
    label = localised_label(page)
    choose_label(page, label)
    page.locator("#cut-range").fill("400")
    frames(page)
    cut = page.evaluate("label => cxr.threshold(label)", label)
    film = imaging.decode(films[0].read_bytes())
    sizes = {
        "overlay": (None, film.width, 3),
        "heat": (film.height, film.width, 4),
        "side": (None, max(2 * film.width + 8, 640), 3),
    }
    for kind, size in sizes.items():
        path = take(page, kind, tmp_path)
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert picture.shape[1:] == size[1:]
        assert picture.shape[0] == size[0] or (size[0] is None and picture.shape[0] > film.height)
        written = imaging.read_png_text(path.read_bytes())
        assert (written["Label"], written["Input SHA-256"]) == (label, film.sha256)
        assert written["Threshold"] == f"{cut:.4f}"
        assert "Not a diagnosis" in written["Disclaimer"]
        assert path.name.startswith(f"cxr-{film.sha256[:8]}-{label}-")
    values = np.load(take(page, "map", tmp_path), allow_pickle=False)
    assert (values.dtype, values.shape) == (np.float32, (film.height, film.width))
    assert values.max() > 0


def test_the_report_says_what_the_page_says(page: Page, films: list[Path], tmp_path: Path) -> None:
    open_films(page, films[:1])
    in_view(page)
    page.locator("#cut-range").fill("700")
    frames(page)
    shown = page.evaluate("() => cxr.rank(cxr.answerOf(cxr.rowInView())).map(one => [one.name, one.above])")
    text = report_text(take(page, "report", tmp_path))
    if page.evaluate("() => cxr.answerOf(cxr.rowInView()).quality.verdict") == "reject":
        pytest.skip("the drawn films that stand in for real ones are refused, and reported without figures")
    table = text[text.index("Measured on") :]
    for name, above in shown:
        called = re.search(r"\b(above|below)\b", table[table.index(f"{name} ") :])
        assert called is not None
        assert called[0] == ("above" if above else "below")
    assert "set by the reader" in table
    assert page.inner_text("#cut-value").removeprefix("threshold ").replace("\u00a0", " ") in table


def test_list_and_zip_hold_every_film(watched: Watched, films: list[Path], tmp_path: Path) -> None:
    watched.expected = ("status of 4",)
    page = watched.page
    damaged = tmp_path / "Doe Jane.png"
    damaged.write_bytes(films[0].read_bytes()[:5000] if films[0].suffix == ".png" else b"\x89PNG\r\n\x1a\n")
    open_films(page, films[:2])
    page.set_input_files("#film-input", str(damaged))
    settled(page, 3)
    table = take(page, "csv", tmp_path).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["path"] for row in rows] == ["film 01", "film 02", "film 03"]
    assert rows[2]["status"] == "error"
    assert rows[2]["reason"]
    assert rows[2]["reason_codes"] == "damaged"
    document = json.loads(take(page, "json", tmp_path).read_text(encoding="utf-8"))
    assert [film["status"] for film in document["films"]] == [row["status"] for row in rows]
    with zipfile.ZipFile(take(page, "zip", tmp_path)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        everything = b"".join(opened.read(name) for name in names if not name.endswith(".npy"))
        assert "film 03" in opened.read("errors.txt").decode()
    for number in ("01", "02"):
        kinds = [name.rsplit("/", 1)[1] for name in names if name.startswith(f"film-{number}-")]
        assert {"report.pdf", "analysis.json"} <= set(kinds)
        assert any(name.endswith("grid.npy") for name in kinds) or rows[int(number) - 1]["status"] != "ok"
    # three letters would turn up in a megabyte of compressed pixels by chance
    assert b"Doe Jane" not in everything
    assert not [name for name in names if "Doe" in name]


def test_a_page_in_spanish_gives_a_report_in_spanish(
    watched: Watched, films: list[Path], tmp_path: Path
) -> None:
    page = watched.page
    page.context.add_cookies([{"name": "cxr-language", "value": "es", "url": watched.origin}])
    again(page)
    page.set_input_files("#film-input", str(films[0]))
    settled(page, 1)
    text = report_text(take(page, "report", tmp_path))
    assert "Hallazgos en una" in text
    assert "placa 01" in text


def test_the_menu_opens_by_key_is_walked_with_arrows_and_gives_the_focus_back(
    page: Page, films: list[Path]
) -> None:
    focused = "() => document.activeElement.id"
    page.keyboard.press("d")
    frames(page)
    assert page.evaluate(focused) == "download-heat"
    whys = page.locator("#download-menu .download-why").all_text_contents()
    assert whys == ["No film yet."] * 7
    page.keyboard.press("Escape")
    frames(page)
    assert page.locator("#download-menu").is_hidden()
    assert page.evaluate(focused) == "download-more"
    open_films(page, films[:2])
    selected = page.evaluate("() => cxr.state.selected")
    page.locator("#download-more").press("ArrowUp")
    frames(page)
    assert page.evaluate(focused) == "download-zip-full"
    for key, wanted in (("ArrowDown", "heat"), ("ArrowDown", "side"), ("End", "zip-full"), ("Home", "heat")):
        page.keyboard.press(key)
        frames(page)
        assert page.evaluate(focused) == f"download-{wanted}"
    assert page.evaluate("() => cxr.state.selected") == selected
    assert page.get_attribute("#download-more", "aria-expanded") == "true"
    page.mouse.click(600, 400)
    frames(page)
    assert page.locator("#download-menu").is_hidden()
    assert page.get_attribute("#download-more", "aria-expanded") == "false"


def test_a_refused_film_gives_its_reasons_at_once_and_pictures_only_when_they_are_asked_for(
    page: Page, tmp_path: Path
) -> None:
    board = np.kron(np.indices((16, 16)).sum(axis=0) % 2, np.ones((32, 32))).astype(np.uint8) * 255
    film = tmp_path / "board.png"
    film.write_bytes(imaging.encode_png(board, {}))
    page.set_input_files("#film-input", str(film))
    settled(page, 1)
    frames(page)
    page.locator("#download-overlay").click(force=True)  # it is disabled, and still says why
    frames(page)
    assert "cannot be judged" in page.inner_text("#download-note")
    text = report_text(take(page, "report", tmp_path))
    assert "Cannot judge this film." in text
    assert "Sensitivity" not in text
    page.click("button:text('Show the figures anyway')")
    frames(page)
    choose_label(page, localised_label(page))
    path = take(page, "overlay", tmp_path)
    assert path.name.endswith("-overlay-refused.png")
    assert "refused by the input gate" in imaging.read_png_text(path.read_bytes())["Warning"]


def test_a_long_download_can_be_stopped_and_a_lost_one_says_so(watched: Watched, films: list[Path]) -> None:
    watched.expected = ("ERR_FAILED", "did not respond")
    page = watched.page
    open_films(page, films[:1])
    page.route("**/exports.zip*", lambda _route: None)
    page.click("#download-more")
    page.click("#download-zip")
    page.click("#download-cancel")
    page.wait_for_function("() => document.getElementById('download-note').textContent.startsWith('Stopped')")
    assert page.locator("#download-cancel").is_hidden()
    page.unroute("**/exports.zip*")
    page.route("**/exports.csv*", lambda route: route.abort())
    page.click("#download-more")
    page.click("#download-csv")
    page.wait_for_function(
        "() => document.getElementById('download-note').textContent.startsWith('Not saved')"
    )
    assert page.locator(".row").count() == 1


def test_the_page_counts_the_films_of_a_zip_however_its_pieces_are_cut(page: Page) -> None:
    stream = io.BytesIO()
    rng = np.random.default_rng(3)
    with zipfile.ZipFile(stream, "w") as made:
        for number in (2, 7, 11):
            for kind in ("a.png", "analysis.json"):
                made.writestr(f"film-{number:02d}-0123abcd/{kind}", b"PKPK\x03\x04" + rng.bytes(400))
    for size in (1, 31, 97, 100_000):
        found = page.evaluate(
            """([bytes, size]) => {
                const found = [];
                const seen = cxr.exportBody.filmsIn(number => found.push(number));
                const all = Uint8Array.from(bytes);
                for (let at = 0; at < all.length; at += size) seen(all.slice(at, at + size));
                return found;
            }""",
            [list(stream.getvalue()), size],
        )
        assert found[:3] == [2, 7, 11], size


def test_a_film_that_waits_for_its_reader_is_named_in_the_list_without_its_answer(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    page.evaluate("() => cxr.hideWhile(() => true)")
    (film,) = page.evaluate("() => cxr.exportBody.of(cxr.state.films).films")
    assert "film" not in film
    assert "held back" in film["problem"]
    page.evaluate("() => cxr.changed()")
    frames(page)
    page.keyboard.press("d")
    frames(page)
    assert page.locator("#downloads").is_hidden()
