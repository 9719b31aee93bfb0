"""Agreement and kappa of a list, as the page's script works them out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from sklearn.metrics import cohen_kappa_score

pytestmark = pytest.mark.browser


def agreement(page: Page, pairs: list[tuple[bool, bool]]) -> Any:
    return page.evaluate("pairs => cxr.agreement.of(pairs)", [list(map(bool, pair)) for pair in pairs])


def test_kappa_is_that_of_scikit_learn(still: Page) -> None:
    generator = np.random.default_rng(11)
    for films, alike in itertools.product((6, 40, 300), (0.1, 0.5, 0.9)):
        first = generator.random(films) < 0.4
        second = np.where(generator.random(films) < alike, first, generator.random(films) < 0.4)
        first[:2], second[:2] = (True, False), (True, False)
        found = agreement(still, list(zip(first.tolist(), second.tolist(), strict=True)))
        assert found["kappa"]["value"] == pytest.approx(cohen_kappa_score(first, second))
        assert found["share"] == pytest.approx(np.mean(first == second))


def test_the_error_of_kappa_is_what_follows_from_the_counts_by_the_delta_method(still: Page) -> None:
    """The closed form of Fleiss, Cohen and Everitt against slopes by small steps: two classes, and three."""

    def kappa(shares: Any) -> float:
        expected = shares.sum(1) @ shares.sum(0) / shares.sum() ** 2
        return float((np.trace(shares) / shares.sum() - expected) / (1 - expected))

    for counts in ([[40, 7], [12, 60]], [[75, 1, 4], [5, 4, 1], [0, 0, 10]]):
        shares = np.array(counts) / np.sum(counts)
        step = 1e-6
        moved = np.eye(shares.size).reshape(-1, *shares.shape) * step
        slopes = np.array([(kappa(shares + by) - kappa(shares - by)) / (2 * step) for by in moved])
        spread = np.diag(shares.ravel()) - np.outer(shares.ravel(), shares.ravel())
        error = np.sqrt(slopes @ spread @ slopes / np.sum(counts))
        found = still.evaluate("counts => cxr.agreement.kappa(counts)", counts)
        low, high = found["interval"]
        assert found["value"] == pytest.approx(kappa(shares))
        assert (high - low) / 2 / 1.959963984540054 == pytest.approx(error, rel=1e-4)


def test_the_interval_of_kappa_holds_what_resampled_films_give(still: Page) -> None:
    generator = np.random.default_rng(2)
    pairs = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [30, 12, 18, 90], axis=0).astype(bool)
    again = [pairs[generator.integers(0, len(pairs), len(pairs))] for _ in range(400)]
    resampled = [cohen_kappa_score(sample[:, 0], sample[:, 1]) for sample in again]
    low, high = agreement(still, pairs.tolist())["kappa"]["interval"]
    np.testing.assert_allclose([low, high], np.quantile(resampled, [0.025, 0.975]), atol=0.03)


def test_where_kappa_says_nothing_it_is_not_given(still: Page) -> None:
    cases: list[tuple[list[tuple[bool, bool]], str]] = [
        ([], "few"),
        ([(True, True)], "few"),
        ([(True, True)] * 5, "constant"),
        ([(False, True), (False, False)] * 3, "constant"),
        ([(True, True), (False, False)] * 3, "degenerate"),
    ]
    for pairs, why in cases:
        found = agreement(still, pairs)["kappa"]
        assert found["why"] == why
        assert found["interval"] is None
        assert (found["value"] is None) == (why != "degenerate")
