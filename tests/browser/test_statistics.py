"""The browser counts as Python counts."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.operating_points import predictive_values, threshold_table, wilson_interval
from cxr_dash.inference.schema import HeldOut

pytestmark = pytest.mark.browser


def test_wilson_intervals_are_those_of_the_server(still: Page) -> None:
    for total in (1, 7, 368):
        counts = sorted({0, 1, total // 2, total})
        low, high = wilson_interval(counts, total)
        found = still.evaluate(
            "([counts, n]) => counts.map(k => cxr.statistics.wilson(k, n))", [counts, total]
        )
        np.testing.assert_allclose(found, np.column_stack([low, high]), atol=1e-12)


def test_consequences_of_every_cut_are_those_of_the_threshold_table(still: Page) -> None:
    generator = np.random.default_rng(3)
    truths = generator.integers(0, 2, 120)
    probabilities = np.round(np.clip(generator.normal(0.4 + 0.2 * truths, 0.2), 0, 1), 3)
    held = HeldOut(
        split="test",
        description=LocalisedText(en="–", es="–"),
        probabilities={"mass": probabilities.tolist()},
        truths={"mass": truths.tolist()},
    )
    table = threshold_table(held, "mass")
    found = still.evaluate(
        """([positives, negatives, thresholds]) => thresholds.map(
            threshold => cxr.statistics.consequences(positives, negatives, threshold, 0.1))""",
        [
            sorted(probabilities[truths == 1].tolist()),
            sorted(probabilities[truths == 0].tolist()),
            table.thresholds.tolist(),
        ],
    )
    for name in ("sensitivity", "specificity"):
        np.testing.assert_allclose([item[name]["value"] for item in found], getattr(table, name), atol=1e-12)
        lows = [item[name]["interval"][0] for item in found]
        np.testing.assert_allclose(lows, getattr(table, f"{name}_low"), atol=1e-12)
    ppv, npv = predictive_values(table.sensitivity, table.specificity, 0.1)
    for name, expected in (("ppv", ppv), ("npv", npv)):
        values = [np.nan if item[name]["value"] is None else item[name]["value"] for item in found]
        np.testing.assert_allclose(values, expected, atol=1e-12)
    assert {sum(item["perThousand"].values()) for item in found} == {1000}


def test_predictive_intervals_follow_the_adjusted_logit_formula(still: Page) -> None:
    """Mercaldo, Lau and Zhou 2007, adjusted logit, by the formula written out in NumPy."""
    found, positives, cleared, negatives, prevalence = 40, 50, 180, 200, 0.05
    k2 = 1.959963984540054**2
    se, sp = (found + k2 / 2) / (positives + k2), (cleared + k2 / 2) / (negatives + k2)
    n1, n0 = positives + k2, negatives + k2
    logit = np.log(se * prevalence / ((1 - sp) * (1 - prevalence)))
    half = np.sqrt(k2) * np.sqrt((1 - se) / (se * n1) + sp / ((1 - sp) * n0))
    expected = 1 / (1 + np.exp(-(logit + np.array([-half, half]))))
    got = still.evaluate(
        "a => cxr.statistics.predictiveIntervals(...a)", [found, positives, cleared, negatives, prevalence]
    )
    np.testing.assert_allclose(got["ppv"], expected, atol=1e-12)
    assert 0 < got["npv"][0] < got["npv"][1] < 1


def _nearest(positives: list[float], negatives: list[float], score: float, most: int) -> tuple[int, int]:
    """How many of the nearest films had the finding, and how many these are: as many below as above."""
    scores = np.array([*positives, *negatives])
    truths = np.array([1] * len(positives) + [0] * len(negatives))
    below, above = np.sort(scores[scores <= score])[::-1], np.sort(scores[scores >= score])
    side = max(5, min(most // 2, len(below), len(above)))
    lowest, highest = below[min(side, len(below)) - 1], above[min(side, len(above)) - 1]
    near = (scores >= lowest) & (scores <= highest)
    return int(truths[near].sum()), int(near.sum())


@pytest.mark.parametrize("score", [0.05, 0.3, 0.55, 0.88])
def test_how_sure_is_counted_on_the_films_with_the_nearest_scores(still: Page, score: float) -> None:
    generator = np.random.default_rng(5)
    # steps of a hundredth: many films score alike, and whoever scores as the last one counts too
    positives = sorted(np.round(generator.beta(4, 3, 120), 2).tolist())
    negatives = sorted(np.round(generator.beta(2, 5, 280), 2).tolist())
    found, total = _nearest(positives, negatives, score, 60)
    near = still.evaluate("a => cxr.statistics.nearest(...a)", [positives, negatives, score])
    assert (near["found"], near["total"]) == (found, total)
    assert total >= 6
    low, high = wilson_interval(np.array([found]), total)
    assert near["interval"] == pytest.approx([low[0], high[0]])
    within = [value for value in positives + negatives if near["span"][0] <= value <= near["span"][1]]
    assert len(within) == total


@pytest.mark.parametrize(("films", "total"), [(79, None), (80, 20), (400, 60)])
def test_how_sure_takes_a_quarter_of_few_films_and_says_nothing_of_fewer(
    still: Page, films: int, total: int | None
) -> None:
    scores = np.linspace(0.01, 0.99, films).round(5).tolist()
    near = still.evaluate("a => cxr.statistics.nearest(...a)", [scores[::2], scores[1::2], 0.4999])
    assert (near and near["total"]) == total


def test_the_roc_curve_and_its_area_are_those_of_pairs_of_films(still: Page) -> None:
    generator = np.random.default_rng(8)
    positives = np.sort(np.round(generator.beta(4, 3, 40), 1))
    negatives = np.sort(np.round(generator.beta(2, 4, 70), 1))
    corners = still.evaluate("a => cxr.statistics.roc(...a)", [positives.tolist(), negatives.tolist()])
    assert (corners[0]["sensitivity"], corners[0]["alarms"]) == (0, 0)
    assert (corners[-1]["sensitivity"], corners[-1]["alarms"]) == (1, 1)
    for corner in corners[1:]:
        assert corner["sensitivity"] == pytest.approx((positives >= corner["threshold"]).mean())
        assert corner["alarms"] == pytest.approx((negatives >= corner["threshold"]).mean())
    pairs = positives[:, np.newaxis] - negatives
    area = still.evaluate("a => cxr.statistics.auroc(...a)", [positives.tolist(), negatives.tolist()])
    assert area == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_the_scale_of_the_bars_is_monotone_and_turns_back(still: Page) -> None:
    shares = np.linspace(0, 1, 101)
    positions = np.array(still.evaluate("p => p.map(cxr.statistics.scale)", shares.tolist()))
    back = still.evaluate("x => x.map(cxr.statistics.unscale)", positions.tolist())
    assert (np.diff(positions) > 0).all()
    assert positions[[0, 50, 100]] == pytest.approx([0, 0.5, 1])
    np.testing.assert_allclose(back, shares, atol=1e-12)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0004, "<0.1 %"),
        (0.042, "4.2 %"),
        (0.42, "42 %"),
        (0.9951, "99.5 %"),
        (0.9999, ">99.9 %"),
        (0, "0 %"),
    ],
)
def test_percentages_are_never_falsely_zero_or_hundred(still: Page, share: float, words: str) -> None:
    assert still.evaluate("share => cxr.words.percent(share)", share).replace("\u00a0", " ") == words


def test_an_interval_holds_its_figure_even_where_nobody_was_found(still: Page) -> None:
    for positives, negatives in (([0.1, 0.2], [0.05] * 70 + [0.9] * 8), ([0.9] * 5, [0.1] * 5)):
        found = still.evaluate(
            "([p, n]) => cxr.statistics.consequences(p, n, 0.5, 0.45)", [positives, negatives]
        )
        for name in ("ppv", "npv"):
            low, high = found[name]["interval"]
            assert low <= found[name]["value"] <= high
