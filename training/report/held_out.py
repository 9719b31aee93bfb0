"""An evaluation from ``bundle.json`` alone: its figures, and what its held-out scores give besides."""

from __future__ import annotations

import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import BundleSpec, HeldOut, LabelMetrics, SplitMetrics
from training.evaluation.curves import label_curves
from training.evaluation.decision_tables import confusions, extremes, report_text, threshold_table
from training.evaluation.result import Evaluation, LabelFigures


def evaluation_of_bundle(spec: BundleSpec, split: str) -> Evaluation:
    """Everything a bundle says about one split.

    Figures that need each film's patient (accuracy, precision, F1 with intervals) are not in a bundle and are
    left out; films whose truth is not known for every label are left out of curves and tables.

    Raises
    ------
    TrainingError
        When the bundle has no figures, or no held-out scores, of that split.
    """
    metrics = next((entry for entry in spec.metrics if entry.split == split), None)
    held = next((entry for entry in spec.held_out if entry.split == split), None)
    if metrics is None or held is None:
        both = sorted({m.split for m in spec.metrics} & {h.split for h in spec.held_out})
        raise TrainingError(
            f"`split` must be one that {spec.id} has figures and scores of: {', '.join(both) or 'none'}; "
            f"received {split!r}.",
            remedy="Pass --data or --manifest to measure it on films.",
        )
    keys, softmax = spec.label_keys, spec.activation == "softmax"
    probabilities, targets = _known(held, keys)
    point = spec.operating_point()
    if softmax:
        called = np.eye(len(keys))[probabilities.argmax(axis=1)]
    else:
        called = (probabilities >= np.array([point.thresholds[key] for key in keys])).astype(np.float64)
    return Evaluation(
        subject=spec.id,
        kind="bundle",
        split=split,
        description=metrics.description,
        manifest_sha256="",
        films=metrics.films,
        patients=metrics.patients,
        label_keys=keys,
        activation=spec.activation,
        decision="most probable class" if softmax else f"operating point `{point.key}`",
        calibrated_on=spec.calibration.fitted_on,
        model_sha256=spec.files.get("serving.tflite", ""),
        macro=metrics.macro,
        labels=_labels(metrics, None if softmax else point.thresholds),
        classification_report=report_text(called, targets, keys, softmax=softmax),
        confusion=confusions(called, targets, keys, softmax=softmax),
        curves={
            key: label_curves(probabilities[:, k], targets[:, k])
            for k, key in enumerate(keys)
            if key in metrics.labels
        },
        thresholds=threshold_table(probabilities, targets, keys, spec.operating_points),
        extremes=extremes(probabilities, targets, keys),
        subgroups=metrics.subgroups,
    )


def _known(held: HeldOut, keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    targets = np.array([held.truths[key] for key in keys], dtype=np.float64).T
    probabilities = np.array([held.probabilities[key] for key in keys], dtype=np.float64).T
    rows = (targets >= 0).all(axis=1)
    return probabilities[rows], targets[rows]


def _labels(metrics: SplitMetrics, thresholds: dict[str, float] | None) -> dict[str, LabelFigures]:
    return {
        key: _figures(row, None if thresholds is None else thresholds[key])
        for key, row in metrics.labels.items()
    }


def _figures(row: LabelMetrics, threshold: float | None) -> LabelFigures:
    return LabelFigures(
        positives=row.positives,
        negatives=row.negatives,
        threshold=threshold,
        accuracy=None,
        balanced_accuracy=None,
        # a bundle's are those of the default operating point, also where the most probable class decides
        sensitivity=row.sensitivity,
        specificity=row.specificity,
        precision=None,
        f1=None,
        auroc=row.auroc,
        auprc=row.auprc,
        brier=row.brier,
        ece=row.ece,
    )
