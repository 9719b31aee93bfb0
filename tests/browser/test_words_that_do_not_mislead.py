"""What the page says is no louder, and no vaguer, than what is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import choose_label, choose_model, frames, in_view, open_films

pytestmark = pytest.mark.browser

_OF_ROW = "verdict => { cxr.answerOf(cxr.rowInView()).quality = {verdict, reasons: []}; cxr.changed(); }"
_LANGUAGES = ("en", "es")


@pytest.fixture(params=_LANGUAGES)
def page_in(request: pytest.FixtureRequest, page: Page, films: list[Path]) -> tuple[Page, str]:
    """A film in view, in each language."""
    if request.param == "es":
        page.goto(page.url.split("#")[0].split("?")[0] + "?lang=es")
        page.wait_for_function("() => window.cxr && cxr.state.facts")
    open_films(page, films[:1])
    in_view(page)
    page.evaluate(_OF_ROW, "ok")
    page.evaluate("() => { if (!cxr.state.cutOpen) document.querySelector('#cut-open').click(); }")
    frames(page)
    return page, str(request.param)


def test_of_a_class_called_normal_a_false_call_is_no_false_alarm(page_in: tuple[Page, str]) -> None:
    page, language = page_in
    choose_model(page, "covid")
    page.wait_for_function("() => cxr.answerOf(cxr.rowInView())?.model === 'covid'")
    page.evaluate(_OF_ROW, "ok")
    choose_label(page, "normal")
    frames(page)
    said = page.inner_text("#thousand")
    if language == "en":
        assert "false alarm" not in said
        assert "called normal and " in said
    else:
        assert "falsa" not in said
        assert "por normal sin serlo" in said
    missed = page.inner_text("#thousand .missed")
    held = page.evaluate(
        """() => {
            const {positives, negatives} = cxr.heldOut.split('normal');
            return cxr.statistics.consequences(positives.normal, negatives.normal, cxr.threshold('normal'),
                cxr.heldOut.prevalence('normal')).perThousand;
        }"""
    )
    assert missed.startswith(str(held["alarms"])), "the sick who are called normal are what is missed"
    page.click("#roc-toggle")
    frames(page)
    wrong = page.text_content("#roc .roc-drawing") or ""
    page.click("#card-open")
    page.click('.card-nav a[href="#card-cut"]')
    page.select_option("#card-label", "normal")
    cell = page.locator(".confusion [data-count=alarms] span").first
    expect(cell).to_contain_text("called normal and" if language == "en" else "por normal sin serlo")
    assert ("wrongly called normal, %" if language == "en" else "dadas por normal sin serlo,\u00a0%") in wrong


def test_the_quality_line_says_what_was_checked_and_what_was_not(page_in: tuple[Page, str]) -> None:
    page, language = page_in
    said = page.inner_text("#summary")
    assert ("does not judge inspiration" if language == "en" else "No juzga la inspiración") in said
    assert "good" not in said
    assert "buena" not in said


def test_figures_asked_for_after_a_refusal_stay_amber_in_row_list_and_headline(
    page_in: tuple[Page, str],
) -> None:
    page, _ = page_in
    page.evaluate(
        "() => cxr.setThresholds(Object.fromEntries(cxr.modelLabels().map(one => [one.key, 1e-4])))"
    )
    page.evaluate(_OF_ROW, "reject")
    page.evaluate("() => cxr.showAnyway(cxr.answerKey(cxr.state.facts.id, cxr.rowInView().film))")
    page.evaluate("() => cxr.changed()")
    frames(page)
    above = page.locator("#findings .finding.above:visible")
    assert above.count() > 1
    assert page.locator("#findings .finding.above:not(.borderline)").count() == 0
    assert page.locator(".row").first.get_attribute("data-state") == "reject"
    amber = "node => getComputedStyle(node).color"
    mark = above.first.locator(".finding-mark").evaluate(amber)
    assert page.locator("#headline").evaluate(amber) == mark


@pytest.mark.parametrize("value", ["0.05", "0", "99.5", "100", "-3"])
def test_a_prevalence_outside_is_refused_where_the_reader_sees_it(
    page_in: tuple[Page, str], value: str
) -> None:
    page, language = page_in
    page.fill("#prevalence-input", "20")
    frames(page)
    page.fill("#prevalence-input", value)
    frames(page)
    assert page.locator("#prevalence-refused").is_visible()
    assert "20\u00a0%" in page.inner_text("#prevalence-refused")
    assert page.get_attribute("#prevalence-input", "aria-invalid") == "true"
    assert page.evaluate("() => cxr.prevalence.wanted(cxr.labelInView())") == pytest.approx(0.2)
    page.fill("#prevalence-input", "3,5")
    frames(page)
    assert page.locator("#prevalence-refused").is_hidden()
    assert page.evaluate("() => cxr.prevalence.wanted(cxr.labelInView())") == pytest.approx(0.035)
    page.locator("#prevalence-input").blur()
    page.evaluate("() => cxr.changed()")
    frames(page)
    assert page.input_value("#prevalence-input") == ("3.5" if language == "en" else "3,5")


def test_a_figure_that_is_undefined_has_no_interval(page_in: tuple[Page, str]) -> None:
    page, _ = page_in
    page.evaluate("() => cxr.setThresholds({[cxr.labelInView()]: 0.9999999})")
    frames(page)
    cell = page.locator('[data-figure="ppv"]')
    assert cell.locator(".four-value").inner_text() == "–"
    assert cell.locator(".four-interval").inner_text() == ""


def test_a_row_never_reads_like_the_threshold_it_differs_from(page_in: tuple[Page, str]) -> None:
    page, _ = page_in
    page.evaluate(
        "() => { const key = cxr.labelInView();"
        " cxr.answerOf(cxr.rowInView()).probabilities[key] = 0.4812; cxr.setThresholds({[key]: 0.4789}); }"
    )
    frames(page)
    shown = page.inner_text('#findings [aria-selected="true"] .finding-value')
    assert shown.replace(",", ".") == "48.1\u00a0%"
    assert page.inner_text("#cut-value").replace(",", ".").endswith("47.9\u00a0%")
