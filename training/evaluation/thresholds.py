"""Operating points: named ways to choose a threshold per label, on calibrated probabilities of ``val``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cxr_dash.domain import Float64Array, Label, LocalisedText, joined
from cxr_dash.inference.operating_points import predictive_values, wilson_interval
from cxr_dash.inference.schema import OperatingPoint
from training.labels import LABELS

DEFAULT_OPERATING_POINT = "balanced"
FEW_POSITIVES = 20
RULE_OUT_PREVALENCE = 0.05
RULE_OUT_NPV = 0.99
RULE_OUT_SENSITIVITY = 0.95
_BALANCED = LocalisedText(
    en="Sensitivity plus specificity is largest (Youden).",
    es="Sensibilidad más especificidad máxima (Youden).",
)
_SENSITIVE = LocalisedText(
    en="Highest threshold that found at least 95 % of the positive films.",
    es="Umbral más alto que halló al menos el 95 % de las placas positivas.",
)
_SPECIFIC = LocalisedText(
    en="Lowest threshold that left at least 95 % of the negative films uncalled.",
    es="Umbral más bajo que dejó sin señalar al menos el 95 % de las placas negativas.",
)
_RULES_OUT = LocalisedText(
    en=f"Highest threshold that found at least {RULE_OUT_SENSITIVITY:.0%} of the positive films and whose "
    f"negative predictive value is at least {RULE_OUT_NPV:.0%} at a prevalence of {RULE_OUT_PREVALENCE:.0%}, "
    "counting the sensitivity at the lower end of its 95 % interval.",
    es=f"Umbral más alto que halló al menos el {100 * RULE_OUT_SENSITIVITY:.0f} % de las placas positivas, "
    f"con un valor predictivo negativo de al menos el {100 * RULE_OUT_NPV:.0f} % a una prevalencia del "
    f"{100 * RULE_OUT_PREVALENCE:.0f} %, con la sensibilidad en el extremo inferior de su intervalo del "
    "95 %.",
)
_FEW = LocalisedText(
    en=f"Uncertain for {{labels}}: fewer than {FEW_POSITIVES} positive films.",
    es=f"Incierto para {{labels}}: menos de {FEW_POSITIVES} placas positivas.",
)
_NEVER = LocalisedText(
    en="Not attainable for {labels}: threshold 0, nothing is ruled out.",
    es="Inalcanzable para {labels}: umbral 0, no se descarta nada.",
)


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
    uncertain = [_said_of(few, names, _FEW)] if few else []
    unattainable = [_said_of(never, names, _NEVER)] if never else []

    def point(
        key: str, name: LocalisedText, sentences: list[LocalisedText], table: dict[str, float]
    ) -> OperatingPoint:
        return OperatingPoint(
            key=key, name=name, explanation=joined(sentences, " "), thresholds=table, chosen_on=chosen_on
        )

    return [
        point(
            "balanced",
            LocalisedText(en="Balanced", es="Equilibrado"),
            [_BALANCED, *uncertain],
            {key: youden_threshold(*pair) for key, pair in columns.items()},
        ),
        point(
            "sensitivity_95",
            LocalisedText(en="Sensitivity 95 %", es="Sensibilidad 95 %"),
            [_SENSITIVE, *uncertain],
            {key: sensitivity_threshold(*pair, 0.95) for key, pair in columns.items()},
        ),
        point(
            "specificity_95",
            LocalisedText(en="Specificity 95 %", es="Especificidad 95 %"),
            [_SPECIFIC],
            {key: specificity_threshold(*pair, 0.95) for key, pair in columns.items()},
        ),
        point(
            "rule_out",
            LocalisedText(en="Rule out", es="Descartar"),
            [_RULES_OUT, *unattainable],
            ruled,
        ),
    ]


def _said_of(keys: Sequence[str], names: Mapping[str, Label], sentence: LocalisedText) -> LocalisedText:
    """A sentence about labels as they are called inside one, in the languages that all of it is in."""

    def inside(name: str) -> str:
        return name[0].lower() + name[1:] if name[1:2].islower() else name

    called = [names[key].name if key in names else None for key in keys]
    return LocalisedText(
        {
            tag: text.format(
                labels=", ".join(
                    inside(name.said_in(tag)) if name else key for key, name in zip(keys, called, strict=True)
                )
            )
            for tag, text in sentence.texts
        }
    )


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
