"""DeLong's test against published figures, a comparison of every pair, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cxr_dash.errors import TrainingError
from training import metrics as m
from training.evaluation.delong import delong_covariance, delong_test

# The data of DeLong, DeLong and Clarke-Pearson (1988) as printed in the User's Guide of SAS/STAT, "Comparing
# Receiver Operating Characteristic Curves": albumin, total protein, K-G score, and 0 or 1 for the outcome.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1
3.8 5.7  5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0
2.3 4.4  6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
3.1 6.6  6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0
3.7 6.1  5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1
3.3 5.7  6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


@pytest.fixture(scope="module")
def ovarian() -> dict[str, np.ndarray]:
    albumin, protein, score, truths = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4).T
    return {"albumin": albumin, "protein": protein, "kg": 10 - score, "truths": truths}


def every_pair(scores: np.ndarray, truths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's definition word by word: every positive against every negative film."""
    positive, negative = scores[:, truths == 1], scores[:, truths == 0]
    gap = positive[:, :, None] - negative[:, None, :]
    wins = (gap > 0) + 0.5 * (gap == 0)
    v10, v01 = wins.mean(axis=2), wins.mean(axis=1)
    covariance = np.cov(v10) / positive.shape[1] + np.cov(v01) / negative.shape[1]
    return wins.mean(axis=(1, 2)), covariance


def two_models(seed: int, films: int = 120, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two correlated models; the second separates better by ``gain``."""
    rng = np.random.default_rng(seed)
    truths = (np.arange(films) % 3 == 0).astype(float)
    common = rng.normal(0, 1, films)
    first, second = (0.8 * common + 0.6 * rng.normal(0, 1, films) for _ in range(2))
    return truths + first, (1 + gain) * truths + second, truths


def test_aurocs_and_errors_are_those_published_for_the_data_of_delong(ovarian):
    scores = np.stack([ovarian["albumin"], ovarian["kg"], ovarian["protein"]])
    aurocs, covariance = delong_covariance(scores, ovarian["truths"])
    np.testing.assert_allclose(aurocs, [0.7366, 0.7258, 0.6478], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.0927, 0.1028, 0.1000], atol=5e-5)


@pytest.mark.parametrize(
    ("other", "published"),
    [
        ("albumin", [0.0108, 0.0953, -0.1761, 0.1976, 0.0127, 0.9102]),
        ("protein", [-0.0780, 0.1046, -0.2830, 0.1271, 0.5554, 0.4561]),
    ],
)
def test_difference_error_interval_chi_square_and_p_are_those_published(ovarian, other, published):
    found = delong_test(ovarian["kg"], ovarian[other], ovarian["truths"])
    np.testing.assert_allclose(
        [found.difference, found.standard_error, found.low, found.high, found.z**2, found.p],
        published,
        atol=5.1e-5,
    )


@pytest.mark.parametrize("digits", [1, 6])
def test_midranks_equal_the_comparison_of_every_pair_with_and_without_ties(digits):
    first, second, truths = two_models(0)
    scores = np.round(np.stack([first, second]), digits)
    aurocs, covariance = delong_covariance(scores, truths)
    expected, by_pairs = every_pair(scores, truths)
    np.testing.assert_allclose(aurocs, expected, atol=1e-12)
    np.testing.assert_allclose(covariance, by_pairs, atol=1e-12)
    np.testing.assert_allclose(aurocs, [roc_auc_score(truths, row) for row in scores], atol=1e-12)


def test_swapping_the_models_turns_the_sign_and_keeps_p():
    first, second, truths = two_models(1, gain=0.5)
    one, other = delong_test(first, second, truths), delong_test(second, first, truths)
    assert one.z == pytest.approx(-other.z)
    assert one.p == pytest.approx(other.p)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_models_that_are_alike_are_called_different_in_one_of_twenty_simulations():
    p = np.array([delong_test(*two_models(seed)).p for seed in range(400)])
    # 400 draws at 5 %: 20, give or take 4.4; three of these
    assert 7 <= (p < 0.05).sum() <= 33
    assert 0.4 < p.mean() < 0.6


def test_a_better_model_is_found_and_its_gain_lies_in_the_interval():
    found = [delong_test(*two_models(seed, films=300, gain=0.6)) for seed in range(100)]
    gain = np.mean([test.difference for test in found])
    assert sum(test.p < 0.05 for test in found) > 80
    assert 88 <= sum(test.low <= gain <= test.high for test in found) <= 100


def test_the_interval_is_that_of_resampled_patients_only_where_each_has_one_film():
    first, second, truths = two_models(5, films=300, gain=0.3)

    def width(groups: list[str], repeat: int) -> float:
        pair = [np.repeat(scores, repeat) for scores in (first, second)]
        weights = m.bootstrap_weights(groups, 600, 0)
        samples = [m.auroc(scores, np.repeat(truths, repeat), weights) for scores in pair]
        low, high = np.percentile(samples[1] - samples[0], [2.5, 97.5])
        return float(high - low)

    single = delong_test(first, second, truths)
    assert width([str(i) for i in range(300)], 1) == pytest.approx(single.high - single.low, rel=0.15)
    # four copies of every film tell nothing new, but DeLong's interval halves
    copies = delong_test(*(np.repeat(values, 4) for values in (first, second, truths)))
    assert copies.high - copies.low < 0.6 * (single.high - single.low)
    assert width([str(i // 4) for i in range(1200)], 4) == pytest.approx(single.high - single.low, rel=0.15)


def test_equal_models_differ_by_nothing():
    first, _, truths = two_models(2)
    found = delong_test(first, 2 * first + 1, truths)
    assert (found.difference, found.standard_error, found.z, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_a_gap_without_any_variance_is_not_tested():
    truths = np.array([0.0, 0.0, 1.0, 1.0])
    found = delong_test(-truths, truths, truths)
    assert found.difference == 1.0
    assert found.z is None
    assert found.p is None


def test_one_positive_film_is_too_few():
    with pytest.raises(TrainingError, match="two positive and two negative films; received 1 and 3"):
        delong_test(np.arange(4.0), np.arange(4.0), np.array([0.0, 0.0, 0.0, 1.0]))
