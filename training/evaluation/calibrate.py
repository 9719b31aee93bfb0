"""Ways of calibrating on ``val``: a temperature, a line per label, lines held together, isotonic steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.calibration import activate
from cxr_dash.inference.schema import Calibration, CalibrationSteps

MIN_POSITIVES_FOR_SLOPE = 10
MIN_SLOPE = 0.1
MIN_FILMS_FOR_STEPS = 100
_GOLDEN = (5**0.5 - 1) / 2


def fit_temperature(
    logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
) -> Calibration:
    """The temperature with the smallest negative log likelihood (Guo et al. 2017), between 0.05 and 20.

    Parameters
    ----------
    logits : ndarray, shape (n, C)
    targets : ndarray, shape (n, C), one-hot
    labels : sequence of str
    fitted_on : str
        Split and films, in words.
    """

    def loss(log_temperature: float) -> float:
        probabilities = activate(logits / np.exp(log_temperature), "softmax")
        return float(-np.mean(np.log(np.maximum(probabilities[targets > 0.5], 1e-12))))

    low, high = np.log(0.05), np.log(20.0)
    while high - low > 1e-5:  # golden section: the loss has one valley in 1 / temperature
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    slope = round(float(np.exp(-(low + high) / 2)), 6)
    return Calibration(
        kind="temperature",
        slopes=dict.fromkeys(labels, slope),
        intercepts=dict.fromkeys(labels, 0.0),
        fitted_on=fitted_on,
    )


def fit_platt(
    logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
) -> Calibration:
    """Slope and intercept per label, with Platt's (1999) softened targets against over-fitting.

    A label with fewer than 10 positive films keeps slope 1 and gets an intercept only; a slope below 0.1
    is set to 0.1, so that calibration never reverses the order of films.

    Parameters
    ----------
    logits, targets : ndarray, shape (n, C)
    labels : sequence of str
    fitted_on : str
    """
    slopes: dict[str, float] = {}
    intercepts: dict[str, float] = {}
    for column, key in enumerate(labels):
        slope, intercept = platt_line(logits[:, column], targets[:, column])
        slopes[key], intercepts[key] = round(slope, 6), round(intercept, 6)
    return Calibration(kind="platt", slopes=slopes, intercepts=intercepts, fitted_on=fitted_on)


def fit_lines(
    activation: Literal["sigmoid", "softmax"],
    *,
    slope_penalty: float,
    intercept_penalty: float = 0.0,
    common_slope: float | None = None,
) -> Callable[[Float64Array, Float64Array, Sequence[str], str], Calibration]:
    """A way to fit all labels at once, their slopes held to a common one.

    Minimises the summed cross-entropy, with sigmoid of Platt's softened targets, plus
    ``slope_penalty / 2 * sum(log(slope / common) ** 2) + intercept_penalty / 2 * sum(intercept ** 2)``, over
    slopes, intercepts and the common slope: a label with few films leans on the others.

    Parameters
    ----------
    activation : {"sigmoid", "softmax"}
    slope_penalty : float
        In films, roughly; infinite for one slope of all.
    intercept_penalty : float
    common_slope : float, optional
        Given instead of fitted.
    """

    def fit(
        logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
    ) -> Calibration:
        from scipy.optimize import minimize

        count = len(labels)
        aims = targets if activation == "softmax" else softened(targets)

        def unpack(free: Float64Array) -> tuple[Float64Array, Float64Array]:
            common = free[0] if common_slope is None else np.log(common_slope)
            own = free[1 : count + 1] if np.isfinite(slope_penalty) else np.zeros(count)
            return np.exp(common + own), free[count + 1 :]

        def loss(free: Float64Array) -> tuple[float, Float64Array]:
            slopes, intercepts = unpack(free)
            scores = logits * slopes + intercepts
            error = activate(scores, activation) - aims
            normaliser = np.logaddexp.reduce(scores, axis=1) if activation == "softmax" else None
            whole = normaliser.sum() if normaliser is not None else np.logaddexp(0.0, scores).sum()
            by_slope = (error * logits).sum(axis=0) * slopes
            by_intercept = error.sum(axis=0) + intercept_penalty * intercepts
            value = whole - (aims * scores).sum() + intercept_penalty / 2 * (intercepts**2).sum()
            by_own = np.zeros(count)
            if np.isfinite(slope_penalty):
                own = free[1 : count + 1]
                value += slope_penalty / 2 * (own**2).sum()
                by_own = by_slope + slope_penalty * own
            by_common = by_slope.sum() if common_slope is None else 0.0
            return float(value), np.concatenate([[by_common], by_own, by_intercept])

        bounds = [(-3.0, 3.0)] * (count + 1) + [(None, None)] * count
        found = minimize(loss, np.zeros(2 * count + 1), jac=True, method="L-BFGS-B", bounds=bounds)
        slopes, intercepts = unpack(found.x)
        return Calibration(
            kind="platt",
            slopes={key: round(float(v), 6) for key, v in zip(labels, slopes, strict=True)},
            intercepts={key: round(float(v), 6) for key, v in zip(labels, intercepts, strict=True)},
            fitted_on=fitted_on,
        )

    return fit


def fit_isotonic(
    logits: Float64Array, targets: Float64Array, labels: Sequence[str], fitted_on: str
) -> Calibration:
    """A rising curve (Zadrozny and Elkan 2002) for labels with 100 films of each kind, lines for the others.

    The curve joins the middles of its steps, so that films keep their order; its ends stay as far from 0
    and 1 as Platt's softened targets.

    Parameters
    ----------
    logits, targets : ndarray, shape (n, C)
    labels : sequence of str
    fitted_on : str
    """
    from sklearn.isotonic import IsotonicRegression

    lines = fit_lines("sigmoid", slope_penalty=20.0)(logits, targets, labels, fitted_on)
    steps: dict[str, CalibrationSteps] = {}
    for column, key in enumerate(labels):
        positives = int(targets[:, column].sum())
        if min(positives, len(targets) - positives) < MIN_FILMS_FOR_STEPS:
            continue
        values = IsotonicRegression().fit_transform(logits[:, column], softened(targets)[:, column])
        levels, member = np.unique(np.round(values, 6), return_inverse=True)
        middles = np.bincount(member, weights=logits[:, column]) / np.bincount(member)
        steps[key] = CalibrationSteps(logits=middles.tolist(), probabilities=levels.tolist())
    return lines.model_copy(update={"kind": "isotonic", "steps": steps}) if steps else lines


def softened(targets: Float64Array) -> Float64Array:
    """Platt's targets by label: (positives + 1) / (positives + 2) and 1 / (negatives + 2)."""
    positives = targets.sum(axis=0)
    negatives = len(targets) - positives
    return np.asarray(np.where(targets > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2)))


def platt_line(logits: Float64Array, targets: Float64Array) -> tuple[float, float]:
    """Slope and intercept of one label.

    Parameters
    ----------
    logits, targets : ndarray, shape (n,)
    """
    positives = float(targets.sum())
    soft = softened(targets)
    if min(positives, len(targets) - positives) < MIN_POSITIVES_FOR_SLOPE:
        return 1.0, _newton(logits, soft, slope=1.0)[1]
    slope, intercept = _newton(logits, soft, slope=None)
    if slope < MIN_SLOPE:
        return MIN_SLOPE, _newton(logits, soft, slope=MIN_SLOPE)[1]
    return slope, intercept


def _newton(logits: Float64Array, soft: Float64Array, *, slope: float | None) -> tuple[float, float]:
    """Logistic regression on one variable by damped Newton steps; a given slope stays as it is."""
    free = slope is None
    line = np.array([1.0 if slope is None else slope, 0.0])

    def loss(candidate: Float64Array) -> float:
        scores = candidate[0] * logits + candidate[1]
        return float(np.sum(np.logaddexp(0.0, scores) - soft * scores))

    for _ in range(100):
        probabilities = activate(line[0] * logits + line[1], "sigmoid")
        error, spread = probabilities - soft, probabilities * (1 - probabilities)
        design = np.stack([logits if free else np.zeros_like(logits), np.ones_like(logits)], axis=1)
        gradient = design.T @ error
        hessian = design.T @ (design * spread[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-6 and loss(line - scale * step) > loss(line):
            scale /= 2
        line = line - scale * step
        if np.abs(scale * step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])
