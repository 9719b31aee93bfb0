"""A film stands beside another because its reader chose it, and it is said whether both are one patient's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_files import IDENTITY, film_dataset, write
from playwright.sync_api import Page, expect
from steps import frames, in_view, open_films
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser

# in the order of the list: the nearest earlier film of the patient is neither first nor last
FILMS = (
    {"AcquisitionDate": "20240301", "AcquisitionTime": "081500"},
    {"AcquisitionDate": "20190301", "AcquisitionTime": "081500"},
    {"PatientID": "ID-9", "AcquisitionDate": "20240229"},
    {"AcquisitionDate": "20240226", "AcquisitionTime": "081500"},
    {"AcquisitionDate": "20240301", "AcquisitionTime": "111500"},
)
WORDS = {
    "en-GB": [
        "Same patient ID, 4 days earlier",
        "Same patient ID, 5 years earlier",
        "Same patient ID, 3 hours later",
        "Not known to be the same patient",
        "Not the same patient by their files",
    ],
    "es-ES": [
        "Mismo n.º de paciente, 4 días antes",
        "Mismo n.º de paciente, 5 años antes",
        "Mismo n.º de paciente, 3 horas después",
        "No consta que sea el mismo paciente",
        "No es el mismo paciente según los archivos",
    ],
}


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory, drawn: list[Path]) -> list[Path]:
    """Four films of one patient, one of another, and one that says nothing."""
    folder = tmp_path_factory.mktemp("studies")
    paths = []
    for seed, elements in enumerate(FILMS):
        pixels = imaging.chest_phantom(500, 420, seed)
        paths.append(folder / f"{seed}.dcm")
        paths[-1].write_bytes(write(film_dataset(pixels, 8, **elements), pixels))
    return [*paths, drawn[0]]


def _pair(page: Page) -> list[str]:
    """Titles of the two films on the screen, and what is said of the pair."""
    frames(page)
    return [
        *page.locator(".pane-title:visible").all_text_contents(),
        *page.locator(".pane-related:visible").all_text_contents(),
    ]


@pytest.mark.parametrize(("locale", "film"), [("en-GB", "film"), ("es-ES", "placa")])
def test_the_patients_nearest_earlier_film_is_offered_first_and_others_are_said_to_be_unknown(
    opener: Callable[..., Page], locale: str, film: str, studies: list[Path]
) -> None:
    page = opener(1280, 720, locale)
    same, older, later, unknown, different = WORDS[locale]
    prior = {"en-GB": "prior", "es-ES": "previa"}[locale]
    open_films(page, studies)
    in_view(page)
    page.keyboard.press("b")
    menu = page.locator("#compare-menu")
    expect(menu.locator("button").first).to_have_attribute("data-prior", "row-4")
    expect(menu.locator("button").first).to_contain_text(same)
    page.click("[data-compare=film]")
    offered = menu.locator("[data-prior]")
    expect(offered).to_have_count(5)
    assert [one.get_attribute("data-prior") for one in offered.all()] == [
        "row-4",
        "row-2",
        "row-5",
        "row-6",
        "row-3",
    ]
    for entry, words in zip(offered.all(), WORDS[locale], strict=True):
        expect(entry).to_contain_text(words)
    assert page.locator(".pane.second").is_hidden(), (
        "no film is taken for a prior before its reader has chosen"
    )
    expect(offered.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".pane.second .pane-related")).to_have_text(older)
    assert _pair(page) == [f"{film} 01", f"{film} 02, {prior}", older]
    for row, pair in (
        ("row-5", [f"{film} 01", f"{film} 05", later]),
        ("row-6", [f"{film} 01", f"{film} 06, {prior}", unknown]),
        ("row-3", [f"{film} 01", f"{film} 03", different]),
    ):
        page.select_option("[data-role=what]", row)
        assert _pair(page) == pair
    colours = page.locator(".pane-related").evaluate(
        "node => [getComputedStyle(node).color, getComputedStyle(node.nextSibling).color]"
    )
    assert colours[0] != colours[1], "what is not known is not said as quietly as the rest"


def test_nobodys_number_and_no_date_is_sent_to_the_page_for_it(watched: Watched, studies: list[Path]) -> None:
    page = watched.page
    open_films(page, studies[:2])
    page.evaluate("() => cxr.session.save()")
    kept = page.evaluate("() => JSON.stringify([{...sessionStorage}, cxr.state.films])") + page.content()
    assert '"patient":"' in kept
    assert not [word for word in (*IDENTITY, "2024-03-01", "20240301") if word in kept]
