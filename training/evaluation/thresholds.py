"""Operating points: named ways to choose a threshold per label, on calibrated probabilities of ``val``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cxr_dash.domain import Float64Array, Label
from cxr_dash.inference.operating_points import predictive_values, wilson_interval
from cxr_dash.inference.schema import OperatingPoint
from training.labels import LABELS

DEFAULT_OPERATING_POINT = "balanced"
FEW_POSITIVES = 20
RULE_OUT_PREVALENCE = 0.05
RULE_OUT_NPV = 0.99
RULE_OUT_SENSITIVITY = 0.95


def choose_operating_points(
    probabilities: Float64Array,
    targets: Float64Array,
    labels: Sequence[str],
    chosen_on: str,
    names: Mapping[str, Label] = LABELS,
) -> list[OperatingPoint]:
    """The four operating points every bundle has.

    Parameters
    ----------
    probabilities, targets : ndarray, shape (n, C)
        Calibrated, of films used for nothing else but stopping and calibration.
    labels : sequence of str
    chosen_on : str
        Split and films, in words.
    names : mapping of str to Label
        How labels are called, where a recipe has some of its own.
    """
    columns = {key: (probabilities[:, k], targets[:, k]) for k, key in enumerate(labels)}
    few = [key for key, (_, truth) in columns.items() if truth.sum() < FEW_POSITIVES]
    ruled = {key: rule_out_threshold(*pair) for key, pair in columns.items()}
    never = [key for key, threshold in ruled.items() if threshold == 0.0]
    few_en, few_es = _said_of(
        [names.get(key, Label(key, key, key)) for key in few],
        f"Uncertain for {{}}: fewer than {FEW_POSITIVES} positive films.",
        f"Incierto para {{}}: menos de {FEW_POSITIVES} placas positivas.",
    )
    never_en, never_es = _said_of(
        [names.get(key, Label(key, key, key)) for key in never],
        "Not attainable for {}: threshold 0, nothing is ruled out.",
        "Inalcanzable para {}: umbral 0, no se descarta nada.",
    )

    def point(
        key: str, names: tuple[str, str], texts: tuple[str, str], table: dict[str, float]
    ) -> OperatingPoint:
        return OperatingPoint(
            key=key,
            name_en=names[0],
            name_es=names[1],
            explanation_en=texts[0],
            explanation_es=texts[1],
            thresholds=table,
            chosen_on=chosen_on,
        )

    return [
        point(
            "balanced",
            ("Balanced", "Equilibrado"),
            (
                "Sensitivity plus specificity is largest (Youden)." + few_en,
                "Sensibilidad más especificidad máxima (Youden)." + few_es,
            ),
            {key: youden_threshold(*pair) for key, pair in columns.items()},
        ),
        point(
            "sensitivity_95",
            ("Sensitivity 95 %", "Sensibilidad 95 %"),
            (
                "Highest threshold that found at least 95 % of the positive films." + few_en,
                "Umbral más alto que halló al menos el 95 % de las placas positivas." + few_es,
            ),
            {key: sensitivity_threshold(*pair, 0.95) for key, pair in columns.items()},
        ),
        point(
            "specificity_95",
            ("Specificity 95 %", "Especificidad 95 %"),
            (
                "Lowest threshold that left at least 95 % of the negative films uncalled.",
                "Umbral más bajo que dejó sin señalar al menos el 95 % de las placas negativas.",
            ),
            {key: specificity_threshold(*pair, 0.95) for key, pair in columns.items()},
        ),
        point(
            "rule_out",
            ("Rule out", "Descartar"),
            (
                f"Highest threshold that found at least {RULE_OUT_SENSITIVITY:.0%} of the positive films and "
                f"whose negative predictive value is at least {RULE_OUT_NPV:.0%} at a "
                f"prevalence of {RULE_OUT_PREVALENCE:.0%}, counting the sensitivity at the lower end of its "
                "95 % interval." + never_en,
                f"Umbral más alto que halló al menos el {100 * RULE_OUT_SENSITIVITY:.0f} % de las placas "
                f"positivas, con un valor predictivo negativo de al menos el {100 * RULE_OUT_NPV:.0f} % a "
                f"una prevalencia del {100 * RULE_OUT_PREVALENCE:.0f} %, con la sensibilidad en el extremo "
                "inferior de su intervalo del 95 %." + never_es,
            ),
            ruled,
        ),
    ]


def _said_of(labels: Sequence[Label], english: str, spanish: str) -> tuple[str, str]:
    """A sentence to follow others, about labels as they are called inside one; empty where there are none."""
    if not labels:
        return "", ""

    def inside(name: str) -> str:
        return name[0].lower() + name[1:] if name[1:2].islower() else name

    names_en = ", ".join(inside(label.name_en) for label in labels)
    names_es = ", ".join(inside(label.name_es) for label in labels)
    return f" {english.format(names_en)}", f" {spanish.format(names_es)}"


def youden_threshold(probabilities: Float64Array, targets: Float64Array) -> float:
    """Threshold with the largest sensitivity + specificity (Youden 1950); the lowest when several tie."""
    thresholds, sensitivity, specificity = _rates(probabilities, targets)
    return _rounded_down(thresholds[int(np.argmax(sensitivity + specificity))])


def sensitivity_threshold(probabilities: Float64Array, targets: Float64Array, wanted: float) -> float:
    """Highest threshold at which at least ``wanted`` of the positive films are called."""
    thresholds, sensitivity, _ = _rates(probabilities, targets)
    return _rounded_down(thresholds[sensitivity >= wanted - 1e-12].max(initial=0.0))


def specificity_threshold(probabilities: Float64Array, targets: Float64Array, wanted: float) -> float:
    """Lowest threshold at which at least ``wanted`` of the negative films are not called."""
    thresholds, _, specificity = _rates(probabilities, targets)
    return min(1.0, float(np.ceil(thresholds[specificity >= wanted - 1e-12].min(initial=1.0) * 1e5) / 1e5))


def rule_out_threshold(probabilities: Float64Array, targets: Float64Array) -> float:
    """Highest threshold that still rules out safely; 0 where the films cannot support ruling anything out."""
    thresholds, sensitivity, specificity = _rates(probabilities, targets)
    positives = int(targets.sum())
    low, _ = wilson_interval(np.rint(sensitivity * positives), positives)
    _, npv = predictive_values(low, specificity, RULE_OUT_PREVALENCE)
    safe = (npv >= RULE_OUT_NPV) & (specificity > 0) & (sensitivity >= RULE_OUT_SENSITIVITY - 1e-12)
    return _rounded_down(thresholds[safe].max(initial=0.0))


def _rates(
    probabilities: Float64Array, targets: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Sensitivity and specificity at every probability that occurs, and at one above all of them."""
    thresholds = np.append(np.unique(probabilities), np.nextafter(probabilities.max(), 2.0))
    positives, negatives = np.sort(probabilities[targets > 0.5]), np.sort(probabilities[targets <= 0.5])
    missed = np.searchsorted(positives, thresholds, side="left")
    cleared = np.searchsorted(negatives, thresholds, side="left")
    sensitivity = 1.0 - missed / max(len(positives), 1)
    return np.minimum(thresholds, 1.0), sensitivity, cleared / max(len(negatives), 1)


def _rounded_down(threshold: float) -> float:
    # downwards, so that the film the threshold stands on is still called
    return float(np.floor(threshold * 1e5) / 1e5)
