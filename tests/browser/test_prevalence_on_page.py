"""The reader's prevalence moves what is read, never what is called; how sure holds its own number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from steps import choose_label, choose_model, frames, in_view, open_films

from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.prevalence import shift_to_prevalence, shift_to_prevalences

pytestmark = pytest.mark.browser

_ACCEPTED = "() => { cxr.answerOf(cxr.rowInView()).quality = {verdict: 'ok', reasons: []}; cxr.changed(); }"
_ROWS = """() => cxr.rank(cxr.answerOf(cxr.rowInView())).map(
    ({key, probability, cut, above}) => [key, {probability, cut, above}])"""


def _called(rows: dict[str, dict[str, Any]]) -> dict[str, bool]:
    return {key: one["above"] for key, one in rows.items()}


def _rows(page: Page) -> dict[str, dict[str, Any]]:
    return dict(page.evaluate(_ROWS))


@pytest.fixture
def reading(page: Page, films: list[Path]) -> Page:
    """A film in view whose figures are shown."""
    open_films(page, films[:1])
    in_view(page)
    page.evaluate(_ACCEPTED)
    frames(page)
    return page


def test_the_shift_is_the_one_of_the_server(still: Page) -> None:
    cases = [(0.3, 0.2, 0.01), (0.999, 0.5, 0.03), (0.0, 0.1, 0.2), (0.42, 0.07, 0.07), (0.2, 0.0, 0.1)]
    found = still.evaluate("cases => cases.map(one => cxr.prevalence.shift(...one))", cases)
    assert found == pytest.approx([float(shift_to_prevalence(*case)) for case in cases])


def test_moving_the_prevalence_moves_the_row_and_its_cut_but_calls_nothing_anew(reading: Page) -> None:
    before = _rows(reading)
    label = str(reading.evaluate("() => cxr.labelInView()"))
    stated = reading.evaluate("label => cxr.prevalence.stated(label)", label)
    assert "this prevalence" not in reading.inner_text("#prevalence-stated")
    reading.fill("#prevalence-input", "0.5")
    frames(reading)
    after = _rows(reading)
    assert _called(after) == _called(before)
    for key, one in before.items():
        if key == label:
            for name in ("probability", "cut"):
                moved = float(shift_to_prevalence(one[name], stated, 0.005))
                assert after[key][name] == pytest.approx(moved)
        else:
            assert after[key] == one
    shown = reading.inner_text(f'#findings [data-label="{label}"] .finding-value')
    assert shown == reading.evaluate("p => cxr.words.percent(p)", after[label]["probability"])
    assert reading.inner_text("#cut-value").endswith(
        reading.evaluate("p => cxr.words.percent(p)", after[label]["cut"])
    )
    assert "are stated at this prevalence" in reading.inner_text("#prevalence-stated")
    reading.click("#prevalence .link")
    frames(reading)
    assert _rows(reading) == before


def test_classes_that_exclude_each_other_move_together(reading: Page) -> None:
    choose_model(reading, "covid")
    reading.wait_for_function("() => cxr.answerOf(cxr.rowInView())?.model === 'covid'")
    reading.evaluate(_ACCEPTED)
    choose_label(reading, "covid")
    before = _rows(reading)
    keys = reading.evaluate("() => cxr.modelLabels().map(one => one.key)")
    stated = reading.evaluate("() => cxr.state.facts.prevalence")
    reading.fill("#prevalence-input", "2")
    frames(reading)
    after = _rows(reading)
    own = np.array([before[key]["probability"] for key in keys])
    expected = shift_to_prevalences(own, keys, stated, {"covid": 0.02}, "softmax")
    assert [after[key]["probability"] for key in keys] == pytest.approx(expected.tolist())
    assert _called(after) == _called(before)
    for one in after.values():
        assert (one["probability"] >= one["cut"]) == one["above"]


def test_what_is_taken_away_is_stated_at_the_readers_prevalence(reading: Page) -> None:
    label = str(reading.evaluate("() => cxr.labelInView()"))
    assert reading.evaluate("() => cxr.exportBody.of([]).prevalences") == {}
    reading.fill("#prevalence-input", "3")
    frames(reading)
    assert reading.evaluate("() => cxr.exportBody.of([]).prevalences") == {label: 0.03}


# ---- how sure

_SURE = """([label, probability]) => {
    const answer = {
        model: cxr.state.facts.id, film: 'drawn', quality: {verdict: 'ok', reasons: []},
        probabilities: Object.fromEntries(cxr.modelLabels().map(({key}) => [key, probability])),
    };
    const {near, sentence} = cxr.conclusion.sure(answer, label);
    return {interval: near && near.interval, sentence};
}"""


@pytest.mark.parametrize("label", ["effusion", "nodule", "finding"])
def test_how_sure_holds_its_own_number_or_says_why_not_at_both_ends_and_between(
    still: Page, label: str
) -> None:
    """The interval has the stated probability in it; else the line says beyond, less often or more often."""
    held = still.evaluate(
        """label => {
            const held = cxr.heldOut.split(label);
            return [...held.positives[label], ...held.negatives[label]];
        }""",
        label,
    )
    between = np.quantile(held, np.linspace(0, 1, 40))
    scores = np.concatenate([[1e-6, 1e-3], between, [0.999, 1 - 1e-6]])
    agreed = 0
    for score in scores.tolist():
        found = still.evaluate(_SURE, [label, score])
        sentence = found["sentence"]
        if found["interval"] is None:
            assert (
                "lies above every held-out film" in sentence or "lies below every held-out film" in sentence
            )
            continue
        low, high = found["interval"]
        if low <= score <= high:
            agreed += 1
            assert re.search(r"^\d+ of \d+ held-out films", sentence)
        else:
            assert f"{'less' if high < score else 'more'} often than the" in sentence
    assert agreed > 10, "a test of nothing but the exceptions"


@pytest.mark.parametrize(("score", "words"), [(1.0, "above"), (0.0, "below")])
def test_a_score_beyond_every_film_measured_says_so_and_draws_no_interval(
    still: Page, score: float, words: str
) -> None:
    found = still.evaluate(_SURE, ["effusion", score])
    assert found["interval"] is None
    split = still.evaluate("() => cxr.heldOut.splitName(cxr.heldOut.split('effusion').split)")
    assert f"lies {words} every held-out film measured ({split})" in found["sentence"]


def test_films_near_the_end_of_all_scores_do_not_speak_for_one_beyond_most_of_them(still: Page) -> None:
    """As many films below as above, however few there are above: all of them score like this one."""
    scores = np.linspace(0.005, 0.995, 200)
    positives = [score for index, score in enumerate(scores) if (index * 7919) % 200 < 200 * score]
    negatives = [score for score in scores if score not in positives]
    near = still.evaluate("a => cxr.statistics.nearest(...a)", [positives, negatives, 0.97])
    assert near["total"] == 12
    assert near["span"] == pytest.approx([0.945, 0.995], abs=0.01)
    low, high = wilson_interval(np.array([near["found"]]), near["total"])
    assert near["interval"] == pytest.approx([low[0], high[0]])
    assert near["interval"][0] < 0.97 < near["interval"][1]


def test_a_preset_sets_all_cuts_unless_the_reader_wants_it_for_one_finding(reading: Page) -> None:
    point = reading.evaluate("() => cxr.state.facts.operating_points[1].key")
    cuts = "() => Object.fromEntries(cxr.modelLabels().map(({key}) => [key, cxr.threshold(key)]))"
    label = str(reading.evaluate("() => cxr.labelInView()"))
    before = reading.evaluate(cuts)
    press = "key => document.querySelector(`[data-point=${key}]`).click()"
    reading.evaluate("key => { for (const one of cxr.state.facts.operating_points) one.joint = false; }")
    wanted = reading.evaluate("key => cxr.point(key).thresholds", point)
    reading.evaluate("() => document.querySelector('#cut-alone').click()")
    reading.evaluate(press, point)
    assert reading.evaluate(cuts) == before | {label: wanted[label]}
    reading.evaluate("() => document.querySelector('#cut-alone').click()")
    reading.evaluate(press, point)
    assert reading.evaluate(cuts) == before | {key: one for key, one in wanted.items() if 0 < one < 1}
    reading.evaluate("key => { cxr.point(key).joint = true; }", point)
    reading.evaluate("key => document.querySelector(`[data-point=${key}]`).click()", point)
    assert reading.evaluate(cuts) == wanted
