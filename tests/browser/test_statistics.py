"""The browser counts as Python counts."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from cxr_dash.inference.operating_points import predictive_values, threshold_table, wilson_interval
from cxr_dash.inference.schema import HeldOut

pytestmark = pytest.mark.browser


def test_wilson_intervals_are_those_of_the_server(page: Page) -> None:
    for total in (1, 7, 368):
        counts = sorted({0, 1, total // 2, total})
        low, high = wilson_interval(counts, total)
        found = page.evaluate(
            "([counts, n]) => counts.map(k => cxr.statistics.wilson(k, n))", [counts, total]
        )
        np.testing.assert_allclose(found, np.column_stack([low, high]), atol=1e-12)


def test_consequences_of_every_cut_are_those_of_the_threshold_table(page: Page) -> None:
    generator = np.random.default_rng(3)
    truths = generator.integers(0, 2, 120)
    probabilities = np.round(np.clip(generator.normal(0.4 + 0.2 * truths, 0.2), 0, 1), 3)
    held = HeldOut(
        split="test",
        description_en="",
        description_es="",
        probabilities={"mass": probabilities.tolist()},
        truths={"mass": truths.tolist()},
    )
    table = threshold_table(held, "mass")
    found = page.evaluate(
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


def test_predictive_intervals_follow_the_adjusted_logit_formula(page: Page) -> None:
    """Mercaldo, Lau and Zhou 2007, adjusted logit, by the formula written out in NumPy."""
    found, positives, cleared, negatives, prevalence = 40, 50, 180, 200, 0.05
    k2 = 1.959963984540054**2
    se, sp = (found + k2 / 2) / (positives + k2), (cleared + k2 / 2) / (negatives + k2)
    n1, n0 = positives + k2, negatives + k2
    logit = np.log(se * prevalence / ((1 - sp) * (1 - prevalence)))
    half = np.sqrt(k2) * np.sqrt((1 - se) / (se * n1) + sp / ((1 - sp) * n0))
    expected = 1 / (1 + np.exp(-(logit + np.array([-half, half]))))
    got = page.evaluate(
        "a => cxr.statistics.predictiveIntervals(...a)", [found, positives, cleared, negatives, prevalence]
    )
    np.testing.assert_allclose(got["ppv"], expected, atol=1e-12)
    assert 0 < got["npv"][0] < got["npv"][1] < 1


def test_the_scale_of_the_bars_is_monotone_and_turns_back(page: Page) -> None:
    shares = np.linspace(0, 1, 101)
    positions = np.array(page.evaluate("p => p.map(cxr.statistics.scale)", shares.tolist()))
    back = page.evaluate("x => x.map(cxr.statistics.unscale)", positions.tolist())
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
def test_percentages_are_never_falsely_zero_or_hundred(page: Page, share: float, words: str) -> None:
    assert page.evaluate("share => cxr.words.percent(share)", share).replace("\u00a0", " ") == words


def test_an_interval_holds_its_figure_even_where_nobody_was_found(page: Page) -> None:
    for positives, negatives in (([0.1, 0.2], [0.05] * 70 + [0.9] * 8), ([0.9] * 5, [0.1] * 5)):
        found = page.evaluate(
            "([p, n]) => cxr.statistics.consequences(p, n, 0.5, 0.45)", [positives, negatives]
        )
        for name in ("ppv", "npv"):
            low, high = found[name]["interval"]
            assert low <= found[name]["value"] <= high
