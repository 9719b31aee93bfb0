"""The label that was chosen on the page about the model is of its address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import open_card
from watched import Watched

pytestmark = pytest.mark.browser

MODELS = Path(__file__).resolve().parents[2] / "models"


def address(page: Page) -> str:
    return str(page.evaluate("() => location.hash"))


def about(page: Page, section: str, label: str) -> None:
    """Wait until a section is drawn for a label, and its controls are."""
    page.wait_for_selector(f'.card-nav a[href="#card-{section}"][aria-current]')
    page.wait_for_selector(f'.card-label[data-label="{label}"] .js-plotly-plot')
    expect(page.locator("#card-label")).to_have_value(label)


def labels(page: Page) -> list[str]:
    table = json.loads((MODELS / page.input_value("#model") / "bundle.json").read_text(encoding="utf-8"))
    return [one["key"] for one in table["labels"]]


def test_a_reload_shows_the_label_that_was_chosen_and_back_leads_through_sections(watched: Watched) -> None:
    page = watched.page
    open_card(page)
    page.click('.card-nav a[href="#card-curves"]')
    first = page.input_value("#card-label")
    about(page, "curves", first)
    # what came by itself is not written down
    assert address(page) == "#card-curves"
    other = next(key for key in labels(page) if key != first)
    page.select_option("#card-label", other)
    about(page, "curves", other)
    assert address(page) == f"#card-curves:{other}"
    page.reload()
    about(page, "curves", other)
    assert address(page) == f"#card-curves:{other}"
    page.click('.card-nav a[href="#card-use"]')
    page.wait_for_selector('.card-nav a[href="#card-use"][aria-current]')
    page.wait_for_function("label => location.hash === `#card-use:${label}`", arg=other)
    page.go_back()
    about(page, "curves", other)
    page.keyboard.press("Escape")
    expect(page.locator(".modal.show")).to_have_count(0)
    assert "card" not in address(page)
    # chosen for the page that was open
    open_card(page)
    assert address(page).count(":") == 0


def test_an_address_names_a_label_and_one_that_the_model_lacks_is_the_first(watched: Watched) -> None:
    page = watched.page
    last = labels(page)[-1]
    page.goto("about:blank")
    page.goto(f"{watched.origin}/#card-curves:{last}")
    about(page, "curves", last)
    page.goto("about:blank")
    page.goto(f"{watched.origin}/#card-curves:no_such_label")
    about(page, "curves", labels(page)[0])
    page.goto("about:blank")
    page.goto(f"{watched.origin}/#card-curves:<img>")
    expect(page.locator(".modal.show")).to_have_count(0)
