"""What thresholds do to whole films of a split, with intervals from resampled patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from cxr_dash.inference.schema import FilmFigures, FreeResponse, Interval
from training import metrics as m
from training.evaluation.film_table import FilmTable
from training.evaluation.film_ways import CommonScale
from training.evaluation.rates import sensitivity
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED

CURVE_STEPS = 40


def film_figures(films: FilmTable, thresholds: Mapping[str, float], split: str) -> FilmFigures:
    """Count films that thresholds flag, with and without a finding.

    Parameters
    ----------
    films : FilmTable
    thresholds : mapping of str to float
        By label key.
    split : str

    Returns
    -------
    FilmFigures
        Intervals of shares are the wider of the bootstrap's over patients and Wilson's.
    """
    return _figures(films, films.called(thresholds), films.named, split)


def score_figures(films: FilmTable, label: str, threshold: float, split: str) -> FilmFigures:
    """The same for one label's score alone: what a list ordered by it says at a threshold."""
    column = list(films.keys).index(label)
    called = np.zeros(films.targets.shape, dtype=bool)
    called[:, column] = films.probabilities[:, column] >= threshold
    return _figures(films, called, [], split).model_copy(update={"shown": None, "sensitivity": {}})


def _figures(films: FilmTable, called: NDArray[np.bool_], named: list[int], split: str) -> FilmFigures:
    clear: Float64Array = films.clear.astype(np.float64)
    ill: Float64Array = np.asarray(1 - clear)
    flagged: Float64Array = np.asarray(called.any(axis=1), dtype=np.float64)
    counts: Float64Array = np.asarray(called[:, named].sum(axis=1), dtype=np.float64)
    resampling = m.bootstrap_weights(films.groups, BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    without, with_one = int(clear.sum()), int(ill.sum())
    return FilmFigures(
        split=split,
        without_finding=without,
        with_finding=with_one,
        flagged=_share(flagged, clear, resampling),
        found=_share(flagged, ill, resampling),
        shown=m.measure(_mean, counts, clear, resampling) if without else None,
        sensitivity={
            films.keys[k]: share
            for k in films.flags
            if (share := _share(called[:, k].astype(np.float64), films.targets[:, k], resampling)) is not None
        },
    )


def _share(called: Float64Array, of: Float64Array, resampling: Float64Array) -> Interval | None:
    """The share of films called among those that ``of`` marks; None where it marks none."""
    whole = int(of.sum())
    return m.measure_share(sensitivity, called, of, resampling, whole) if whole else None


def _mean(counts: Float64Array, of: Float64Array, weights: Float64Array) -> Float64Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights @ (counts * of) / (weights @ of))


def free_response(films: FilmTable, scale: CommonScale, split: str) -> FreeResponse | None:
    """Findings shown per film without one against the share of true ones shown, over all cuts of a way.

    The curve (FROC, Bunch et al. 1978, with films for places) takes the cuts at which some film without a
    finding shows one more, thinned to :data:`CURVE_STEPS` steps.

    Returns
    -------
    FreeResponse or None
        None where films of one kind are missing.
    """
    named = films.named
    truths = films.targets[:, named]
    clear = films.clear.astype(np.float64)
    if not truths.any() or not clear.any():
        return None
    scores = scale.scores(films.probabilities)[:, named]
    # closest where less than one finding a film is shown: that is where a reader's cut lies
    steps = np.quantile(scores[clear > 0.5], 1.0 - np.linspace(0.0, 1.0, CURVE_STEPS) ** 2)
    cuts = [np.inf, *np.unique(steps)[::-1]]
    resampling = m.bootstrap_weights(films.groups, BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    true = truths.sum(axis=1)
    rows = []
    for cut in cuts:
        called = scores >= cut
        shown = _mean(called.sum(axis=1).astype(np.float64), clear, np.ones((1, len(clear))))[0]
        hits = (called * truths).sum(axis=1)
        found = float(hits.sum() / true.sum())
        drawn = m.interval(np.array([found]), _of(hits, true, resampling))
        rows.append((shown, found, drawn.low, drawn.high))
    return FreeResponse(
        split=split,
        without_finding=int(clear.sum()),
        findings=int(true.sum()),
        shown=[round(float(row[0]), 5) for row in rows],
        found=[round(row[1], 5) for row in rows],
        found_low=[round(row[1] if row[2] is None else row[2], 5) for row in rows],
        found_high=[round(row[1] if row[3] is None else row[3], 5) for row in rows],
    )


def _of(hits: Float64Array, true: Float64Array, weights: Float64Array) -> Float64Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights @ hits / (weights @ true))
