"""Two panes side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page
from steps import again, beside, choose_label, choose_model, frames, in_view, localised_label, open_films
from viewing import drag, middle, pointed, scale, still, wheel
from watched import Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def two(watched: Watched, films: list[Path]) -> Watched:
    """The page with two films, the first in view."""
    open_films(watched.page, films[:2])
    in_view(watched.page)
    choose_label(watched.page, localised_label(watched.page))
    return watched


def compare(page: Page, kind: str) -> None:
    """Open the menu by its key and choose."""
    if kind == "film":
        beside(page, "row-2")
    else:
        page.keyboard.press("b")
        page.click(f"[data-compare={kind}]")
    page.wait_for_function(
        "() => { const s = cxr.stage.sheets()[1]; return s.pane && s.shown === s.pane.item.film; }"
    )
    still(page)


def captions(page: Page) -> list[list[str]]:
    """What stands over the two panes, in lines."""
    return [text.split("\n") for text in page.locator(".pane-caption:visible").all_inner_texts()]


def test_a_film_stands_beside_its_heat_and_escape_leaves(two: Watched) -> None:
    page = two.page
    compare(page, "heat")
    page.wait_for_selector("#heat-canvas-2")
    assert page.locator("#heat-canvas").is_hidden()
    (first, second) = captions(page)
    assert first == second
    assert first[0] == "film 01"
    assert "its threshold of" in first[1]
    left, right = (page.locator(f".{name} .film").bounding_box() for name in ("first", "second"))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert (left["y"], left["width"]) == (right["y"], right["width"])
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    page.wait_for_selector("#window-popover", state="hidden")
    assert page.locator(".pane.second").is_visible(), "Escape closes what lies on top, no more"
    page.keyboard.press("Escape")
    page.wait_for_selector(".pane.second", state="hidden")
    assert page.locator(".pane-caption:visible").count() == 0
    assert page.locator("#heat-canvas").is_hidden(), "the heat is off again, as it was before"


def test_two_findings_stand_side_by_side_each_with_its_own_cut(two: Watched) -> None:
    page = two.page
    compare(page, "finding")
    labels = page.evaluate("() => cxr.stage.sheets().map(sheet => sheet.pane.label)")
    assert labels[0] != labels[1]
    third = page.evaluate("shown => cxr.modelLabels().find(one => !shown.includes(one.key))", labels)
    page.select_option("[data-role=what]", third["key"])
    frames(page)
    found = captions(page)
    for label, lines in zip([labels[0], third["key"]], found, strict=True):
        name, figures = page.evaluate(
            """key => {
                const share = cxr.answerOf(cxr.rowInView()).probabilities[key], cut = cxr.threshold(key);
                const [p, c] = [share, cut].map(cxr.words.percent);
                return [cxr.nameOf(key), `${p}, ${share >= cut ? "above" : "below"} its threshold of ${c}`];
            }""",
            label,
        )
        assert lines[1] == f"{name} {figures}"
    choose_model(page, "covid")
    page.wait_for_selector(".pane.first .pane-model:has-text('COVID')")
    page.wait_for_function("() => cxr.answerOf(cxr.rowInView())")
    frames(page)
    kept = page.evaluate("() => cxr.stage.sheets().map(sheet => sheet.pane.label)")
    known = page.evaluate("() => cxr.modelLabels().map(label => label.key)")
    assert set(kept) <= set(known), "a finding of another model is not kept"
    assert kept[0] != kept[1]
    # the panel is replaced a moment before the facts: nothing of one model is painted into the other's
    page.evaluate(
        """() => {
            document.querySelector(".panel-body").dataset.model = "another";
            document.getElementById("findings").replaceChildren();
            cxr.changed();
        }"""
    )
    frames(page)


def test_another_model_is_asked_once_and_stated_with_its_version_and_its_own_cut(two: Watched) -> None:
    page = two.page
    choose_model(page, "findings")
    before = len(two.requests)
    compare(page, "model")
    page.select_option("[data-role=what]", "covid")
    page.wait_for_function("() => cxr.stage.sheets()[1].pane.model.includes('version')")
    two.quiet()
    answer = page.request.get(
        f"{two.origin}/films/{page.evaluate('() => cxr.rowInView().film')}/covid/answer.json"
    ).json()
    shown = page.evaluate("() => cxr.stage.sheets()[1].pane")
    assert shown["cut"] == answer["facts"]["thresholds"][shown["label"]]
    page.evaluate("() => cxr.showAnyway(cxr.answerKey('covid', cxr.rowInView().film))")
    page.evaluate("() => cxr.changed()")
    frames(page)
    first, second = captions(page)
    assert first[2].endswith(f"version {page.evaluate('() => cxr.state.facts.version')}")
    assert second[2].endswith(f"version {answer['facts']['version']}")
    said = page.evaluate(
        "share => cxr.words.percent(share)", answer["answer"]["probabilities"][shown["label"]]
    )
    cut = page.evaluate("share => cxr.words.percent(share)", shown["cut"])
    assert said in second[1]
    assert second[1].endswith(f"its threshold of {cut}")
    page.keyboard.press("Escape")
    compare(page, "model")
    page.select_option("[data-role=what]", "covid")
    wheel(page, *middle(page), -300)
    frames(page)
    urls = [request.url for request in two.requests[before:]]
    assert sum(url.endswith("/covid/answer.json") for url in urls) == 1


def test_a_prior_film_moves_with_the_new_one_until_they_are_unlinked(two: Watched) -> None:
    page = two.page
    compare(page, "film")
    assert [lines[0] for lines in captions(page)] == ["film 01", "film 02, prior"]
    sizes = page.evaluate("() => cxr.stage.sheets().map(s => [s.pane.item.width, s.pane.item.height])")
    fitted = [scale(page, pane) for pane in ("first", "second")]

    def shares() -> list[np.ndarray]:
        return [
            pointed(page, *middle(page, pane), pane) / size
            for pane, size in zip(("first", "second"), sizes, strict=True)
        ]

    wheel(page, *middle(page), -500)
    drag(page, 25, 15)
    drag(page, -20, 10, pane="second")
    times = [scale(page, pane) / fit for pane, fit in zip(("first", "second"), fitted, strict=True)]
    assert times[0] == pytest.approx(times[1], rel=1e-3)
    assert times[0] > 1.5
    new, prior = shares()
    np.testing.assert_allclose(new, prior, atol=0.01)
    assert np.abs(new - 0.5).max() > 0.01
    drag(page, 30, 0, button="right", pane="second")
    page.click("text=Linked")
    wheel(page, *middle(page, "second"), -400)
    page.keyboard.press("4")
    frames(page)
    assert np.abs(shares()[0] - new).max() < 1e-3
    assert scale(page, "second") / fitted[1] > 1.2 * times[1]
    filters = page.evaluate(
        "() => [...document.querySelectorAll('.pane:not(.lens) feFuncR')].map(n => n.getAttribute('slope'))"
    )
    assert filters[0] != filters[1], "the window too is the second film's own"
    page.click("text=Linked")
    still(page)
    new, prior = shares()
    np.testing.assert_allclose(new, prior, atol=0.01)


def test_a_chosen_prior_outlives_its_own_turn_in_view_and_a_reload_and_no_other_film_replaces_it(
    two: Watched, films: list[Path]
) -> None:
    page = two.page
    open_films(page, films[2:3])
    page.evaluate("() => cxr.select('row-1')")
    compare(page, "film")
    assert page.evaluate("() => document.activeElement.dataset.action") == "compare", "the keyboard is kept"
    page.select_option("[data-role=what]", "row-3")
    page.keyboard.press("2")
    # while the prior is itself in view, the same two films stand there, and neither is called a prior
    for row, pair in (("row-3", ["film 03", "film 01"]), ("row-2", ["film 02", "film 03, prior"])):
        page.evaluate("id => cxr.select(id)", row)
        frames(page)
        assert [lines[0] for lines in captions(page)] == pair
        assert captions(page)[1][1] == "Not known to be the same patient"
    page.locator("#stage").focus()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    frames(page)
    assert page.locator("#keys-help").is_hidden()
    assert page.locator(".pane.second").is_visible(), "Escape closes the help, no more"
    page.keyboard.press("x")
    frames(page)
    again(page)
    page.wait_for_selector(".pane.second .pane-title:has-text('film 03, prior')")
    assert page.inner_text(".window-figures").startswith("window 170 / level 120")
    page.wait_for_selector(".first .film-note")
    page.evaluate("() => { cxr.state.films.slice(2).forEach(cxr.takeRowOut); cxr.changed(); }")
    page.wait_for_selector(".pane.second", state="hidden")


def test_a_film_that_goes_takes_the_comparison_with_it(two: Watched) -> None:
    page = two.page
    compare(page, "film")
    page.evaluate("() => { cxr.state.films.slice(1).forEach(cxr.takeRowOut); cxr.changed(); }")
    page.wait_for_selector(".pane.second", state="hidden")
    assert page.locator(".pane.first .film").is_visible()
    page.keyboard.press("b")
    frames(page)
    assert page.locator("[data-compare=film]").is_disabled()
    assert page.locator("[data-compare=heat]").evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowDown")
    frames(page)
    assert page.locator("[data-compare=finding]").evaluate("node => node === document.activeElement")
