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


def labels(page: Page, model: str = "") -> list[str]:
    """Of a model, or of the one in force."""
    folder = MODELS / (model or page.input_value("#model"))
    table = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    return [one["key"] for one in table["labels"]]


def other_model(page: Page) -> str:
    """One that is offered beside the one in force."""
    own = page.input_value("#model")
    options = page.eval_on_selector_all("#model option:not([disabled])", "all => all.map(one => one.value)")
    return next(value for value in options if value != own)


def follow(page: Page, origin: str, at: str) -> None:
    """As in a new tab."""
    page.goto("about:blank")
    page.goto(f"{origin}/{at}")


def test_a_reload_shows_the_label_that_was_chosen_and_back_leads_through_sections(watched: Watched) -> None:
    page = watched.page
    open_card(page)
    page.click('.card-nav a[href="#card-curves"]')
    first = page.input_value("#card-label")
    about(page, "curves", first)
    # what came by itself is not written down
    assert address(page) == "#card-curves"
    model = page.input_value("#model")
    other = next(key for key in labels(page) if key != first)
    page.select_option("#card-label", other)
    about(page, "curves", other)
    assert address(page) == f"#card-curves:{model}:{other}"
    # the section in view asked for once more is where the reader is already
    page.click('.card-nav a[href="#card-curves"]')
    page.wait_for_function("at => location.hash === at", arg=f"#card-curves:{model}:{other}")
    page.reload()
    about(page, "curves", other)
    assert address(page) == f"#card-curves:{model}:{other}"
    page.click('.card-nav a[href="#card-use"]')
    page.wait_for_selector('.card-nav a[href="#card-use"][aria-current]')
    page.wait_for_function("at => location.hash === at", arg=f"#card-use:{model}:{other}")
    page.go_back()
    about(page, "curves", other)
    page.keyboard.press("Escape")
    expect(page.locator(".modal.show")).to_have_count(0)
    assert "card" not in address(page)
    # it was chosen for the page that was open
    open_card(page)
    assert address(page).count(":") == 0


def test_an_address_is_followed_as_often_as_it_is_asked_for(watched: Watched) -> None:
    page = watched.page
    model, (first, second) = page.input_value("#model"), labels(page)[-2:]
    follow(page, watched.origin, f"#card-curves:{model}:{first}")
    about(page, "curves", first)
    page.select_option("#card-label", second)
    about(page, "curves", second)
    assert address(page) == f"#card-curves:{model}:{second}"
    page.evaluate("at => { location.hash = at; }", f"#card-curves:{model}:{first}")
    about(page, "curves", first)
    page.select_option("#card-label", second)
    about(page, "curves", second)
    page.select_option("#card-label", first)
    about(page, "curves", first)
    assert address(page) == f"#card-curves:{model}:{first}"


def test_an_address_names_its_model_which_is_turned_to(watched: Watched) -> None:
    page = watched.page
    own = page.input_value("#model")
    other = other_model(page)
    label = labels(page, other)[-1]
    # as mail escapes it
    follow(page, watched.origin, f"#card-curves%3A{other}%3A{label}")
    about(page, "curves", label)
    expect(page.locator("#model")).to_have_value(other)
    assert label in labels(page, other)
    page.wait_for_function("at => location.hash === at", arg=f"#card-curves:{other}:{label}")
    page.reload()
    about(page, "curves", label)
    expect(page.locator("#model")).to_have_value(other)
    # a label of one model is not carried to the next
    page.evaluate("model => dash_clientside.set_props('model', {value: model})", own)
    page.wait_for_function("() => location.hash === '#card-curves'")
    page.wait_for_function("key => document.getElementById('card-label').value === key", arg=labels(page)[0])


def test_a_label_or_model_that_is_not_there_is_told_from_one_that_was_chosen(watched: Watched) -> None:
    page = watched.page
    model, first = page.input_value("#model"), labels(page)[0]
    follow(page, watched.origin, f"#card-curves:{model}:no_such_label")
    about(page, "curves", first)
    # the model may have it again
    assert address(page) == f"#card-curves:{model}:no_such_label"
    follow(page, watched.origin, f"#card-curves:no_such_model:{first}")
    about(page, "curves", first)
    for strange in ("#card-curves:<img>:x", "#card-curves:mass", f"#card-curves:{model}:{'x' * 65}"):
        follow(page, watched.origin, strange)
        page.wait_for_function("() => document.readyState === 'complete' && document.querySelector('#model')")
        expect(page.locator(".modal.show")).to_have_count(0)


def test_an_address_that_leads_nowhere_does_not_keep_the_page_from_its_own(watched: Watched) -> None:
    page = watched.page
    follow(page, watched.origin, "#card-curves:mass")
    other = other_model(page)
    page.select_option("#model", other)
    page.wait_for_function("model => location.hash.startsWith(`#model=${model}`)", arg=other)
