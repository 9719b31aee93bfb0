"""What a reader chose is remembered for one version of one model, and can be undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from steps import again, choose_model, frames, unfold

pytestmark = pytest.mark.browser


def test_a_readers_cut_is_remembered_for_its_model_alone_and_can_be_undone(page: Page) -> None:
    choose = "label => { cxr.chooseLabel(label); }"
    page.evaluate(choose, "pneumonia")
    frames(page)
    page.locator("#cut-range").fill("321")
    page.fill("#prevalence-input", "12")
    frames(page)
    own = page.evaluate("() => cxr.threshold('pneumonia')")
    again(page)
    unfold(page)
    page.evaluate(choose, "pneumonia")
    frames(page)
    assert page.evaluate("() => cxr.threshold('pneumonia')") == own
    assert page.evaluate("() => cxr.isOwnCut('pneumonia')")
    assert page.input_value("#prevalence-input") == "12"
    # said at the reader's own prevalence, as the probability beside it is
    default = page.evaluate(
        "() => cxr.words.percent(cxr.prevalence.cut('pneumonia', cxr.defaultThreshold('pneumonia')))"
    )
    assert page.inner_text("#own-cut span") == f"Your threshold; the default is {default}."
    choose_model(page, "covid")
    assert not page.evaluate("() => cxr.modelLabels().some(label => cxr.isOwnCut(label.key))")
    choose_model(page, "findings")
    page.evaluate(choose, "pneumonia")
    frames(page)
    page.click("#cut-defaults")
    again(page)
    unfold(page)
    assert not page.evaluate("() => cxr.isOwnCut('pneumonia')")
    assert page.evaluate("() => Object.keys(localStorage).filter(key => key.startsWith('cxr-choices'))") == []


def test_a_cut_for_another_version_of_the_model_is_named_and_not_applied(page: Page) -> None:
    page.evaluate(
        """() => {
            cxr.setThresholds({pneumonia: 0.77});
            const {id, version} = cxr.state.facts;
            const now = `cxr-choices:${id}@${version}`;
            localStorage.setItem(`cxr-choices:${id}@0.0.1`, localStorage.getItem(now));
            localStorage.removeItem(now);
        }"""
    )
    again(page)
    unfold(page)
    assert not page.evaluate("() => cxr.isOwnCut('pneumonia')")
    assert "not applied" in page.inner_text("#own-cut")
    page.click("#cut-defaults")
    frames(page)
    assert "not applied" not in page.inner_text("#own-cut")
    assert page.evaluate("() => Object.keys(localStorage).some(key => key.includes('@0.0.1'))") is False


def test_the_panel_works_where_the_browser_keeps_nothing(page: Page) -> None:
    page.add_init_script(
        "const denied = () => { throw new DOMException('denied', 'SecurityError'); };"
        "Object.defineProperty(window, 'localStorage', { get: denied });"
    )
    again(page)
    unfold(page)
    page.locator("#cut-range").fill("222")
    frames(page)
    assert page.evaluate("() => cxr.isOwnCut(cxr.labelInView())")
