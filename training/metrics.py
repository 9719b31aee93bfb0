"""How good a model is, with 95 % intervals from resampling patients.

Every metric is a function of one label's scores and truths and of a table of film weights, one row per
bootstrap sample, so that a thousand samples cost one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import Interval

Metric = Callable[[Float64Array, Float64Array, Float64Array], Float64Array]
ECE_BINS = 10
_ENTRIES_AT_ONCE = 2_000_000


def auroc(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Area under the ROC curve; ties count half. NaN where a sample has one kind of film only.

    Parameters
    ----------
    scores : ndarray, shape (n,)
    truths : ndarray, shape (n,), 0 or 1
    weights : ndarray, shape (samples, n), >= 0

    Returns
    -------
    ndarray, shape (samples,)
    """
    found, false_alarms = _curves(scores, truths, weights)
    start = np.zeros((len(weights), 1))
    found, false_alarms = np.hstack([start, found]), np.hstack([start, false_alarms])
    area = np.sum(np.diff(false_alarms) * (found[:, 1:] + found[:, :-1]) / 2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(area / (found[:, -1] * false_alarms[:, -1]))


def within_source_auroc(
    scores: Float64Array, truths: Float64Array, sources: Sequence[str], weights: Float64Array | None = None
) -> Float64Array:
    """AUROC over pairs of films of one source: the mean over sources, weighted by their pairs.

    What is left when knowing the source helps no more. NaN where no source has films of both kinds.

    Parameters
    ----------
    scores, truths : ndarray, shape (n,)
    sources : sequence of str, length n
        Or other strata: projection, sex, age band.
    weights : ndarray, shape (samples, n), optional
        Every film once if left out.
    """
    drawn = np.ones((1, len(scores))) if weights is None else weights
    _, member = np.unique(np.asarray(sources, dtype=str), return_inverse=True)
    won, pairs = np.zeros(len(drawn)), np.zeros(len(drawn))
    for inside in (member == source for source in np.unique(member)):
        truth, drawn_inside = truths[inside], drawn[:, inside]
        count = (drawn_inside @ truth) * (drawn_inside @ (1 - truth))
        if count.any():
            won += np.nan_to_num(auroc(scores[inside], truth, drawn_inside)) * count
            pairs += count
    return _ratio(won, pairs)


def auprc(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Average precision: area under the precision-recall curve without interpolation.

    Parameters and returns as :func:`auroc`; NaN without a positive film.
    """
    found, false_alarms = _curves(scores, truths, weights)
    gained = np.diff(np.hstack([np.zeros((len(weights), 1)), found]))
    called = np.maximum(found + false_alarms, 1e-12)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sum(gained * found / called, axis=1) / found[:, -1])


def _curves(
    scores: Float64Array, truths: Float64Array, weights: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Weight of positives and negatives at or above each distinct score, highest first."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    sorted_weights, sorted_truths = weights[:, order], truths[order]
    found = np.cumsum(sorted_weights * sorted_truths, axis=1)[:, ends]
    false_alarms = np.cumsum(sorted_weights * (1 - sorted_truths), axis=1)[:, ends]
    return found, false_alarms


def sensitivity_at(threshold: float) -> Metric:
    """Share of positive films whose probability is at or above ``threshold``."""

    def sensitivity(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        return _ratio(weights @ (truths * (scores >= threshold)), weights @ truths)

    return sensitivity


def specificity_at(threshold: float) -> Metric:
    """Share of negative films whose probability is below ``threshold``."""

    def specificity(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        return _ratio(weights @ ((1 - truths) * (scores < threshold)), weights @ (1 - truths))

    return specificity


def brier(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
    """Mean square of probability minus truth."""
    return _ratio(weights @ (scores - truths) ** 2, weights.sum(axis=1))


def expected_calibration_error(
    scores: Float64Array, truths: Float64Array, weights: Float64Array
) -> Float64Array:
    """Mean gap between probability and observed frequency over ten bins of equal width, weighted by films."""
    bins = np.minimum((scores * ECE_BINS).astype(int), ECE_BINS - 1)
    inside = np.eye(ECE_BINS)[bins]
    gaps = np.abs((weights * (scores - truths)) @ inside)
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1))


def _ratio(part: Float64Array, whole: Float64Array) -> Float64Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)


def bootstrap_weights(groups: Sequence[str], samples: int, seed: int) -> Float64Array:
    """How often each film is drawn when patients are drawn with replacement.

    Parameters
    ----------
    groups : sequence of str
        Patient (or split group) of each film: all films of a patient are drawn together.
    samples : int
    seed : int

    Returns
    -------
    ndarray, shape (samples, n)
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    count = int(member.max()) + 1
    draws: NDArray[np.int64] = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=samples
    )
    return draws[:, member].astype(np.float64)


def interval(values: Float64Array, resampled: Float64Array) -> Interval:
    """A figure and the 2.5th and 97.5th percentile of its resampled values.

    The bounds are None where fewer than half of the samples gave a value; a figure that does not exist is NaN
    and must be left out by the caller.

    Parameters
    ----------
    values : ndarray, shape (1,)
    resampled : ndarray, shape (samples,)
    """
    valid = resampled[np.isfinite(resampled)]
    value = round(float(values[0]), 5)
    if len(valid) < max(1, len(resampled) / 2):
        return Interval(value=value)
    low, high = np.percentile(valid, [2.5, 97.5])
    return Interval(value=value, low=round(float(low), 5), high=round(float(high), 5))


def centred_interval(values: Float64Array, resampled: Float64Array) -> Interval:
    """As :func:`interval`, shifted by the mean gap between resampled and measured value, and not below 0.

    For figures such as the calibration error, which resampling alone makes larger.
    """
    gap = float(np.nanmean(resampled) - values[0]) if np.isfinite(resampled).any() else 0.0
    return interval(values, np.maximum(resampled - gap, 0.0))


def in_parts(figure: Callable[[Float64Array], Float64Array], resampling: Float64Array) -> Float64Array:
    """A figure of every bootstrap sample, some samples at a time: 25,000 films would need gigabytes at once.

    Parameters
    ----------
    figure : callable
        Weights (samples, n) to values (samples,).
    resampling : ndarray, shape (samples, n)

    Returns
    -------
    ndarray, shape (samples,)
    """
    parts = -(-resampling.size // _ENTRIES_AT_ONCE)
    return np.concatenate([figure(part) for part in np.array_split(resampling, max(parts, 1))])


def measure(metric: Metric, scores: Float64Array, truths: Float64Array, resampling: Float64Array) -> Interval:
    """One metric of one label with its interval."""
    values = metric(scores, truths, np.ones((1, len(scores))))
    resampled = in_parts(lambda weights: metric(scores, truths, weights), resampling)
    return (centred_interval if metric is expected_calibration_error else interval)(values, resampled)


def measure_share(
    metric: Metric, scores: Float64Array, truths: Float64Array, resampling: Float64Array, whole: int
) -> Interval:
    """Sensitivity or specificity: the wider of the resampled interval and Wilson's.

    Resampling alone calls 8 of 8 certain.

    Parameters
    ----------
    metric : callable
        Of :func:`sensitivity_at` or :func:`specificity_at`.
    scores, truths : ndarray, shape (n,)
    resampling : ndarray, shape (samples, n)
    whole : int
        Films the share is of: positives or negatives, at least 1.
    """
    found = measure(metric, scores, truths, resampling)
    low, high = wilson_interval([round(found.value * whole)], whole)
    return Interval(
        value=found.value,
        low=round(min(float(low[0]), found.value if found.low is None else found.low), 5),
        high=round(max(float(high[0]), found.value if found.high is None else found.high), 5),
    )


def share_interval(count: float, whole: int) -> Interval:
    """A share of films, ``count`` of ``whole``, with Wilson's interval; to five digits."""
    low, high = wilson_interval([count], whole)
    return Interval(value=round(count / whole, 5), low=round(float(low[0]), 5), high=round(float(high[0]), 5))


def label_mean(
    metric: Metric, scores: Float64Array, truths: Float64Array, weights: Float64Array
) -> Float64Array:
    """The plain mean of a metric over labels, for each sample; labels without a value in it are left out.

    Parameters
    ----------
    scores, truths : ndarray, shape (n, C)
    weights : ndarray, shape (samples, n)

    Returns
    -------
    ndarray, shape (samples,); NaN where no label has a value
    """

    def mean(part: Float64Array) -> Float64Array:
        rows = np.stack([metric(scores[:, k], truths[:, k], part) for k in range(scores.shape[1])])
        missing = np.isnan(rows).all(axis=0)
        total, count = np.nansum(rows, axis=0), np.maximum((~np.isnan(rows)).sum(axis=0), 1)
        return np.where(missing, np.nan, total / count)

    return in_parts(mean, weights)


def macro(metric: Metric, scores: Float64Array, truths: Float64Array, resampling: Float64Array) -> Interval:
    """The plain mean of a metric over labels, with its interval; labels without a value are left out.

    Parameters
    ----------
    scores, truths : ndarray, shape (n, C)
    resampling : ndarray, shape (samples, n)
    """
    values = label_mean(metric, scores, truths, np.ones((1, len(scores))))
    resampled = label_mean(metric, scores, truths, resampling)
    return (centred_interval if metric is expected_calibration_error else interval)(values, resampled)


def macro_auroc(scores: Float64Array, truths: Float64Array) -> float:
    """Mean AUROC over the labels that have both kinds of film, without an interval."""
    rows = [auroc(scores[:, k], truths[:, k], np.ones((1, len(scores))))[0] for k in range(scores.shape[1])]
    return float(np.nanmean(rows))


def macro_auroc_of_logits(logits: Float64Array, truths: Float64Array, *, softmax: bool) -> float:
    """Mean AUROC of the probabilities that logits stand for.

    With softmax a logit alone ranks no films: only against the film's other logits does it mean anything.
    """
    return macro_auroc(np.asarray(log_softmax(logits, axis=1)) if softmax else logits, truths)


def figure(interval: Interval | None, *, digits: int = 2, layout: str = "{value} ({low}–{high})") -> str:
    """A figure with its 95 % interval, ``0.71 (0.66–0.75)``; a dash where there is none."""
    if interval is None:
        return "–"
    value = f"{interval.value:.{digits}f}"
    if interval.low is None or interval.high is None:
        return value
    return layout.format(value=value, low=f"{interval.low:.{digits}f}", high=f"{interval.high:.{digits}f}")
