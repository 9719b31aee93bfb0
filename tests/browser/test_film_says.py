"""Above the film stands what a DICOM file says of its film; who the patient is, no page is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_files import film_dataset, write
from playwright.sync_api import expect
from steps import again, in_view, open_films, settled
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def dicom_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A film of a woman of 64, the same called mirrored, and called one of a hand."""
    folder = tmp_path_factory.mktemp("dicom")
    found = {}
    elements = {
        "plain": {},
        "mirrored": {"PatientOrientation": ["R", "F"]},
        "hand": {"BodyPartExamined": "HAND", "PatientOrientation": ["R", "F"]},
    }
    for seed, (name, changes) in enumerate(elements.items()):
        pixels = imaging.chest_phantom(700, 600, seed)
        found[name] = folder / f"{name}.dcm"
        found[name].write_bytes(write(film_dataset(pixels, 8, PatientAge="064Y", **changes), pixels))
    return found


def test_projection_age_and_sex_stand_above_the_film_beside_the_toolbar(
    watched: Watched, dicom_films: dict[str, Path]
) -> None:
    page = watched.page
    open_films(page, [dicom_films["plain"]])
    in_view(page)
    line = page.locator("#film-says")
    expect(line).to_have_text("PA, 64 years, F")
    words, bar, film = (
        page.locator(one).bounding_box() for one in ("#film-says", "#toolbar", ".film >> nth=0")
    )
    assert words is not None
    assert bar is not None
    assert film is not None
    assert bar["x"] + bar["width"] <= words["x"]
    assert words["y"] + words["height"] <= film["y"]


def test_a_film_that_may_be_mirrored_is_called_that_over_the_film_and_beside_its_findings(
    watched: Watched, dicom_films: dict[str, Path]
) -> None:
    page = watched.page
    open_films(page, [dicom_films["mirrored"]])
    in_view(page)
    expect(page.locator(".film-mirrored")).to_have_text("may be mirrored")
    expect(page.locator("#quality")).to_contain_text("the film may be mirrored")


def test_another_part_of_the_body_is_refused_by_what_the_file_says(
    watched: Watched, dicom_films: dict[str, Path]
) -> None:
    page = watched.page
    page.set_input_files("#film-input", str(dicom_films["hand"]))
    settled(page, 1)
    expect(page.locator("#headline")).to_have_text("Cannot judge this film.")
    expect(page.locator("#quality")).to_contain_text("The file says “HAND”")
    expect(page.locator(".film-facts")).to_have_text("PA, 64 years, F")
    # its sides are then of no interest
    expect(page.locator(".film-mirrored")).to_have_count(0)


def test_a_film_whose_file_says_nothing_has_no_line(
    watched: Watched, drawn: list[Path], dicom_films: dict[str, Path]
) -> None:
    page = watched.page
    open_films(page, [dicom_films["plain"], drawn[0]])
    page.locator(".row-main").nth(1).click()
    in_view(page)
    expect(page.locator("#film-says")).to_be_hidden()
    page.locator(".row-main").nth(0).click()
    expect(page.locator("#film-says")).to_have_text("PA, 64 years, F")


def test_it_need_not_wait_for_the_readers_own_reading(watched: Watched, dicom_films: dict[str, Path]) -> None:
    page = watched.page
    page.keyboard.press("y")
    open_films(page, [dicom_films["plain"]])
    expect(page.locator("#film-says")).to_have_text("PA, 64 years, F")
    assert page.evaluate(
        "() => cxr.heard(cxr.rowInView()).quality.verdict === 'reject' || cxr.hidden(cxr.rowInView())"
    )


def test_it_is_said_in_spanish(spanish: Watched, dicom_films: dict[str, Path]) -> None:
    page = spanish.page
    open_films(page, [dicom_films["mirrored"]])
    expect(page.locator(".film-facts")).to_have_text("PA, 64 años, F")
    expect(page.locator(".film-mirrored")).to_have_text("quizá en espejo")


def test_without_the_setting_the_page_neither_asks_who_it_is_nor_knows(
    watched: Watched, dicom_films: dict[str, Path]
) -> None:
    page = watched.page
    open_films(page, [dicom_films["plain"]])
    in_view(page)
    watched.quiet()
    assert [one.url for one in watched.requests if "patient.json" in one.url] == []
    kept = page.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}, cxr.state])")
    assert "DOE" not in page.content() + kept
    again(page)
    expect(page.locator("#film-says")).to_have_text("PA, 64 years, F")
