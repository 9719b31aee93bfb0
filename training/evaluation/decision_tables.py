"""What decisions cost: confusion matrices, errors at several thresholds, accuracy at the extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import Interval, OperatingPoint
from training.evaluation.result import Confusion, ExtremeRow, ThresholdRow

PLAIN_THRESHOLDS = (0.5, 0.4, 0.2)
EXTREMES = (10, 20, 25, 50)


def confusions(
    called: Float64Array, targets: Float64Array, labels: Sequence[str], *, softmax: bool
) -> list[Confusion]:
    """One matrix of all classes for softmax, else a 2 x 2 matrix per label.

    Parameters
    ----------
    called, targets : ndarray, shape (n, C), 0 or 1
        With softmax, one 1 in each row.
    labels : sequence of str
    softmax : bool
    """
    from sklearn.metrics import confusion_matrix

    if softmax:
        counts = confusion_matrix(
            targets.argmax(axis=1), called.argmax(axis=1), labels=np.arange(len(labels))
        )
        return [Confusion(title="most probable class", names=list(labels), counts=counts.tolist())]
    return [
        Confusion(
            title=key,
            names=[f"not {key}", key],
            counts=confusion_matrix(targets[:, k], called[:, k], labels=[0, 1]).tolist(),
        )
        for k, key in enumerate(labels)
    ]


def report_text(called: Float64Array, targets: Float64Array, labels: Sequence[str], *, softmax: bool) -> str:
    """scikit-learn's classification report; parameters as :func:`confusions`."""
    from sklearn.metrics import classification_report

    truth, guess = (targets.argmax(axis=1), called.argmax(axis=1)) if softmax else (targets, called)
    return str(
        classification_report(
            truth,
            guess,
            labels=np.arange(len(labels)),
            target_names=list(labels),
            digits=3,
            zero_division=0,
        )
    )


def threshold_table(
    probabilities: Float64Array,
    targets: Float64Array,
    labels: Sequence[str],
    points: Sequence[OperatingPoint],
) -> list[ThresholdRow]:
    """Films missed and called in error at 0.5, 0.4, 0.2 and at every operating point, label by label.

    A film on the threshold is called.

    Parameters
    ----------
    probabilities, targets : ndarray, shape (n, C)
    labels : sequence of str
    points : sequence of OperatingPoint
    """
    rows = []
    for k, key in enumerate(labels):
        cuts = [(str(value), value) for value in PLAIN_THRESHOLDS]
        cuts += [(point.key, point.thresholds[key]) for point in points]
        positive = targets[:, k] > 0.5
        positives, negatives = int(positive.sum()), int((~positive).sum())
        for name, threshold in cuts:
            called = probabilities[:, k] >= threshold
            missed, alarms = int((positive & ~called).sum()), int((~positive & called).sum())
            rows.append(
                ThresholdRow(
                    label=key,
                    name=name,
                    threshold=threshold,
                    false_negatives=missed,
                    positives=positives,
                    miss_rate=round(missed / positives, 5) if positives else None,
                    false_positives=alarms,
                    negatives=negatives,
                    false_alarm_rate=round(alarms / negatives, 5) if negatives else None,
                )
            )
    return rows


def extremes(probabilities: Float64Array, targets: Float64Array, labels: Sequence[str]) -> list[ExtremeRow]:
    """How many of the 10, 20, 25, 50 most (least) suspicious films of each label are (are not) positive.

    Sizes above the number of films are left out. Of films with one probability, those first in order count.

    Parameters
    ----------
    probabilities, targets : ndarray, shape (n, C)
    labels : sequence of str
    """
    rows = []
    ends: tuple[tuple[Literal["most", "least"], float], ...] = (("most", -1.0), ("least", 1.0))
    for k, key in enumerate(labels):
        for end, sign in ends:
            truths = targets[np.argsort(sign * probabilities[:, k], kind="stable"), k] > 0.5
            for films in EXTREMES:
                if films > len(truths):
                    continue
                positive = int(truths[:films].sum())
                right = positive if end == "most" else films - positive
                low, high = wilson_interval([right], films)
                rows.append(
                    ExtremeRow(
                        label=key,
                        end=end,
                        films=films,
                        right=right,
                        accuracy=Interval(
                            value=right / films, low=round(float(low[0]), 5), high=round(float(high[0]), 5)
                        ),
                    )
                )
    return rows
