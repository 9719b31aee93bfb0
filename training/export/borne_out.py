"""Presets that hold what their names say: judged on held-out films, after everything was chosen.

Nothing is chosen here. A preset that held-out films contradict is not offered, and one that is kept for those
who know it is called by what it achieved.
"""

from __future__ import annotations

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.schema import BundleSpec, LabelMetrics, OperatingPoint, SplitMetrics
from cxr_dash.inference.schema_films import ONE_IN
from training.evaluation.thresholds import DEFAULT_OPERATING_POINT, RULE_OUT_SENSITIVITY
from training.films.split_names import NATURAL

_PROMISED = 0.95
# fewer films with a finding say nothing against a preset
_LEAST_POSITIVES = 10
_ACHIEVED = {
    "sensitivity_95": LocalisedText(
        en="Sensitivity {share} %, meant as 95 %", es="Sensibilidad {share} %, buscada del 95 %"
    ),
    "specificity_95": LocalisedText(
        en="Specificity {share} %, meant as 95 %", es="Especificidad {share} %, buscada del 95 %"
    ),
}


def offered(spec: BundleSpec) -> BundleSpec:
    """The bundle with the presets that its held-out films bear out.

    Parameters
    ----------
    spec : BundleSpec
        Measured.
    """
    split = next((part for name in (NATURAL, "test") for part in spec.metrics if part.split == name), None)
    if split is None or spec.kind == "gate":
        return spec
    points = [_named(point, split.labels) for point in spec.operating_points]
    points = [point for point in points if _holds(point, split.split, split.labels)]
    keys = [point.key for point in points]
    default = spec.default_operating_point
    if default not in keys:
        # the next stricter one that holds, else the one that promises nothing
        stricter = [key for key in ONE_IN if key in keys and ONE_IN[key] > ONE_IN.get(default, 0)]
        default = stricter[-1] if stricter else DEFAULT_OPERATING_POINT
    points = [point.model_copy(update={"more": False}) if point.key == default else point for point in points]
    return spec.model_copy(
        update={
            "operating_points": points,
            "default_operating_point": default,
            "metrics": [_of_offered(part, keys, default) for part in spec.metrics],
        }
    )


def _of_offered(split: SplitMetrics, keys: list[str], default: str) -> SplitMetrics:
    """The figures of the presets that are offered, and sensitivity and specificity at the default."""
    labels = {}
    for label, row in split.labels.items():
        points = {key: found for key, found in row.points.items() if key in keys}
        at = points.get(default)
        changed = {"sensitivity": at.sensitivity, "specificity": at.specificity} if at else {}
        labels[label] = row.model_copy(update={"points": points, **changed})
    return split.model_copy(update={"labels": labels})


def _holds(point: OperatingPoint, split: str, labels: dict[str, LabelMetrics]) -> bool:
    if point.key in ONE_IN:
        found = next((part.flagged for part in point.achieved if part.split == split), None)
        return found is None or found.low is None or found.low <= 1 / ONE_IN[point.key]
    if point.key != "rule_out":
        return True
    if not any(threshold > 0.0 for threshold in point.thresholds.values()):
        return False  # nothing is ever ruled out
    rows = [row.points[point.key] for row in _enough(labels) if point.key in row.points]
    highs = [row.sensitivity.high for row in rows if row.threshold > 0.0]
    return all(high is None or high >= RULE_OUT_SENSITIVITY for high in highs)


def _named(point: OperatingPoint, labels: dict[str, LabelMetrics]) -> OperatingPoint:
    """The point, called by what it achieved where held-out films do not reach its name.

    They do not where the mean over labels of the upper ends of the intervals lies below 95 %.
    """
    if point.key not in _ACHIEVED:
        return point
    rows = [row.points[point.key] for row in _enough(labels) if point.key in row.points]
    rates = [row.sensitivity if point.key == "sensitivity_95" else row.specificity for row in rows]
    highs = [rate.value if rate.high is None else rate.high for rate in rates]
    if not rates or sum(highs) / len(highs) >= _PROMISED:
        return point
    achieved = f"{100 * sum(rate.value for rate in rates) / len(rates):.0f}"
    return point.model_copy(update={"name": _ACHIEVED[point.key].filled(share=achieved)})


def _enough(labels: dict[str, LabelMetrics]) -> list[LabelMetrics]:
    return [row for row in labels.values() if row.positives >= _LEAST_POSITIVES]
