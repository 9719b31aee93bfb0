"""The page about the model: opens at its address, draws what is looked at, counts at the threshold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from steps import frames, in_view, open_card, open_films
from watched import Watched

pytestmark = pytest.mark.browser

MODELS = Path(__file__).resolve().parents[2] / "models"
CURVES = ".card-label .js-plotly-plot .main-svg"


def bundle(model: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((MODELS / model / "bundle.json").read_text(encoding="utf-8"))
    return table


def opened(page: Page) -> str:
    """Open the page by its key and hand back the model's id."""
    open_card(page)
    return page.input_value("#model")


def go(page: Page, section: str) -> None:
    page.click(f'.card-nav a[href="#card-{section}"]')
    shown(page, section)


def shown(page: Page, section: str) -> None:
    """Wait until a section is in view, below the warnings where it is the first, and marked in the list."""
    page.wait_for_selector(f'.card-nav a[href="#card-{section}"][aria-current]')
    expect(
        page.locator(".card-warnings, .card-bad" if section == "audits" else f"#card-{section}").first
    ).to_be_in_viewport()
    expect(page.locator(f"#card-{section}")).to_be_visible()


def drawn(page: Page, label: str) -> None:
    """Wait until every graph of a label is on the screen."""
    page.wait_for_function(
        """label => {
            const graphs = [...document.querySelectorAll(`.card-label[data-label="${label}"] .card-graph`)];
            return graphs.length > 0 && graphs.every(graph => graph.querySelector('.main-svg .trace'));
        }""",
        arg=label,
    )


def direct_counts(model: str, split: str, label: str, cut: float) -> list[int]:
    """Found, missed, false alarms, rightly cleared: counted film by film from ``bundle.json``."""
    (held,) = [one for one in bundle(model)["held_out"] if one["split"] == split]
    films = list(zip(held["probabilities"][label], held["truths"][label], strict=True))
    # the page has five decimals
    called = [(probability >= cut, truth) for probability, truth in films]
    return [called.count(pair) for pair in ((True, 1), (False, 1), (True, 0), (False, 0))]


def questions(watched: Watched) -> list[str]:
    """The sections and counts that the page asked the server for."""
    asked = [request.post_data_json for request in watched.requests if request.method == "POST"]
    return [cell["id"] for body in asked for cell in body["inputs"] if cell["id"].startswith("card-")]


def shown_counts(page: Page, split: str) -> list[int]:
    cells = f'.confusion[data-split="{split}"] [data-count="{{}}"] strong'
    return [int(page.inner_text(cells.format(name))) for name in ("found", "missed", "alarms", "cleared")]


def drawn_split(model: str) -> str:
    """The split that the page's curves are of: films at natural prevalence, where there are any."""
    measured = {one["split"] for one in bundle(model)["metrics"]}
    return "natural" if "natural" in measured else "test"


def test_the_page_opens_by_its_key_draws_what_is_looked_at_and_gives_the_keyboard_back(
    watched: Watched,
) -> None:
    page = watched.page
    assert questions(watched) == []
    page.focus("#card-open")
    model = opened(page)
    assert page.locator(".card-warnings").is_visible()
    go(page, "figures")
    auroc = next(one["macro"]["auroc"] for one in bundle(model)["metrics"] if one["split"] == "test")
    stated = f"{auroc['value']:.2f} ({auroc['low']:.2f}–{auroc['high']:.2f})"
    assert stated in page.inner_text("#card-figures .card-table >> nth=0")
    assert not any("plotly" in request.url.rsplit("/", 1)[-1] for request in watched.requests)
    go(page, "curves")
    page.wait_for_selector(CURVES)
    (label, chosen) = (one["key"] for one in bundle(model)["labels"][:2])
    drawn(page, label)
    page.select_option("#card-label", chosen)
    drawn(page, chosen)
    (test,) = [one for one in bundle(model)["metrics"] if one["split"] == drawn_split(model)]
    said = [page.locator(".card-label [role=img]").nth(i).get_attribute("aria-label") for i in range(3)]
    for sentence, figure, digits in zip(said, ("auroc", "auprc", "ece"), (2, 2, 3), strict=True):
        assert f"{test['labels'][chosen][figure]['value']:.{digits}f}" in str(sentence)
    # a line may not be hidden by a rule meant for another part of the page
    assert page.locator(".of-roc .js-line >> nth=-1").bounding_box()["width"] > 50  # type: ignore[index]
    go(page, "subgroups")
    page.wait_for_selector("#card-subgroups .js-plotly-plot .main-svg .trace")
    go(page, "places")
    assert page.locator("#card-places .card-example img").count() == 5
    # how it was trained has a section where the bundle carries a log
    logged = bool(bundle(model).get("training_log"))
    assert page.locator('.card-nav a[href="#card-training"]').count() == int(logged)
    watched.quiet()
    # once for a section, and once for a label
    assert questions(watched) == ["card-asked"] * 6
    page.keyboard.press("Escape")
    page.wait_for_selector(".modal", state="detached")
    assert page.evaluate("() => document.activeElement.id") == "card-open"
    assert page.evaluate("() => location.hash") == ""


def test_counts_and_marks_follow_the_threshold_and_are_asked_for_once_it_rests(watched: Watched) -> None:
    page = watched.page
    chip = page.locator(".chip[data-point]:visible").last
    key = chip.get_attribute("data-point")
    chip.click()
    frames(page)
    model = opened(page)
    go(page, "curves")
    label = page.input_value("#card-label")
    (point,) = [one for one in bundle(model)["operating_points"] if one["key"] == key]
    drawn(page, label)
    assert shown_counts(page, "test") == direct_counts(model, "test", label, point["thresholds"][label])
    mark = "() => document.querySelector('.of-roc .js-plotly-plot').data.find(one => one.meta === 'cut').x[0]"
    before = page.evaluate(mark)
    watched.quiet()
    asked = len(questions(watched))
    page.focus("#card-cut-slider")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("PageUp")
    frames(page)
    cut = page.evaluate("label => cxr.threshold(label)", label)
    assert 0.0 < cut < point["thresholds"][label]
    assert page.inner_text("#card-cut-value") == page.evaluate("cut => cxr.words.percent(cut)", cut)
    assert page.evaluate("() => document.getElementById('card-cut-slider').ariaValueText") == page.inner_text(
        "#card-cut-value"
    )
    split = drawn_split(model)
    found, missed, alarms, cleared = direct_counts(model, split, label, cut)
    expect(page.locator(f'.confusion[data-split="{split}"] [data-count=found] strong')).to_have_text(
        str(found)
    )
    assert shown_counts(page, split) == [found, missed, alarms, cleared]
    page.wait_for_function(f"was => ({mark})() !== was", arg=before)
    assert page.evaluate(mark) == pytest.approx(alarms / (alarms + cleared))
    watched.quiet()
    assert set(questions(watched)[asked:]) == {"card-cut-moved"}
    assert len(questions(watched)) - asked <= 4  # never more than there were keys
    # another label has its own threshold, and the first one's stays
    other = next(one["key"] for one in bundle(model)["labels"] if one["key"] != label)
    page.select_option("#card-label", other)
    drawn(page, other)
    default = page.evaluate("label => cxr.threshold(label)", other)
    assert shown_counts(page, "test") == direct_counts(model, "test", other, default)
    page.select_option("#card-label", label)
    drawn(page, label)
    assert shown_counts(page, split) == [found, missed, alarms, cleared]
    page.click("#card-cut-back")
    usual = next(
        one["thresholds"][label]
        for one in bundle(model)["operating_points"]
        if one["key"] == bundle(model)["default_operating_point"]
    )
    expect(page.locator("#card-cut-back")).to_be_hidden()
    assert page.evaluate("label => cxr.threshold(label)", label) == pytest.approx(usual)
    counts = direct_counts(model, split, label, usual)
    expect(page.locator(f'.confusion[data-split="{split}"] [data-count=found] strong')).to_have_text(
        str(counts[0])
    )
    assert shown_counts(page, split) == counts


def test_back_and_forward_lead_through_the_sections_and_out_of_the_page(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    page.wait_for_function("() => location.hash.includes('film=')")
    film = page.evaluate("() => location.hash")
    opened(page)
    go(page, "use")
    # the section has the keyboard: its own keys scroll it
    assert page.evaluate("() => document.querySelector('.card-sections').contains(document.activeElement)")
    page.keyboard.press("End")
    page.wait_for_function(
        "() => { const { scrollTop, scrollHeight, clientHeight } = document.querySelector('.card-sections');"
        " return scrollTop + clientHeight > scrollHeight - 2; }"
    )
    # and what takes it so has no frame around it, as what Tab stops at has
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "none"
    page.go_back()
    shown(page, "audits")
    page.go_back()
    page.wait_for_selector(".modal", state="detached")
    assert page.evaluate("() => location.hash") == film
    page.go_forward()
    page.go_forward()
    shown(page, "use")
    page.keyboard.press("Escape")
    page.wait_for_selector(".modal", state="detached")
    assert page.evaluate("() => location.hash") == film
    # and by the same address once more
    opened(page)
    shown(page, "audits")


def test_an_address_with_a_section_opens_the_page_there_and_a_phone_needs_no_sideways_scrolling(
    watched: Watched,
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("about:blank")
    page.goto(f"{watched.origin}/#card-places")
    page.wait_for_selector(".modal.show .card-example img")
    shown(page, "places")
    page.goto("about:blank")
    page.goto(f"{watched.origin}/#card-curves")
    page.wait_for_selector(CURVES)
    shown(page, "curves")
    frames(page)
    sides = page.eval_on_selector_all(
        ".card-figure", "all => all.map(one => one.getBoundingClientRect().left)"
    )
    assert len(set(sides)) == 1
    for section in ("curves", "audits"):
        go(page, section)
        assert page.evaluate(
            "() => [...document.querySelectorAll('.modal, .modal-body, .card-sections')]"
            ".every(one => one.scrollWidth <= one.clientWidth)"
        )
        page.evaluate(
            "() => document.querySelectorAll('.modal details').forEach(one => { one.open = true; })"
        )
        frames(page)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response
        assert [one["id"] for one in found["violations"]] == []
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    assert not page.locator(".card-nav").is_visible()
    assert page.locator(".card-warnings").is_visible()


def test_the_page_speaks_spanish_and_what_stays_english_is_marked(spanish: Watched) -> None:
    page = spanish.page
    model = opened(page)
    assert page.inner_text('.card-nav a[href="#card-audits"]') == "Auditorías"
    go(page, "curves")
    label = page.input_value("#card-label")
    drawn(page, label)
    (name,) = [one["name"]["es"] for one in bundle(model)["labels"] if one["key"] == label]
    (test,) = [one for one in bundle(model)["metrics"] if one["split"] == drawn_split(model)]
    auroc = f"{test['labels'][label]['auroc']['value']:.2f}".replace(".", ",")
    assert f"{name}: AUROC {auroc} (" in str(page.get_attribute(".card-label [role=img]", "aria-label"))
    assert "sensibilidad" in page.inner_text(".confusion >> nth=0").lower()
    go(page, "text")
    expect(page.locator('#card-text [lang="en"] .card-text')).to_have_count(1)


# Answers of one callback wait in the page until they are let go.
_HOLD = """output => {
    const plain = window.fetch;
    const waiting = [];
    window.fetch = async (address, options) => {
        const reply = await plain(address, options);
        if (String(options?.body ?? '').includes(`"output":"${output}`)) {
            await new Promise(done => waiting.push(done));
        }
        return reply;
    };
    window.heldBack = () => waiting.length;
    window.letGo = () => { window.fetch = plain; for (const done of waiting.splice(0)) done(); };
}"""


@pytest.fixture
def two_labels(watched: Watched) -> tuple[Watched, str, str, str]:
    """The curves of a label in view, its key and that of another."""
    model = opened(watched.page)
    go(watched.page, "curves")
    label = watched.page.input_value("#card-label")
    drawn(watched.page, label)
    other = next(one["key"] for one in bundle(model)["labels"] if one["key"] != label)
    return watched, model, label, other


def test_counts_that_come_when_another_label_is_in_view_are_dropped(
    two_labels: tuple[Watched, str, str, str],
) -> None:
    watched, model, _, other = two_labels
    page = watched.page
    mark = "() => document.querySelector('.of-roc .js-plotly-plot').data.find(one => one.meta === 'cut').x[0]"
    page.evaluate(_HOLD, "card-counted.data")
    page.focus("#card-cut-slider")
    page.keyboard.press("PageUp")
    page.wait_for_function("() => heldBack() === 1")
    page.select_option("#card-label", other)
    drawn(page, other)
    counts, at = shown_counts(page, "test"), page.evaluate(mark)
    page.evaluate("letGo()")
    watched.quiet()
    frames(page)
    assert shown_counts(page, "test") == counts
    default = page.evaluate("label => cxr.threshold(label)", other)
    assert counts == direct_counts(model, "test", other, default)
    assert page.evaluate(mark) == at


def test_a_slider_that_is_still_another_labels_moves_no_threshold(
    two_labels: tuple[Watched, str, str, str],
) -> None:
    watched, _, label, other = two_labels
    page = watched.page
    before = page.evaluate("keys => keys.map(key => cxr.threshold(key))", [label, other])
    page.evaluate(_HOLD, "..card-title")
    page.select_option("#card-label", other)
    page.wait_for_function("() => heldBack() === 1")
    page.focus("#card-cut-slider")
    page.keyboard.press("PageUp")
    frames(page)
    page.evaluate("letGo()")
    drawn(page, other)
    watched.quiet()
    assert page.evaluate("keys => keys.map(key => cxr.threshold(key))", [label, other]) == before
    assert page.evaluate("cxr.state.thresholds") == {}


def test_a_page_that_is_closed_before_it_came_says_no_error(watched: Watched) -> None:
    page = watched.page
    page.evaluate(_HOLD, "..card-title")
    page.click("#card-open")
    page.wait_for_function("() => heldBack() === 1")
    page.keyboard.press("Escape")
    expect(page.locator(".modal")).to_have_count(0)
    page.evaluate("letGo()")
    watched.quiet()
    frames(page)
