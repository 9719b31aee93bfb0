"""Folders, ZIPs and files without a suffix are looked through, and what is no film steps aside."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page
from steps import frames, settled
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser

_REFUSED = ("status of 415", "status of 422")


@pytest.fixture(scope="module")
def drawn() -> list[bytes]:
    """Three films of different content."""
    return [imaging.encode_png(imaging.chest_phantom(420, 360, seed), {}) for seed in range(3)]


@pytest.fixture
def study(tmp_path: Path, drawn: list[bytes]) -> Path:
    """A folder as archives and systems leave them."""
    folder = tmp_path / "study"
    for path, data in {
        "DICOMDIR": b"an index",
        ".DS_Store": b"x",
        "Thumbs.db": b"x",
        "notes.txt": b"no film at all",
        "series10/IM0001": drawn[2],
        "series2/IM0001": drawn[0],
        "series2/IM0002.png": drawn[1],
        "series2/readme.md": b"# none",
        ".hidden/IM0001": drawn[0],
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def _drop(page: Page, paths: Sequence[Path]) -> None:
    """What the system does when files and folders are let go over the page."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 640, "y": 400, "data": data})
    session.detach()


def _choose(page: Page, path: Path) -> None:
    page.set_input_files("#film-input", str(path))


def _names(page: Page) -> list[str | None]:
    rows = page.locator(".row-main")
    titles = [rows.nth(index).get_attribute("title") for index in range(rows.count())]
    # place in the list and verdict stand before the name
    return [title and title.rsplit(" · ", 1)[-1] for title in titles]


def _settled(page: Page, rows: int) -> None:
    settled(page, rows)
    frames(page)


def _packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _reasons(page: Page) -> list[str]:
    return page.locator('.row[data-state="error"] .row-reason').all_text_contents()


@pytest.mark.parametrize("way", ["dropped", "chosen"])
def test_a_folder_becomes_its_films_in_the_order_of_their_paths(
    watched: Watched, study: Path, way: str
) -> None:
    watched.expected = _REFUSED
    page = watched.page
    if way == "dropped":
        _drop(page, [study])
    else:
        page.set_input_files("#folder-input", str(study))
    page.wait_for_function("() => cxr.intake.aside.length === 2")
    _settled(page, 3)
    assert _names(page) == ["study/series2/IM0001", "study/series2/IM0002.png", "study/series10/IM0001"]
    assert _reasons(page) == []
    # notes.txt came first, and leaves no gap
    assert page.locator(".row-title").first.inner_text() == "film 01"
    note = page.inner_text("#intake-note")
    assert "2 files are no films." in note
    assert "4 files left out: hidden, or an index." in note
    assert page.evaluate("() => cxr.rowInView() && cxr.state.films.indexOf(cxr.rowInView())") == 0


def test_which_files_are_no_films_is_a_click_away_and_the_note_can_be_closed(
    watched: Watched, study: Path
) -> None:
    watched.expected = _REFUSED
    page = watched.page
    _drop(page, [study])
    page.wait_for_function("() => cxr.intake.aside.length === 2")
    _settled(page, 3)
    assert page.locator("#intake-note li").first.is_hidden()
    page.click("#intake-note summary")
    frames(page)
    (kind,) = page.locator("#intake-note details > ul > li").all_inner_texts()
    said, *listed = kind.splitlines()
    assert "a text file" in said, "what is true of both is said once"
    assert sorted(listed) == ["study/notes.txt", "study/series2/readme.md"]
    page.click(".intake-close")
    frames(page)
    assert page.locator("#intake-note").is_hidden()
    assert page.locator(".row").count() == 3


def test_a_damaged_film_of_a_folder_keeps_its_row(
    watched: Watched, tmp_path: Path, drawn: list[bytes]
) -> None:
    watched.expected = _REFUSED
    page = watched.page
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "cut.png").write_bytes(drawn[0][: len(drawn[0]) // 2])
    (folder / "whole.png").write_bytes(drawn[1])
    _drop(page, [folder])
    _settled(page, 2)
    (reason,) = _reasons(page)
    assert reason.startswith("films/cut.png: ")


def test_a_file_that_was_chosen_by_itself_keeps_its_row_whatever_it_is(
    watched: Watched, tmp_path: Path
) -> None:
    watched.expected = _REFUSED
    text = tmp_path / "notes"
    text.write_text("no film at all")
    _choose(watched.page, text)
    _settled(watched.page, 1)
    (reason,) = _reasons(watched.page)
    assert reason.startswith("notes: ")
    assert watched.page.locator("#intake-note").is_hidden()


def test_a_dicomdir_alone_is_told_to_be_an_index(page: Page, tmp_path: Path) -> None:
    index = tmp_path / "DICOMDIR"
    index.write_bytes(b"\0" * 128 + b"DICM")
    _choose(page, index)
    _settled(page, 1)
    (reason,) = _reasons(page)
    assert "index" in reason
    assert "Drop the folder" in reason


def test_an_empty_folder_says_that_it_held_nothing(page: Page, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _drop(page, [tmp_path / "empty"])
    page.wait_for_selector("#intake-note:visible")
    assert "There was no file in it." in page.inner_text("#intake-note")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_unpacked_in_the_browser_and_no_name_leaves_it(
    watched: Watched, tmp_path: Path, drawn: list[bytes], method: int
) -> None:
    watched.expected = _REFUSED
    page = watched.page
    path = _packed(
        tmp_path / "Doe^Jane.zip",
        {
            "Doe^Jane/": b"",
            "Doe^Jane/b/IM1": drawn[1],
            "Doe^Jane/a/IM1": drawn[0],
            "__MACOSX/._IM1": b"x",
            "Doe^Jane/DICOMDIR": b"x",
            "../../etc/word.txt": b"no film",
        },
        method,
    )
    _drop(page, [path])
    page.wait_for_function("() => cxr.intake.aside.length === 1")
    _settled(page, 2)
    assert _names(page) == ["Doe^Jane.zip/Doe^Jane/a/IM1", "Doe^Jane.zip/Doe^Jane/b/IM1"]
    assert "error" not in page.eval_on_selector_all(".row", "rows => rows.map(row => row.dataset.state)")
    assert "2 files left out" in page.inner_text("#intake-note")
    # as the server received them
    assert page.evaluate("() => cxr.state.films.map(item => item.sha)") == [
        hashlib.sha256(data).hexdigest() for data in drawn[:2]
    ]
    for request in watched.requests:
        text = request.url + str(request.headers) + (request.post_data_buffer or b"").decode("latin-1")
        assert "Doe" not in text
    assert "Doe" not in page.evaluate("() => JSON.stringify(cxr.state.films)")


def test_a_zip_within_a_folder_is_opened_too(watched: Watched, tmp_path: Path, drawn: list[bytes]) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    _packed(folder / "b.zip", {"inner.png": drawn[0]})
    (folder / "a.png").write_bytes(drawn[1])
    _drop(watched.page, [folder])
    _settled(watched.page, 2)
    assert _names(watched.page) == ["films/a.png", "films/b.zip/inner.png"]


def _locked(data: bytes) -> bytes:
    """The same archive, each file said to be encrypted."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        while at >= 0:
            changed[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(changed)


def _other_method(data: bytes) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<H", changed, data.find(b"PK\1\2") + 10, 14)
    return bytes(changed)


def _wrong_byte(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[len(data) // 2] ^= 0xFF
    return bytes(changed)


def _large_kind(data: bytes) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<H", changed, data.rfind(b"PK\5\6") + 10, 0xFFFF)
    return bytes(changed)


def _lying_size(data: bytes) -> bytes:
    """A file that would grow past what its entry says."""
    changed = bytearray(data)
    struct.pack_into("<I", changed, data.find(b"PK\1\2") + 24, 100)
    return bytes(changed)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_locked, "locked with a password"),
        (_other_method, "packed in a way"),
        (_wrong_byte, "damaged in the ZIP"),
        (_large_kind, "very large contents"),
        (_lying_size, "damaged in the ZIP"),
        (lambda data: data[:-30], "damaged in the ZIP"),
    ],
)
def test_a_zip_that_cannot_be_opened_says_why_and_nothing_is_sent(
    watched: Watched, tmp_path: Path, drawn: list[bytes], spoil: Callable[[bytes], bytes], words: str
) -> None:
    path = _packed(tmp_path / "films.zip", {"a.png": drawn[0]})
    path.write_bytes(spoil(path.read_bytes()))
    page = watched.page
    _choose(page, path)
    _settled(page, 1)
    (reason,) = _reasons(page)
    assert reason.startswith("films.zip")
    assert words in reason
    assert page.locator(".row-more .link").first.is_hidden()
    assert not [r for r in watched.requests if r.method == "POST" and "/films" in r.url]


def test_a_bomb_in_a_zip_is_refused_unopened_and_a_zip_in_a_zip_named(
    watched: Watched, tmp_path: Path, drawn: list[bytes]
) -> None:
    limit = watched.page.evaluate("() => cxr.state.settings.max_upload_bytes")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.png", drawn[0])
    path = _packed(
        tmp_path / "z.zip",
        {"bomb.png": bytes(limit + 1), "inner.zip": inner.getvalue(), "whole.png": drawn[1]},
    )
    _choose(watched.page, path)
    _settled(watched.page, 3)
    bomb, nested = _reasons(watched.page)
    assert "at most 25" in bomb
    assert "A ZIP inside a ZIP is not opened." in nested
    assert len([r for r in watched.requests if r.method == "POST" and "/films" in r.url]) == 1


def test_an_office_document_is_no_archive_of_films(watched: Watched, tmp_path: Path) -> None:
    watched.expected = _REFUSED
    path = _packed(tmp_path / "letter.docx", {"[Content_Types].xml": b"<x/>", "word/media/image1.png": b"x"})
    _choose(watched.page, path)
    _settled(watched.page, 1)
    (reason,) = _reasons(watched.page)
    assert "office document" in reason


def test_a_list_takes_so_many_films_and_says_how_many_were_left(
    watched: Watched, tmp_path: Path, drawn: list[bytes]
) -> None:
    page = watched.page
    assert page.evaluate("() => cxr.state.settings.most_films") == 500
    page.evaluate("() => { cxr.begin({...cxr.state.settings, most_films: 2}); }")
    folder = tmp_path / "films"
    folder.mkdir()
    for index, data in enumerate(drawn):
        (folder / f"{index}.png").write_bytes(data)
    _drop(page, [folder])
    _settled(page, 2)
    assert "A list holds 2 films: 2 of 3 files were added." in page.inner_text("#intake-note")


def test_what_is_said_of_a_folder_is_said_in_spanish(spanish: Watched, study: Path) -> None:
    spanish.expected = _REFUSED
    _drop(spanish.page, [study])
    spanish.page.wait_for_function("() => cxr.intake.aside.length === 2")
    _settled(spanish.page, 3)
    note = spanish.page.inner_text("#intake-note")
    assert "2 archivos no son placas." in note
    assert "4 archivos omitidos: ocultos o índices." in note
