"""How many of the films that have a label are found, epoch by epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array


def mean_recall(logits: NDArray[np.floating], truths: Float64Array, *, softmax: bool) -> float:
    """Mean over labels of the share of their films that are answered with them.

    Parameters
    ----------
    logits : ndarray of float, shape (n, C)
    truths : ndarray of float, shape (n, C)
        Above 0.5: the film has the label.
    softmax : bool
        A film is answered with its largest logit's label; else with every label whose logit is above 0,
        probability 0.5.

    Returns
    -------
    float
        0-1; labels that no film has do not count. NaN when no film has any.
    """
    answered = logits > 0.0
    if softmax:
        answered = np.eye(logits.shape[1], dtype=bool)[np.argmax(logits, axis=1)]
    true = truths > 0.5
    shares = [float(answered[rows, label].mean()) for label, rows in enumerate(true.T) if rows.any()]
    return float(np.mean(shares)) if shares else float("nan")
