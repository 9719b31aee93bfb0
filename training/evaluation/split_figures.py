"""The figures of one split: every label, averages, subgroups; all with patient-level 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array, LocalisedText
from cxr_dash.inference.schema import Interval, LabelMetrics, OperatingPoint, SplitMetrics
from training import metrics as m
from training.evaluation.point_figures import point_figures, reliability_bins
from training.evaluation.strata import enough_within, within_strata
from training.films.manifest import Film

BOOTSTRAP_SAMPLES = 1000
BOOTSTRAP_SEED = 2024
MIN_SUBGROUP = 20
MIN_SUBGROUP_POSITIVES = 5


def split_metrics(
    films: Sequence[Film],
    probabilities: Float64Array,
    targets: Float64Array,
    labels: Sequence[str],
    thresholds: dict[str, float],
    *,
    split: str,
    description: str,
    softmax: bool,
    any_label: str | None = None,
    points: Sequence[OperatingPoint] = (),
) -> SplitMetrics:
    """Measure calibrated probabilities of one split.

    Parameters
    ----------
    films : sequence of Film
    probabilities, targets : ndarray, shape (n, C)
    labels : sequence of str
    thresholds : dict
        Default operating point by label.
    split, description : str
    softmax : bool
        Adds accuracy and balanced recall of the most probable class.
    any_label : str, optional
        Label that is left out of ``auroc_without_<label>``.
    points : sequence of OperatingPoint
        Those whose consequences are counted.
    """
    resampling = m.bootstrap_weights([film.group for film in films], BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    sources = [film.source for film in films]
    rows = {}
    for k, key in enumerate(labels):
        scores, truths = probabilities[:, k], targets[:, k]
        if 0 < truths.sum() < len(films):
            row = _label_metrics(scores, truths, thresholds[key], resampling, sources)
            rows[key] = row.model_copy(
                update={"points": point_figures(scores, truths, key, points, resampling)}
            )
    averages = {
        "brier": m.macro(m.brier, probabilities, targets, resampling),
        "ece": m.macro(m.expected_calibration_error, probabilities, targets, resampling),
    }
    # without films of both kinds of any label there is no such mean
    if rows:
        averages = {
            "auroc": m.macro(m.auroc, probabilities, targets, resampling),
            "auprc": m.macro(m.auprc, probabilities, targets, resampling),
            **averages,
        }
    columns = [k for k, key in enumerate(labels) if key != any_label]
    if any_label and any(labels[k] in rows for k in columns):
        averages[f"auroc_without_{any_label}"] = m.macro(
            m.auroc, probabilities[:, columns], targets[:, columns], resampling
        )
    within = [k for k, key in enumerate(labels) if key in rows and rows[key].auroc_within_source]
    if within:
        averages["auroc_within_source"] = m.macro(
            within_strata(sources), probabilities[:, within], targets[:, within], resampling
        )
    if softmax:
        averages |= _class_rates(probabilities, targets, resampling)
    patients = {film.group for film in films} if all(film.patient for film in films) else None
    return SplitMetrics(
        split=split,
        films=len(films),
        patients=len(patients) if patients else None,
        description=LocalisedText(en=description),
        macro=averages,
        labels=rows,
        subgroups=_subgroups(films, probabilities, targets, softmax=softmax),
    )


def _label_metrics(
    scores: Float64Array,
    truths: Float64Array,
    threshold: float,
    resampling: Float64Array,
    sources: Sequence[str],
) -> LabelMetrics:
    positives = int(truths.sum())
    negatives = len(truths) - positives
    within = enough_within(truths, sources)
    return LabelMetrics(
        positives=positives,
        negatives=negatives,
        auroc=m.measure(m.auroc, scores, truths, resampling),
        auprc=m.measure(m.auprc, scores, truths, resampling),
        sensitivity=m.measure_share(m.sensitivity_at(threshold), scores, truths, resampling, positives),
        specificity=m.measure_share(m.specificity_at(threshold), scores, truths, resampling, negatives),
        ece=m.measure(m.expected_calibration_error, scores, truths, resampling),
        brier=m.measure(m.brier, scores, truths, resampling),
        auroc_within_source=m.measure(within_strata(sources), scores, truths, resampling) if within else None,
        reliability=reliability_bins(scores, truths),
    )


def _class_rates(
    probabilities: Float64Array, targets: Float64Array, resampling: Float64Array
) -> dict[str, Interval]:
    """Accuracy, and recall averaged over the classes, of the most probable class."""
    right = (probabilities.argmax(axis=1) == targets.argmax(axis=1)).astype(np.float64)

    def accuracy(_: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        return np.asarray(weights @ truths / weights.sum(axis=1))

    def recall(scores: Float64Array, truths: Float64Array, weights: Float64Array) -> Float64Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(weights @ (truths * scores) / (weights @ truths))

    repeated = np.repeat(right[:, None], targets.shape[1], axis=1)
    return {
        "accuracy": m.measure(accuracy, right, right, resampling),
        "balanced_recall": m.macro(recall, repeated, targets, resampling),
    }


def _subgroups(
    films: Sequence[Film], probabilities: Float64Array, targets: Float64Array, *, softmax: bool
) -> dict[str, dict[str, Interval]]:
    """Films, macro AUROC of the labels with enough films, and accuracy for softmax, by who and whence."""
    found: dict[str, dict[str, Interval]] = {}
    for name, mask in subgroup_masks(films).items():
        inside = np.flatnonzero(mask)
        if len(inside) < MIN_SUBGROUP:
            continue
        truths, scores = targets[inside], probabilities[inside]
        resampling = m.bootstrap_weights(
            [films[int(i)].group for i in inside], BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED
        )
        row = {"films": Interval(value=float(len(inside)))}
        positives = truths.sum(axis=0)
        enough = np.flatnonzero(np.minimum(positives, len(inside) - positives) >= MIN_SUBGROUP_POSITIVES)
        if len(enough):
            row["auroc"] = m.macro(m.auroc, scores[:, enough], truths[:, enough], resampling)
            row["labels"] = Interval(value=float(len(enough)))
        if softmax:
            row["accuracy"] = _class_rates(scores, truths, resampling)["accuracy"]
        found[name] = row
    return found


def subgroup_masks(films: Sequence[Film]) -> dict[str, NDArray[np.bool_]]:
    """Which films belong to each sex, age band, view, population and source that the manifest names."""
    names: dict[str, list[int]] = {}
    for index, film in enumerate(films):
        facts = {
            "sex": film.sex,
            "age": age_band(film.age),
            "view": film.view,
            "population": film.population,
            "source": film.source,
        }
        for kind, value in facts.items():
            if value:
                names.setdefault(f"{kind}={value}", []).append(index)
    masks: dict[str, NDArray[np.bool_]] = {}
    for name in sorted(names):
        masks[name] = np.zeros(len(films), dtype=bool)
        masks[name][names[name]] = True
    return masks


def age_band(age: float | None) -> str:
    """The age band of a patient; empty when the age is unknown."""
    if age is None:
        return ""
    for limit, name in ((18, "under 18"), (40, "18-39"), (65, "40-64")):
        if age < limit:
            return name
    return "65 and over"
