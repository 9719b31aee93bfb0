"""Measures of single maps turned into figures with intervals, patients resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_localisation import (
    LabelPlace,
    LocalisationExample,
    LocalisationFigures,
    LocalisedFinding,
)
from training.films.boxes import BoxedFilm
from training.localisation.measures import CUTS, MapMeasures
from training.metrics import bootstrap_weights, interval

SAMPLES = 1000
SEED = 20240607
MEASURES = ("pointing", "pointing_tolerant", "energy", "iou")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One method on one split: a boxed finding, the label compared, and what its map scores, row by row."""

    boxed: tuple[BoxedFilm, ...]
    labels: tuple[str, ...]
    measures: tuple[MapMeasures, ...]

    @property
    def findings(self) -> list[str]:
        """The findings there are, sorted."""
        return sorted({one.finding for one in self.boxed})

    def rows_of(self, finding: str) -> list[int]:
        """The rows of one finding."""
        return [row for row, one in enumerate(self.boxed) if one.finding == finding]


def best_cut(val: Measured) -> float:
    """The share of the peak with the best mean IoU over findings; the lower one where two tie."""
    rows = [
        np.mean([val.measures[row].ious for row in val.rows_of(finding)], axis=0) for finding in val.findings
    ]
    return CUTS[int(np.mean(rows, axis=0).argmax())]


def localisation_figures(
    method: str,
    measured: Measured,
    *,
    split: str,
    cut: float,
    samples: int = SAMPLES,
    examples: Sequence[LocalisationExample] = (),
    places: Mapping[str, LabelPlace] | None = None,
) -> LocalisationFigures:
    """Every measure of every finding, and their means over findings, with 95 % intervals.

    Parameters
    ----------
    method : str
    measured : Measured
    split : str
    cut : float
        One of :data:`CUTS`, chosen on val.
    samples : int
    examples : sequence of LocalisationExample
        Films shown beside the figures.
    places : mapping of str to LabelPlace, optional
        By label, against the template.
    """
    groups = [boxed.film.group for boxed in measured.boxed]
    resampling = bootstrap_weights(groups, samples, SEED)
    once = np.ones((1, len(groups)))
    values = {name: _values(measured.measures, name, CUTS.index(cut)) for name in MEASURES}

    def means(name: str, weights: Float64Array) -> Float64Array:
        """(samples, findings); NaN where a sample has no film of a finding."""
        columns = [_mean(values[name], measured.rows_of(finding), weights) for finding in measured.findings]
        return np.stack(columns, axis=1)

    single = {name: (means(name, once), means(name, resampling)) for name in MEASURES}
    rows = []
    for column, finding in enumerate(measured.findings):
        inside = measured.rows_of(finding)
        rows.append(
            LocalisedFinding(
                finding=finding,
                label=measured.labels[inside[0]],
                films=len(inside),
                patients=len({groups[row] for row in inside}),
                flat=sum(measured.measures[row].flat for row in inside),
                **{
                    name: _of_finding(name, one[:, column], many[:, column], len(inside))
                    for name, (one, many) in single.items()
                },
            )
        )
    return LocalisationFigures(
        method=method,
        split=split,
        films=len({boxed.film.path for boxed in measured.boxed}),
        patients=len(set(groups)),
        flat=sum(row.flat for row in rows),
        cut=cut,
        mean={name: _over_findings(*single[name]) for name in MEASURES},
        findings=rows,
        places=dict(places or {}),
        examples=list(examples),
    )


def difference(
    first: Measured, second: Measured, name: str, cuts: tuple[float, float], samples: int = SAMPLES
) -> Interval:
    """How much more the first method scores than the second on the same films, mean over findings."""
    resampling = bootstrap_weights([boxed.film.group for boxed in first.boxed], samples, SEED)
    gain = _values(first.measures, name, CUTS.index(cuts[0])) - _values(
        second.measures, name, CUTS.index(cuts[1])
    )

    def mean(weights: Float64Array) -> Float64Array:
        return np.stack([_mean(gain, first.rows_of(finding), weights) for finding in first.findings], axis=1)

    return _over_findings(mean(np.ones((1, len(gain)))), mean(resampling))


def _of_finding(name: str, once: Float64Array, resampled: Float64Array, films: int) -> Interval:
    """Resampling alone calls 0 of 21 hits certain; energy and IoU are no counts."""
    if not name.startswith("pointing"):
        return interval(once, resampled)
    return hits_interval(once, resampled, films)


def hits_interval(once: Float64Array, resampled: Float64Array, films: int) -> Interval:
    """A share of hits with the wider of the resampled interval and Wilson's."""
    found = interval(once, resampled)
    low, high = wilson_interval([round(found.value * films)], films)
    return Interval(
        value=found.value,
        low=round(min(float(low[0]), found.value if found.low is None else found.low), 5),
        high=round(max(float(high[0]), found.value if found.high is None else found.high), 5),
    )


def _over_findings(once: Float64Array, resampled: Float64Array) -> Interval:
    """Plain mean over findings; a sample without any film of a finding leaves that one out."""
    with np.errstate(invalid="ignore"):
        return interval(np.nanmean(once, axis=1), np.nanmean(resampled, axis=1))


def _values(measures: Sequence[MapMeasures], name: str, cut: int) -> Float64Array:
    read: dict[str, Callable[[MapMeasures], float]] = {
        "pointing": lambda one: one.pointing,
        "pointing_tolerant": lambda one: one.tolerant,
        "energy": lambda one: one.energy,
        "iou": lambda one: float(one.ious[cut]),
    }
    return np.array([read[name](one) for one in measures], dtype=np.float64)


def _mean(values: Float64Array, rows: Sequence[int], weights: Float64Array) -> Float64Array:
    chosen = weights[:, list(rows)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((chosen @ values[list(rows)]) / chosen.sum(axis=1))
