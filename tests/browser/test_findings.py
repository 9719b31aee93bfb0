"""The model's answer in words, how sure it is, and the cut that a reader chose for good."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from steps import choose_label, choose_model, frames, in_view, open_films
from watched import Watched

pytestmark = pytest.mark.browser

# A drawn answer of the model in view: every probability a tenth of its cut, no film behind it.
_ANSWER = """changes => {
    const answer = {
        model: cxr.state.facts.id, film: 'drawn', error: null, quality: {verdict: 'ok', reasons: []},
        probabilities: {}, heat: {}, trust: {}, trust_verdict: {},
    };
    for (const {key} of cxr.modelLabels()) {
        answer.probabilities[key] = cxr.defaultThreshold(key) / 10;
        answer.heat[key] = {peak: 0, flat: true, at: []};
        answer.trust_verdict[key] = 'none';
    }
    for (const [key, value] of Object.entries(changes.probabilities || {})) answer.probabilities[key] = value;
    for (const [key, at] of Object.entries(changes.hot || {})) {
        answer.heat[key] = {peak: 1, flat: false, at};
        answer.trust_verdict[key] = changes.trust || 'good';
    }
    if (changes.verdict) answer.quality = {verdict: changes.verdict, reasons: ['It looks lateral.']};
    const key = cxr.answerKey(answer.model, 'drawn');
    if (changes.anyway) cxr.showAnyway(key);
    const words = cxr.conclusion.words({film: 'drawn', status: 'kept'}, answer);
    cxr.showAnyway(key, false);
    const place = ({key}) => [key, cxr.conclusion.placeOf(answer, key)];
    const places = Object.fromEntries(cxr.modelLabels().map(place));
    return {...words, places, sure: cxr.conclusion.sure(answer, 'pneumonia').sentence};
}"""


def said(still: Page, **changes: Any) -> dict[str, Any]:
    """Headline, names, summary, tone and places of a drawn answer."""
    return dict(still.evaluate(_ANSWER, changes))


def test_one_finding_above_its_cut_is_counted_named_and_placed(still: Page) -> None:
    found = said(still, probabilities={"pneumonia": 0.99}, hot={"pneumonia": [[0.8, 0.7]]})
    assert found["headline"] == "1 finding to check"
    assert found["names"] == "To check: pneumonia."
    assert found["places"]["pneumonia"] == "picture right, lower third"
    assert found["tone"] == "above"


def test_under_the_headline_stands_how_many_films_without_a_finding_these_cuts_flag(still: Page) -> None:
    found = said(still, probabilities={"pneumonia": 0.99})
    assert re.match(r"At these thresholds 1 in \d+ films without a finding is flagged\. ", found["summary"])
    own = "() => { const [{key}] = cxr.modelLabels(); cxr.setThresholds({[key]: cxr.threshold(key) / 2}); }"
    still.evaluate(own)
    assert "films without a finding" not in said(still, probabilities={"pneumonia": 0.99})["summary"]
    still.evaluate("() => cxr.choices.forget()")


@pytest.mark.parametrize(
    ("at", "place"),
    [
        ([0.2, 0.1], "picture left, upper third"),
        ([0.5, 0.5], "picture middle, middle third"),
        ([0.57, 1.0], "picture right, lower third"),
    ],
)
def test_the_place_is_said_in_thirds_and_sides_of_the_picture(
    still: Page, at: list[float], place: str
) -> None:
    assert said(still, probabilities={"mass": 0.99}, hot={"mass": [at]})["places"]["mass"] == place


@pytest.mark.parametrize(
    ("other", "place"),
    [([0.2, 0.7], "both sides of the picture, lower third"), ([0.2, 0.1], "both sides of the picture")],
)
def test_no_side_is_named_where_the_other_is_about_as_hot(
    still: Page, other: list[float], place: str
) -> None:
    found = said(still, probabilities={"mass": 0.99}, hot={"mass": [[0.8, 0.7], other]})
    assert found["places"]["mass"] == place


@pytest.mark.parametrize(
    "changes",
    [{}, *({"hot": {"mass": [[0.8, 0.7]]}, "trust": trust} for trust in ("poor", "caution"))],
    ids=["flat", "poor", "caution"],
)
def test_no_place_is_said_where_heat_is_flat_or_not_to_be_relied_on(
    still: Page, changes: dict[str, Any]
) -> None:
    found = said(still, probabilities={"mass": 0.99}, **changes)
    assert found["names"] == "To check: mass."
    assert found["places"]["mass"] is None


def test_every_finding_is_named_and_one_that_sums_up_the_others_is_not_counted(still: Page) -> None:
    high = dict.fromkeys(("mass", "nodule", "edema", "effusion", "finding"), 0.99)
    found = said(still, probabilities=high)
    assert found["headline"] == "4 findings to check"
    for name in ("mass", "nodule", "edema", "effusion"):
        assert name in found["names"]
    assert "finding" not in found["names"]
    assert "more" not in found["names"]


def test_any_finding_alone_is_one_finding_to_check(still: Page) -> None:
    assert said(still, probabilities={"finding": 0.99})["headline"] == "1 finding to check"


def test_nothing_above_names_the_nearest_and_does_not_call_the_film_normal(still: Page) -> None:
    found = said(still)
    assert found["headline"] == "Nothing above its threshold."
    assert found["summary"].startswith("Closest: ")
    assert "That does not make the film normal." in found["summary"]
    assert found["tone"] == "clear"


def test_a_reassuring_class_alone_above_its_cut_does_not_rule_out_disease(page: Page) -> None:
    choose_model(page, "covid")
    found = said(page, probabilities={"normal": 0.99})
    assert found["headline"] == "Only normal is above its threshold."
    assert "That does not rule out disease." in found["summary"]


def test_a_film_that_cannot_be_judged_has_no_figure_in_its_words(still: Page) -> None:
    found = said(still, probabilities={"pneumonia": 0.99}, verdict="reject")
    assert found["headline"] == "Cannot judge this film."
    assert not re.search(r"\d", found["headline"] + found["summary"])
    assert found["tone"] == "reject"


def test_figures_of_a_refused_film_announce_no_finding_and_no_certainty(still: Page) -> None:
    found = said(still, probabilities={"pneumonia": 0.99}, verdict="reject", anyway=True)
    assert found["headline"] == "Cannot judge this film; its figures are shown anyway."
    assert "1 finding to check" in found["summary"]
    assert "pneumonia" not in found["headline"] + found["summary"]
    assert found["sure"] == "How sure this is cannot be said: no held-out film was like this picture."


def test_every_row_says_how_sure_it_is_and_draws_it(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    in_view(page)
    # the drawn phantoms that stand in for missing films may be refused, and of those nothing is sure
    page.evaluate(
        "() => { cxr.answerOf(cxr.rowInView()).quality = {verdict: 'ok', reasons: []}; cxr.changed(); }"
    )
    frames(page)
    shown = page.evaluate(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            return cxr.modelLabels().map(({key}) => {
                const {near, sentence} = cxr.conclusion.sure(answer, key);
                const own = answer.probabilities[key];
                const row = document.querySelector(`#findings [data-label="${key}"]`);
                const track = row.querySelector('.track').getBoundingClientRect();
                const line = row.querySelector('.finding-sure').getBoundingClientRect();
                return {
                    near, sentence, own, visible: row.checkVisibility(),
                    split: cxr.heldOut.splitName(cxr.heldOut.split(key).split),
                    spoken: row.getAttribute('aria-label'), tip: row.title,
                    ends: near ? near.interval.map(cxr.statistics.scale) : null,
                    drawn: [line.left, line.right].map(x => (x - track.left) / track.width),
                };
            });
        }"""
    )
    assert any(one["visible"] for one in shown)
    for one in shown:
        near, counted = one["near"], f"held-out films ({one['split']})"
        assert one["sentence"] in one["spoken"]
        if near is None:
            assert f"every held-out film measured ({one['split']})" in one["sentence"]
        elif near["interval"][0] <= one["own"] <= near["interval"][1]:
            assert f"{near['found']} of {near['total']} {counted}" in one["spoken"]
        else:
            assert "often than the" in one["sentence"]
        assert re.search(r", (above|below) its threshold of ", one["spoken"])
        assert one["tip"] == one["spoken"]
        if one["visible"] and near is not None:
            np.testing.assert_allclose(one["drawn"], one["ends"], atol=0.01)
    label = page.evaluate("() => cxr.labelInView()")
    chosen = page.locator(f'#findings [data-label="{label}"]').get_attribute("aria-label")
    assert chosen is not None
    assert page.inner_text("#how-sure").replace("\u00a0", " ") in chosen.replace("\u00a0", " ")


def test_the_place_of_the_heat_follows_the_picture_as_it_is_flipped_and_turned(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    place = """() => {
        const real = cxr.answerOf(cxr.rowInView());
        const heat = {mass: {peak: 1, flat: false, at: [[0.9, 0.1]]}};
        return cxr.conclusion.placeOf({...real, heat, trust_verdict: {}, quality: {verdict: 'ok'}}, 'mass');
    }"""
    seen = [page.evaluate(place)]
    for key in "xr":
        page.keyboard.press(key)
        frames(page)
        seen.append(page.evaluate(place))
    # the right upper corner, mirrored to the left, then turned clockwise back to the right
    assert seen == ["picture right, upper third", "picture left, upper third", "picture right, upper third"]


def _point(page: Page) -> tuple[float, float]:
    """The point's place on the curve: false alarms and sensitivity as the drawing has them, 0-1."""
    x, y = page.evaluate(
        """() => {
            const frame = document.querySelector('.roc-frame').getBBox();
            const point = document.querySelector('.roc-point');
            return [(point.getAttribute('cx') - frame.x) / frame.width,
                    1 - (point.getAttribute('cy') - frame.y) / frame.height];
        }"""
    )
    return x, y


def _measured(page: Page) -> tuple[float, float]:
    """The same as the four figures say it."""
    sensitivity, specificity = page.evaluate(
        """() => {
            const label = cxr.labelInView(), held = cxr.heldOut.split(label);
            const scores = [held.positives[label], held.negatives[label]];
            const all = cxr.statistics.consequences(...scores, cxr.threshold(label), 0.1);
            return [all.sensitivity.value, all.specificity.value];
        }"""
    )
    return 1 - specificity, sensitivity


def test_the_point_on_the_roc_curve_and_the_slider_move_each_other_without_a_request(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    choose_label(page, "effusion")
    watched.quiet()
    asked = len(watched.requests)
    page.keyboard.press("g")
    page.locator("#roc").wait_for(state="visible")
    assert page.get_attribute("#roc-toggle", "aria-expanded") == "true"
    places = []
    for position in (300, 700):
        page.locator("#cut-range").fill(str(position))
        frames(page)
        assert _point(page) == pytest.approx(_measured(page))
        places.append(_point(page))
    assert places[0][1] > places[1][1]
    frame = page.locator(".roc-frame").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 0.9 * frame["width"], frame["y"] + 0.1 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.5 * frame["width"], frame["y"] + 0.2 * frame["height"], steps=3)
    page.mouse.up()
    frames(page)
    dragged = _point(page)
    assert dragged == pytest.approx(_measured(page))
    assert 0.2 < dragged[0] < 0.8
    slider = float(page.input_value("#cut-range")) / 1000
    cut = page.evaluate("() => cxr.threshold(cxr.labelInView())")
    assert slider == pytest.approx(2 / np.pi * np.arcsin(np.sqrt(cut)), abs=1e-3)
    page.keyboard.press("ArrowRight")  # the point has the keyboard: more sensitive, not the next finding
    frames(page)
    assert page.evaluate("() => cxr.labelInView()") == "effusion"
    assert page.evaluate("() => cxr.threshold(cxr.labelInView())") < cut
    assert len(watched.requests) == asked


def test_presets_and_steps_of_the_cut_have_keys(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    in_view(page)
    cut = "() => cxr.threshold(cxr.labelInView())"
    default = page.evaluate(cut)
    page.keyboard.press("p")
    frames(page)
    pressed = page.locator('.chip[aria-pressed="true"]').first.get_attribute("data-point")
    assert page.evaluate(cut) == page.evaluate("key => cxr.point(key).thresholds[cxr.labelInView()]", pressed)
    page.keyboard.press("]")
    frames(page)
    higher = page.evaluate(cut)
    page.keyboard.press("[")
    page.keyboard.press("[")
    frames(page)
    assert page.evaluate(cut) < higher
    page.click("#cut-defaults")
    frames(page)
    assert page.evaluate(cut) == default


@pytest.mark.parametrize(
    ("fixture", "words"),
    [
        ("watched", ("2 findings to check", "just above", "11 findings below · closest: ")),
        (
            "spanish",
            ("2 hallazgos por revisar", "apenas por encima", "11 hallazgos por debajo · más cercano: "),
        ),
    ],
)
def test_headline_rows_and_list_count_the_same_and_what_is_below_is_one_line(
    request: pytest.FixtureRequest, films: list[Path], fixture: str, words: tuple[str, str, str]
) -> None:
    headline, close, below = words
    page = request.getfixturevalue(fixture).page
    open_films(page, films[:1])
    in_view(page)
    page.evaluate(
        """() => {
            const answer = cxr.answerOf(cxr.rowInView());
            const low = ({key}) => [key, cxr.threshold(key) / 10];
            const probabilities = Object.fromEntries(cxr.modelLabels().map(low));
            probabilities.mass = 0.99;
            probabilities.effusion = cxr.threshold('effusion') + 0.001;
            probabilities.finding = 0.99;
            cxr.hear({...answer, probabilities, quality: {verdict: 'ok', reasons: []}});
            cxr.changed();
        }"""
    )
    frames(page)
    assert page.inner_text("#headline") == headline
    rows = page.locator("#findings .finding:visible")
    assert rows.count() == page.locator("#findings .finding.above:visible").count() == 2
    assert page.locator(".row .row-note").inner_text().startswith("2 ")
    assert page.locator("#findings .borderline .finding-place").inner_text().endswith(close)
    more = page.locator("#more")
    assert more.inner_text().startswith(below)
    line = more.bounding_box()
    assert line is not None
    assert line["y"] + line["height"] <= 720
    more.click()
    frames(page)
    assert rows.count() == page.evaluate("() => cxr.modelLabels().length")
