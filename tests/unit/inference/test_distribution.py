"""Films unlike the training films lie far away."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.inference.distribution import embedding_distance
from cxr_dash.inference.schema import OutOfDistribution

FITTED = OutOfDistribution(
    mean=[1.0, 1.0, 1.0],
    components=[[1.0, 0.0, 0.0]],
    variances=[4.0],
    residual_variance=1.0,
    warn_above=2.0,
    reject_above=3.0,
    fitted_on="train",
    measured="",
)


def test_the_mean_is_at_distance_zero() -> None:
    assert embedding_distance(np.array([1.0, 1.0, 1.0]), FITTED) == pytest.approx(0.0)


def test_distance_is_in_standard_deviations_inside_and_outside_the_subspace() -> None:
    inside = embedding_distance(np.array([5.0, 1.0, 1.0]), FITTED)
    outside = embedding_distance(np.array([1.0, 4.0, 1.0]), FITTED)
    assert inside == pytest.approx(2.0)  # 4 away, standard deviation 2
    assert outside == pytest.approx(np.sqrt(9 / 3))  # mean square over three dimensions


def test_a_batch_gives_one_distance_per_film() -> None:
    assert embedding_distance(np.ones((5, 3)), FITTED).shape == (5,)
