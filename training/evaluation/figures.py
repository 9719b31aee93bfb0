"""The figures of an evaluation, label by label and averaged, with patient-level 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import Interval, LabelMetrics, SplitMetrics
from training import metrics as m
from training.evaluation import rates
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import LabelFigures
from training.metrics import Metric

_LEAST_PROBABILITY = 1e-12


def label_figures(
    base: SplitMetrics,
    called: Float64Array,
    scores: FilmScores,
    thresholds: dict[str, float] | None,
    resampling: Float64Array,
) -> dict[str, LabelFigures]:
    """Every figure of every label that has films of both kinds.

    Parameters
    ----------
    base : SplitMetrics
        Figures that need no decision, as a bundle holds them.
    called : ndarray, shape (n, C), 0 or 1
    scores : FilmScores
    thresholds : dict or None
        What decided; None where the most probable class did.
    resampling : ndarray, shape (samples, n)
    """
    return {
        key: _figures(
            base.labels[key],
            called[:, k],
            scores.targets[:, k],
            None if thresholds is None else thresholds[key],
            resampling,
        )
        for k, key in enumerate(scores.labels)
        if key in base.labels
    }


def _figures(
    known: LabelMetrics,
    called: Float64Array,
    truths: Float64Array,
    threshold: float | None,
    resampling: Float64Array,
) -> LabelFigures:
    def share(metric: Metric, whole: int) -> Interval | None:
        return m.measure_share(metric, called, truths, resampling, whole) if whole else None

    return LabelFigures(
        positives=known.positives,
        negatives=known.negatives,
        threshold=threshold,
        accuracy=share(rates.accuracy, len(truths)),
        balanced_accuracy=m.measure(rates.balanced_accuracy, called, truths, resampling),
        sensitivity=share(rates.sensitivity, known.positives),
        specificity=share(rates.specificity, known.negatives),
        precision=share(rates.precision, int(called.sum())),
        f1=m.measure(rates.f1, called, truths, resampling),
        auroc=known.auroc,
        auprc=known.auprc,
        brier=known.brier,
        ece=known.ece,
    )


def averages(
    called: Float64Array,
    scores: FilmScores,
    columns: Sequence[int],
    resampling: Float64Array,
    *,
    softmax: bool,
) -> dict[str, Interval]:
    """Plain means over the labels that could be measured, and the log loss.

    A label that is never called counts with precision 0, as in scikit-learn. With softmax, accuracy and
    balanced accuracy are those of the most probable class instead.

    Parameters
    ----------
    called : ndarray, shape (n, C), 0 or 1
    scores : FilmScores
    columns : sequence of int
        Labels with films of both kinds.
    resampling : ndarray, shape (samples, n)
    softmax : bool
    """
    if not columns:
        return {}
    chosen, truths = called[:, columns], scores.targets[:, columns]
    table: dict[str, Metric] = {
        "sensitivity": rates.sensitivity,
        "specificity": rates.specificity,
        "precision": rates.precision_or_zero,
        "f1": rates.f1,
    }
    found = {name: m.macro(metric, chosen, truths, resampling) for name, metric in table.items()}
    if softmax:
        right = (called * scores.targets).sum(axis=1)
        found["accuracy"] = _film_mean(right, resampling)
        found["balanced_accuracy"] = found["sensitivity"]
    else:
        found["accuracy"] = m.macro(rates.accuracy, chosen, truths, resampling)
        found["balanced_accuracy"] = m.macro(rates.balanced_accuracy, chosen, truths, resampling)
    found["log_loss"] = _film_mean(_losses(scores, softmax=softmax), resampling)
    return found


def _losses(scores: FilmScores, *, softmax: bool) -> Float64Array:
    """Cross-entropy of each film: of its class, or the mean over labels."""
    probabilities = np.clip(scores.probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    hits = scores.targets * np.log(probabilities)
    if softmax:
        return np.asarray(-hits.sum(axis=1))
    return np.asarray(-(hits + (1 - scores.targets) * np.log1p(-probabilities)).mean(axis=1))


def _film_mean(values: Float64Array, resampling: Float64Array) -> Interval:
    ones = np.ones((1, len(values)))
    return m.interval(*(weights @ values / weights.sum(axis=1) for weights in (ones, resampling)))
