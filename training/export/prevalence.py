"""At what prevalence a bundle's probabilities are stated: that of the films it was calibrated on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array, LocalisedText
from cxr_dash.inference.schema import CalibratedAt
from training.films.split_names import NATURAL_VAL
from training.metrics import share_interval

_NATURAL = LocalisedText(
    en="{films} films of {patients} patients at natural prevalence",
    es="{films} placas de {patients} pacientes con prevalencia natural",
)
_COLLECTED = LocalisedText(
    en="{films} films of {patients} patients whose prevalence is that of the collection",
    es="{films} placas de {patients} pacientes con la prevalencia de la colección",
)


def prevalence_in(targets: Float64Array, labels: Sequence[str]) -> dict[str, float]:
    """The share of films with each label; one that they do not have stands at half a film.

    That is about what calibration gives such a label on average, and its odds can be carried elsewhere.

    Parameters
    ----------
    targets : ndarray, shape (n, C), 0 or 1
    labels : sequence of str
    """
    shares = np.maximum(targets.mean(axis=0), 0.5 / (len(targets) + 1))
    return {key: round(float(share), 6) for key, share in zip(labels, shares, strict=True)}


def calibrated_at(split: str, targets: Float64Array, labels: Sequence[str], patients: int) -> CalibratedAt:
    """Which films those are, in words, with Wilson's 95 % interval of every share."""
    films = len(targets)
    natural = split == NATURAL_VAL
    return CalibratedAt(
        films=films,
        natural=natural,
        description=(_NATURAL if natural else _COLLECTED).filled(films=films, patients=patients),
        intervals={key: share_interval(float(targets[:, k].sum()), films) for k, key in enumerate(labels)},
    )
