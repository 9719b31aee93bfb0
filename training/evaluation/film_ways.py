"""How a budget of false alarms is shared between labels: ways with one free number, the cut.

Every way puts the labels' log odds on one scale, ``(logit(p) - offset) / spread``, and calls whatever lies at
or above one cut on it. What a way says of labels is fitted on films; the cut then sets how many films without
a finding are flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from training.evaluation.film_table import FilmTable

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Way:
    """One way to share false alarms.

    Attributes
    ----------
    name : str
        In words, for the card.
    power : float or None
        A label's log odds are compared with ``power`` times those of its prevalence: 0 shows what is likely,
        1 whatever is far above its own average. None: a label's log odds are compared with the mean and
        spread that they have on films without a finding.
    summary_share : float
        Share of the budget that the label that sums up the others may use by itself, 0-1.
    """

    name: str
    power: float | None
    summary_share: float


@dataclass(frozen=True, slots=True, eq=False)
class CommonScale:
    """A fitted way: offset and spread of every label, shape (C,), in log odds."""

    offsets: Float64Array
    spreads: Float64Array

    def scores(self, probabilities: Float64Array) -> Float64Array:
        """Probabilities on the common scale, shape (n, C)."""
        return np.asarray((log_odds(probabilities) - self.offsets) / self.spreads)

    def thresholds(self, cut: float) -> Float64Array:
        """The probability of each label at a cut, shape (C,)."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.offsets + self.spreads * cut))))


def log_odds(probabilities: Float64Array) -> Float64Array:
    """Natural log odds, of probabilities kept a millionth away from 0 and 1."""
    inside = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(inside / (1 - inside)))


def fit_scale(way: Way, films: FilmTable) -> CommonScale:
    """What a way says of each label, fitted on films.

    Parameters
    ----------
    way : Way
    films : FilmTable
    """
    columns = films.targets.shape[1]
    if way.power is None:
        clear = log_odds(films.probabilities[films.clear])
        return CommonScale(clear.mean(axis=0), np.maximum(clear.std(axis=0), 1e-3))
    # half a film more: a label that these films do not have is not infinitely surprising
    shares = (films.targets.sum(axis=0) + 0.5) / (len(films.targets) + 1.0)
    return CommonScale(way.power * log_odds(shares), np.ones(columns))


_SHARES = {
    "a label's odds against its prevalence": 1.0,
    "a label's odds against its prevalence to the power 0.75": 0.75,
    "a label's odds against the root of its prevalence": 0.5,
    "a label's odds": 0.0,
    "a label's distance from films without a finding": None,
}
_SUMMARY_SHARES = (0.25, 0.5, 0.75, 1.0)


def ways(films: FilmTable) -> list[Way]:
    """The ways that compete on a model's films; with one label there is nothing to share."""
    if len(films.named) == 1:
        return [Way("one label alone", 0.0, 0.0)]
    if films.summary is None:
        return [Way(name, power, 0.0) for name, power in _SHARES.items()]
    return [
        Way(f"{name}, `{films.keys[films.summary]}` up to {share:.0%} of the budget", power, share)
        for name, power in _SHARES.items()
        for share in _SUMMARY_SHARES
    ]
