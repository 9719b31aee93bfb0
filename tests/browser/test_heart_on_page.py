"""The cardiothoracic ratio beside cardiomegaly, and a film that was turned over by hand."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from dicom_files import film_dataset, write
from playwright.sync_api import Page, expect
from steps import choose_label, choose_model, in_view, open_films
from watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.shared_data]


@pytest.fixture(scope="module")
def hearts(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One film as PA, as AP, and turned over."""
    pixels = cv2.imread(str(shared_dir / "data/jsrt/images/JPCNN093.jpg"), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    folder, made = tmp_path_factory.mktemp("hearts"), {}
    turned = np.ascontiguousarray(pixels[:, ::-1])
    for name, film, view in (("pa", pixels, "PA"), ("ap", pixels, "AP"), ("over", turned, "PA")):
        made[name] = folder / f"{name}.dcm"
        plain = np.asarray(film, np.uint8)
        made[name].write_bytes(write(film_dataset(plain, 8, ViewPosition=view, PatientAge="064Y"), plain))
    return made


def _read(page: Page, film: Path) -> None:
    """The film in view of the findings' model, with cardiomegaly chosen."""
    choose_model(page, "findings")
    open_films(page, [film])
    in_view(page)
    choose_label(page, "cardiomegaly")


def _measure(page: Page) -> str:
    return page.locator('#findings [data-label="cardiomegaly"] .finding-measure').inner_text()


def test_the_ratio_stands_beside_cardiomegaly_and_its_sentence_where_that_is_chosen(
    watched: Watched, hearts: dict[str, Path]
) -> None:
    page = watched.page
    _read(page, hearts["pa"])
    assert re.fullmatch(r"CTR 0\.\d\d", _measure(page))
    expect(page.locator("#how-sure")).to_contain_text("Cardiothoracic ratio 0.")
    row = page.locator('#findings [data-label="cardiomegaly"]')
    assert "Cardiothoracic ratio" in (row.get_attribute("aria-label") or "")
    # the probability stays what it is, and where it is
    assert re.search(r"\d\s?%", row.locator(".finding-value").inner_text())
    choose_label(page, "effusion")
    expect(page.locator("#how-sure")).not_to_contain_text("Cardiothoracic")


def test_on_ap_it_is_said_that_the_ratio_does_not_compare(watched: Watched, hearts: dict[str, Path]) -> None:
    page = watched.page
    _read(page, hearts["ap"])
    assert re.fullmatch(r"CTR 0\.\d\d \(AP\)", _measure(page))
    expect(page.locator("#how-sure")).to_contain_text("not comparable on AP")


def test_it_is_said_in_spanish_with_a_comma(spanish: Watched, hearts: dict[str, Path]) -> None:
    page = spanish.page
    _read(page, hearts["pa"])
    assert re.fullmatch(r"ICT 0,\d\d", _measure(page))


def test_a_film_turned_over_by_hand_is_said_to_seem_mirrored(
    watched: Watched, hearts: dict[str, Path]
) -> None:
    page = watched.page
    choose_model(page, "findings")
    open_films(page, [hearts["over"]])
    in_view(page)
    expect(page.locator("#quality")).to_contain_text("seems mirrored, or the heart lies on the right")
    expect(page.locator(".film-mirrored")).to_have_text("may be mirrored")
