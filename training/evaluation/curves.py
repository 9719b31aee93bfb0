"""ROC, precision-recall and reliability curves as arrays, for whoever draws them."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float64Array
from training.evaluation.result import Curve, LabelCurves, Reliability
from training.metrics import ECE_BINS

MAX_POINTS = 1000
_DIGITS = 6


def label_curves(probabilities: Float64Array, truths: Float64Array) -> LabelCurves:
    """The curves of one label; films of both kinds must be there.

    A curve of more than 1,000 points is thinned evenly, ends kept.

    Parameters
    ----------
    probabilities : ndarray, shape (n,), 0-1
    truths : ndarray, shape (n,), 0 or 1
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_alarms, found, thresholds = roc_curve(truths, probabilities)
    precision, recall, cuts = precision_recall_curve(truths, probabilities, drop_intermediate=True)
    return LabelCurves(
        # its first threshold is infinite: nothing is called there
        roc=_curve(false_alarms, found, thresholds),
        # from the right: recall 0, precision 1 has no threshold
        precision_recall=_curve(recall[::-1], precision[::-1], np.append(np.inf, cuts[::-1])),
        reliability=_reliability(probabilities, truths),
    )


def _curve(x: Float64Array, y: Float64Array, thresholds: Float64Array) -> Curve:
    kept = np.arange(len(x))
    if len(x) > MAX_POINTS:
        kept = np.unique(np.linspace(0, len(x) - 1, MAX_POINTS).round().astype(int))
    return Curve(
        x=_rounded(x[kept]),
        y=_rounded(y[kept]),
        thresholds=[round(float(t), _DIGITS) if np.isfinite(t) else None for t in thresholds[kept]],
    )


def _reliability(probabilities: Float64Array, truths: Float64Array) -> Reliability:
    from sklearn.calibration import calibration_curve

    observed, mean = calibration_curve(truths, probabilities, n_bins=ECE_BINS, strategy="uniform")
    # the same bins as scikit-learn's, which does not say how many films are in each
    inner = np.linspace(0.0, 1.0, ECE_BINS + 1)[1:-1]
    counts = np.bincount(np.searchsorted(inner, probabilities), minlength=ECE_BINS)
    return Reliability(
        probability=_rounded(mean), observed=_rounded(observed), films=[int(n) for n in counts if n]
    )


def _rounded(values: Float64Array) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]
