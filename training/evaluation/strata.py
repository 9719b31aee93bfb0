"""AUROC over pairs of films of one stratum: what knowing source, projection, sex or age cannot explain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from training.metrics import Metric, within_source_auroc

MIN_OF_EACH_KIND = 5


def within_strata(strata: Sequence[str]) -> Metric:
    """:func:`training.metrics.within_source_auroc` of given strata."""

    def within(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        return within_source_auroc(scores, truths, strata, weights)

    return within


def enough_within(truths: Float64Array, strata: Sequence[str]) -> bool:
    """Whether strata with films of both kinds hold at least 5 of each kind together.

    Parameters
    ----------
    truths : ndarray, shape (n,), 0 or 1
    strata : sequence of str, length n
    """
    names = np.asarray(strata, dtype=str)
    mixed = [truths[names == name] for name in np.unique(names)]
    mixed = [part for part in mixed if 0 < part.sum() < len(part)]
    positives = sum(float(part.sum()) for part in mixed)
    return min(positives, sum(map(len, mixed)) - positives) >= MIN_OF_EACH_KIND
