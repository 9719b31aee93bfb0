"""Whether each label's maps know a finding's place better than the average place of its boxes does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_localisation import LabelPlace
from training.localisation.figures import SAMPLES, SEED, Measured, hits_interval
from training.metrics import bootstrap_weights, interval


def label_places(
    served: Sequence[Measured], template: Sequence[Measured], splits: str, samples: int = SAMPLES
) -> dict[str, LabelPlace]:
    """Peak in the box, of maps and template, by the label whose map is compared.

    Parameters
    ----------
    served, template : sequence of Measured
        One for each split, the same boxed findings in the same order in both.
    splits : str
        In words, for the bundle.
    samples : int
        Of the bootstrap.

    Returns
    -------
    dict of str to LabelPlace
    """
    keys = np.array([key for one in served for key in one.labels])
    groups = np.array([boxed.film.group for one in served for boxed in one.boxed])
    ours, theirs = (
        np.array([measure.pointing for one in method for measure in one.measures], dtype=np.float64)
        for method in (served, template)
    )
    found = {}
    for key in sorted(set(keys.tolist())):
        rows = np.flatnonzero(keys == key)
        resampling = bootstrap_weights(groups[rows].tolist(), samples, SEED)
        found[str(key)] = LabelPlace(
            films=len(rows),
            splits=splits,
            pointing=hits_interval(*_means(ours[rows], resampling), len(rows)),
            template=hits_interval(*_means(theirs[rows], resampling), len(rows)),
            gain=_gain(ours[rows] - theirs[rows], resampling),
        )
    return found


def _means(hits: Float64Array, resampling: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Of the films as they are, and of the resampled ones."""
    return hits.mean(keepdims=True), resampling @ hits / resampling.sum(axis=1)


def _gain(gains: Float64Array, resampling: Float64Array) -> Interval:
    return interval(*_means(gains, resampling))
