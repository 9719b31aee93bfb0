"""With ``CXR_SHOW_IDENTITY`` the page says who the patient is, and keeps it nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dicom_files import IDENTITY, film_dataset, write
from gunicorn_server import GunicornServer, running_gunicorn
from playwright.sync_api import Page, expect
from steps import again, beside, in_view, open_films
from watched import Watched

from cxr_dash import imaging

pytestmark = pytest.mark.browser

LINE = "{name} · ID ID-4711 · born 1980-02-28 · study 2024-02-29 · accession ACC-7"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """A server that shows who its patients are."""
    shown = {**os.environ, "CXR_SHOW_IDENTITY": "true"}
    with running_gunicorn(tmp_path_factory.mktemp("naming"), environment=shown) as running:
        yield running


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Films of two patients; the second has a name longer than the page is wide, and may be mirrored."""
    folder = tmp_path_factory.mktemp("patients")
    names = ("DOE^JANE", "VERYLONG" * 6 + "^NAME" * 3)
    changes = ({}, {"PatientOrientation": ["R", "F"]})
    paths = []
    for seed, (name, more) in enumerate(zip(names, changes, strict=True)):
        pixels = imaging.chest_phantom(700, 600, seed)
        paths.append(folder / f"{seed}.dcm")
        paths[-1].write_bytes(write(film_dataset(pixels, 8, PatientName=name, **more), pixels))
    return paths


def _kept(page: Page) -> str:
    """Everything that outlives the page, as it is written."""
    page.evaluate("() => cxr.session.save()")
    return str(page.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}])"))


def test_the_patient_stands_over_the_film_and_goes_with_it(watched: Watched, patients: list[Path]) -> None:
    page = watched.page
    open_films(page, patients[:1])
    in_view(page)
    expect(page.locator(".film-patient")).to_have_text(LINE.format(name="DOE, JANE"))
    expect(page.locator(".film-facts")).to_have_text("PA, 44 years, F")
    page.locator(".row-remove").click(force=True)
    expect(page.locator("#film-says")).to_be_hidden()
    assert not [word for word in IDENTITY if word in page.content()]


def test_names_are_asked_for_again_after_a_reload_and_kept_in_no_storage(
    watched: Watched, patients: list[Path]
) -> None:
    page = watched.page
    open_films(page, patients[:1])
    expect(page.locator(".film-patient")).to_contain_text("DOE, JANE")
    kept = _kept(page)
    assert page.evaluate("() => cxr.rowInView().film") in kept
    assert not [word for word in IDENTITY if word in kept]
    again(page)
    expect(page.locator(".film-patient")).to_contain_text("DOE, JANE")


def test_a_long_name_gives_way_to_the_warning(watched: Watched, patients: list[Path]) -> None:
    page = watched.page
    open_films(page, patients[1:])
    in_view(page)
    warning, stage = page.locator(".film-mirrored"), page.locator("#stage").bounding_box()
    expect(warning).to_be_visible()
    box = warning.bounding_box()
    assert box is not None
    assert stage is not None
    assert box["x"] + box["width"] <= stage["x"] + stage["width"]


def test_beside_a_prior_film_each_has_its_own_patient(watched: Watched, patients: list[Path]) -> None:
    page = watched.page
    open_films(page, patients)
    in_view(page)
    beside(page, "row-2")
    expect(page.locator(".film-patient")).to_have_count(2)
    expect(page.locator(".film-patient").nth(0)).to_contain_text("DOE, JANE")
    expect(page.locator(".film-patient").nth(1)).to_contain_text("VERYLONG")
