"""Beside the model for children, an unknown age is said where it cannot be missed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import frames, in_view, open_films, settled

CHILDREN = "pneumonia-paediatric"


@pytest.fixture
def read(page: Page, films: list[Path]) -> Page:
    """The page with one film, of unknown age, read by the model for children."""
    open_films(page, films[:1])
    page.select_option("#model", CHILDREN)
    page.wait_for_function("id => cxr.state.facts.id === id && cxr.answerOf(cxr.rowInView())", arg=CHILDREN)
    settled(page, 1)
    anyway = page.locator("button:text('Show the figures anyway')")
    if anyway.is_visible():
        anyway.click()
    in_view(page)
    return page


def test_the_strip_stands_above_the_headline_and_the_findings(read: Page) -> None:
    strip = read.locator("#first-of-all")
    expect(strip).to_have_text(
        "This model was made for children of 1 to 5 years. The age of this patient is not known: "
        "for an adult its answer means nothing."
    )
    box, headline = strip.bounding_box(), read.locator("#headline").bounding_box()
    assert box is not None
    assert headline is not None
    assert box["y"] + box["height"] <= headline["y"]
    assert float(strip.evaluate("node => getComputedStyle(node).fontSize").removesuffix("px")) >= 15


def test_the_strip_stays_in_view_while_the_panel_scrolls(read: Page) -> None:
    read.set_viewport_size({"width": 1280, "height": 480})
    read.evaluate(
        "() => { const panel = document.querySelector('.panel'); panel.scrollTop = panel.scrollHeight; }"
    )
    frames(read)
    expect(read.locator("#first-of-all")).to_be_in_viewport(ratio=0.9)


def test_it_is_not_said_twice_and_goes_with_the_model(read: Page) -> None:
    said = read.locator(".quality-reason").all_inner_texts()
    # that the film looks like an adult's is another sentence
    assert not any("The age of this patient is not known" in text for text in said)
    read.select_option("#model", "findings")
    expect(read.locator("#first-of-all")).to_be_hidden()


def test_an_age_outside_leaves_no_way_to_the_figures(read: Page) -> None:
    read.evaluate(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            const reasons = ['The age is 62.'];
            answer.quality = {verdict: 'reject', reasons, withheld: true, first_of_all: []};
            cxr.changed();
        }"""
    )
    expect(read.locator("#headline")).to_have_text("Cannot judge this film.")
    expect(read.locator("#quality")).to_contain_text("The age is 62.")
    expect(read.locator("button:text('Show the figures anyway')")).to_have_count(0)
    expect(read.locator("#figures")).to_be_hidden()


def test_it_is_said_where_the_model_is_compared_with_too(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    in_view(page)
    page.keyboard.press("b")
    page.click("[data-compare=model]")
    page.select_option("[data-role=what]", CHILDREN)
    page.wait_for_function("() => cxr.stage.sheets()[1].pane.model.includes('version')")
    page.evaluate("id => cxr.showAnyway(cxr.answerKey(id, cxr.rowInView().film))", CHILDREN)
    page.evaluate("() => cxr.changed()")
    expect(page.locator(".pane-caption:visible").nth(1)).to_contain_text("made for children of 1 to 5 years")
