"""Which way of calibrating is trusted: cross-validated on val, the plainest of those that do as well.

With few films a line of its own for every label learns the films instead of the model: its probabilities
look better on val and are worse on the next film. So ways from few to many free numbers compete, and a freer
one has to show that it is better by more than the chance of the draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from cxr_dash.inference.calibration import apply_calibration
from cxr_dash.inference.schema import Calibration
from training.evaluation.calibrate import fit_isotonic, fit_lines, fit_platt, fit_temperature
from training.metrics import expected_calibration_error, label_mean

FOLDS = 5
REPEATS = 4
SEED = 2024
_LEAST_PROBABILITY = 1e-6

Fit = Callable[[Float64Array, Float64Array, Sequence[str], str], Calibration]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationFilms:
    """What a calibration is fitted on.

    Attributes
    ----------
    logits, targets : ndarray, shape (n, C)
    groups : sequence of str, length n
        Patients: all films of one are left out together.
    labels : sequence of str
    activation : {"sigmoid", "softmax"}
    """

    logits: Float64Array
    targets: Float64Array
    groups: Sequence[str]
    labels: Sequence[str]
    activation: Literal["sigmoid", "softmax"]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A way of calibrating, on films that were left out of its fit.

    Attributes
    ----------
    name : str
    losses : ndarray, shape (n,)
        Cross-entropy of each film, mean over repeats (and over labels with sigmoid).
    ece : float
        Mean over labels of the calibration error, mean over repeats.
    """

    name: str
    losses: Float64Array
    ece: float


def ways(activation: Literal["sigmoid", "softmax"]) -> dict[str, Fit]:
    """The ways that compete, by name, the plainest first."""
    if activation == "softmax":
        return {
            "one temperature": fit_temperature,
            "one temperature and a shift per class, held back": fit_lines(
                "softmax", slope_penalty=np.inf, intercept_penalty=10.0
            ),
            "a line per class, held back": fit_lines("softmax", slope_penalty=30.0, intercept_penalty=10.0),
        }
    return {
        "a shift per label": fit_lines("sigmoid", slope_penalty=np.inf, common_slope=1.0),
        "one slope and a shift per label": fit_lines("sigmoid", slope_penalty=np.inf),
        "a line per label, slopes held together": fit_lines("sigmoid", slope_penalty=20.0),
        "a line per label (Platt)": fit_platt,
        "isotonic where films suffice": fit_isotonic,
    }


def choose_calibration(films: CalibrationFilms, fitted_on: str) -> Calibration:
    """Fit the way that cross-validation trusts on all of val.

    The plainest way is taken whose loss is within one standard error of the best (the rule of Breiman et al.
    1984); errors are of the paired difference, summed by patient.

    Parameters
    ----------
    films : CalibrationFilms
    fitted_on : str
        Split and films, in words.
    """
    table = ways(films.activation)
    trials = [try_way(name, fit, films) for name, fit in table.items()]
    chosen = plainest_of_the_best(trials, films.groups)
    tried = "; ".join(f"{t.name} {t.losses.mean():.4f} (calibration error {t.ece:.3f})" for t in trials)
    fitted = table[chosen.name](films.logits, films.targets, films.labels, fitted_on)
    return fitted.model_copy(
        update={
            "chosen": f"{chosen.name}: the plainest within one standard error of the least log loss on films "
            f"left out, {FOLDS} folds by patient, {REPEATS} times. Log loss: {tried}."
        }
    )


def try_way(name: str, fit: Fit, films: CalibrationFilms) -> Trial:
    """Every film's loss under calibrations that did not see its patient."""
    losses, errors = np.zeros(len(films.logits)), []
    logits, targets = films.logits, films.targets
    for repeat in range(REPEATS):
        folds = patient_folds(films.groups, FOLDS, SEED + repeat)
        probabilities = np.zeros_like(logits)
        for fold in range(int(folds.max()) + 1):
            out = folds == fold
            fitted = fit(logits[~out], targets[~out], films.labels, "")
            probabilities[out] = apply_calibration(logits[out], fitted, films.labels, films.activation)
        losses += _losses(probabilities, targets, softmax=films.activation == "softmax") / REPEATS
        once = np.ones((1, len(logits)))
        errors.append(label_mean(expected_calibration_error, probabilities, targets, once)[0])
    return Trial(name, losses, float(np.mean(errors)))


def plainest_of_the_best(trials: Sequence[Trial], groups: Sequence[str]) -> Trial:
    """The first trial whose loss is at most one standard error above the least."""
    best = min(trials, key=lambda trial: float(trial.losses.mean()))
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    for trial in trials:
        gaps = np.bincount(member, weights=trial.losses - best.losses)
        error = float(gaps.std() * np.sqrt(len(gaps)) / len(member))
        if trial is best or float(gaps.sum()) / len(member) <= error:
            return trial
    return best


def patient_folds(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of every film; patients stay whole and are dealt out in turn.

    Returns
    -------
    ndarray of int64, shape (n,), values 0 to ``folds`` - 1
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    count = int(member.max()) + 1
    dealt = np.random.default_rng(seed).permutation(count) % min(folds, count)
    return np.asarray(dealt[member], dtype=np.int64)


def _losses(probabilities: Float64Array, targets: Float64Array, *, softmax: bool) -> Float64Array:
    clipped = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    if softmax:
        return np.asarray(-(targets * np.log(clipped)).sum(axis=1))
    return np.asarray(-(targets * np.log(clipped) + (1 - targets) * np.log1p(-clipped)).mean(axis=1))
