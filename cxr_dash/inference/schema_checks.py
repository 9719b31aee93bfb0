"""What must agree inside ``bundle.json`` beyond the type of each entry; called by its schema."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cxr_dash.domain import PreparationSpec

if TYPE_CHECKING:
    from cxr_dash.inference.schema import BundleSpec, OutOfDistribution

_MAX_INPUT_SIDE = 4096
_PREPARATION_WORDS = {
    "region": ("film", "lungs"),
    "fit": ("letterbox", "centre_crop"),
    "window_region": ("film", "crop"),
}


def name_first_version(raw: object) -> object:
    """Give the preparation of a bundle that was written before there were versions its version: 1.

    Parameters
    ----------
    raw : object
        ``bundle.json`` as it was read; anything but a table is left to the schema.
    """
    if isinstance(raw, dict) and isinstance(raw.get("preparation"), dict):
        return {**raw, "preparation": {"version": 1, **raw["preparation"]}}
    return raw


def check_preparation(spec: PreparationSpec) -> PreparationSpec:
    """Refuse what no film can be prepared with; comparisons are written so that NaN fails them.

    Raises
    ------
    ValueError
    """
    if spec.version not in (1, 2):
        raise ValueError(f"`version` of the preparation must be 1 or 2; received {spec.version}")
    if not (1 <= spec.height <= _MAX_INPUT_SIDE and 1 <= spec.width <= _MAX_INPUT_SIDE):
        raise ValueError(
            f"`height` and `width` must be 1 to {_MAX_INPUT_SIDE}; received {spec.height}, {spec.width}"
        )
    low, high = spec.window_low_percentile, spec.window_high_percentile
    if not 0.0 <= low < high <= 100.0:
        raise ValueError(f"the window's percentiles must be 0 <= low < high <= 100; received {low}, {high}")
    if spec.polarity not in ("auto", "keep"):
        raise ValueError(f"`polarity` must be auto or keep; received {spec.polarity!r}")
    if not 0.0 <= spec.pad_value <= 255.0:
        raise ValueError(f"`pad_value` must be 0 to 255; received {spec.pad_value}")
    for name, known in _PREPARATION_WORDS.items():
        if getattr(spec, name) not in known:
            raise ValueError(f"`{name}` must be {' or '.join(known)}; received {getattr(spec, name)!r}")
    if not 0.0 <= spec.region_margin <= 1.0:
        raise ValueError(f"`region_margin` must be 0 to 1; received {spec.region_margin}")
    return spec


def check_out_of_distribution(fitted: OutOfDistribution, embedding_size: int) -> None:
    """Refuse statistics that do not fit the embedding: the gate would fail, or pass everything.

    Raises
    ------
    ValueError
    """
    lengths = {len(fitted.mean), *map(len, fitted.components)}
    if lengths != {embedding_size} or not fitted.components:
        raise ValueError(
            f"`out_of_distribution` must have a mean and components of `embedding_size` {embedding_size}; "
            f"received lengths {sorted(lengths)} and {len(fitted.components)} components"
        )
    if len(fitted.variances) != len(fitted.components):
        raise ValueError(
            f"`out_of_distribution.variances` must be one per component, {len(fitted.components)}; "
            f"received {len(fitted.variances)}"
        )
    if min(*fitted.variances, fitted.residual_variance) <= 0.0:
        raise ValueError("the variances of `out_of_distribution` must be above 0")
    if not 0.0 < fitted.warn_above <= fitted.reject_above:
        raise ValueError(
            f"`out_of_distribution` must have 0 < warn_above <= reject_above; "
            f"received {fitted.warn_above}, {fitted.reject_above}"
        )


def check_labels(spec: BundleSpec) -> None:
    """Refuse tables that leave a label out or name one that is not there, and unequal held-out lists.

    Raises
    ------
    ValueError
    """
    keys = [label.key for label in spec.labels]
    if len(set(keys)) != len(keys) or not keys:
        raise ValueError(f"`labels` must be non-empty with unique keys; received {keys}")
    tables: dict[str, dict[str, float]] = {
        "calibration.slopes": spec.calibration.slopes,
        "calibration.intercepts": spec.calibration.intercepts,
        "heat_reference": spec.heat_reference,
    }
    tables |= {f"operating_points[{p.key}].thresholds": p.thresholds for p in spec.operating_points}
    for name, table in tables.items():
        if set(table) != set(keys):
            raise ValueError(f"`{name}` must have one entry per label {keys}; received {sorted(table)}")
    if not set(spec.strength) <= set(keys):
        raise ValueError(f"`strength` must be of labels {keys}; received {sorted(spec.strength)}")
    looked_for = [one.key for one in spec.not_looked_for if one.key in keys]
    if looked_for:
        raise ValueError(f"`not_looked_for` must not name labels of the model; received {looked_for}")
    _check_steps(spec, keys)
    for held in spec.held_out:
        lengths = {len(held.probabilities.get(k, [])) for k in keys} | {
            len(held.truths.get(k, [])) for k in keys
        }
        if len(lengths) != 1:
            raise ValueError(
                f"`held_out[{held.split}]` must give every label as many probabilities as truths; "
                f"received lengths {sorted(lengths)}"
            )


def _check_steps(spec: BundleSpec, keys: list[str]) -> None:
    """An isotonic curve is of one label, rises, and would tear the classes of a softmax apart."""
    for key, steps in spec.calibration.steps.items():
        logits, probabilities = steps.logits, steps.probabilities
        rises = all(a < b for a, b in pairwise(logits)) and all(a <= b for a, b in pairwise(probabilities))
        if (
            key not in keys
            or spec.activation != "sigmoid"
            or not logits
            or len(logits) != len(probabilities)
            or not rises
        ):
            raise ValueError(
                f"`calibration.steps[{key}]` must give a sigmoid label increasing logits and as many "
                f"probabilities that never fall; received {len(logits)} and {len(probabilities)}"
            )


def check_operating_points(spec: BundleSpec) -> None:
    """Refuse a key that is there twice, and a default that is not there.

    Raises
    ------
    ValueError
    """
    points = [point.key for point in spec.operating_points]
    if len(set(points)) != len(points):
        raise ValueError(f"`operating_points` must have unique keys; received {points}")
    if spec.default_operating_point not in points:
        raise ValueError(
            f"`default_operating_point` must be one of {points}; received {spec.default_operating_point!r}"
        )


def check_film_score(spec: BundleSpec) -> None:
    """Refuse a film's score, or a prevalence, of a label that is not there; a prevalence is of all or none.

    Raises
    ------
    ValueError
    """
    keys = {label.key for label in spec.labels}
    if spec.film_score is not None and spec.film_score.label not in keys:
        raise ValueError(f"`film_score.label` must be a label; received {spec.film_score.label!r}")
    if spec.prevalence and set(spec.prevalence) != keys:
        raise ValueError(
            f"`prevalence` must have one entry per label {sorted(keys)}; received {sorted(spec.prevalence)}"
        )
