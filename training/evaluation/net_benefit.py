"""Decision curves: what acting on a probability is worth against acting on everybody or nobody.

Vickers and Elkin (2006): at a threshold probability ``p``, net benefit is the share of true positives less
the share of false positives times ``p / (1 - p)``: how many needless actions one missed patient is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array

THRESHOLDS = (0.02, 0.05, 0.10, 0.20, 0.30, 0.50)
SAMPLES = 1000
_SEED = 2026


@dataclass(frozen=True, slots=True)
class Benefit:
    """Net benefit per film at one threshold probability.

    Attributes
    ----------
    threshold : float
    model, everybody : float
        Of acting by the model, and on all films; acting on none is worth 0.
    low, high : float
        95 % interval of what the model is worth beyond the better of all and none, by Jeffreys' posterior of
        sensitivity and specificity.
    """

    threshold: float
    model: float
    everybody: float
    low: float
    high: float

    @property
    def useful(self) -> bool:
        """Whether acting by the model beats both acting on all and on none, by its whole interval."""
        return self.low > 0.0


def decision_curve(
    probabilities: Float64Array, truths: Float64Array, prevalence: float | None = None
) -> list[Benefit]:
    """Net benefit at each of :data:`THRESHOLDS`.

    Parameters
    ----------
    probabilities, truths : ndarray of float64, shape (n,)
        Calibrated; 0 or 1, both among them.
    prevalence : float, optional
        Carry sensitivity and specificity over to this share of positives; the films' own if None.
    """
    generator = np.random.default_rng(_SEED)
    positives, negatives = probabilities[truths > 0.5], probabilities[truths <= 0.5]
    share = float(truths.mean()) if prevalence is None else prevalence
    found = []
    for threshold in THRESHOLDS:
        odds = threshold / (1.0 - threshold)
        everybody = share - (1.0 - share) * odds
        flagged = [int((films >= threshold).sum()) for films in (positives, negatives)]
        # Jeffreys' posterior of each share: resampling films would call 60 flagged of 60 certain
        drawn = [
            generator.beta(count + 0.5, len(films) - count + 0.5, SAMPLES)
            for films, count in zip((positives, negatives), flagged, strict=True)
        ]
        sensitivity, alarms = flagged[0] / len(positives), flagged[1] / len(negatives)
        model = share * sensitivity - (1.0 - share) * odds * alarms
        resampled = share * drawn[0] - (1.0 - share) * odds * drawn[1]
        low, high = np.quantile(resampled - max(everybody, 0.0), [0.025, 0.975])
        found.append(Benefit(threshold, model, everybody, float(low), float(high)))
    return found
