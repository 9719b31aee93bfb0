"""At what prevalence probabilities are stated, and whether they were ever held against the truth."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_dash.inference.schema import BundleSpec, Interval
from cxr_dash.language import Translator
from cxr_dash.services.exports.wording import label_name, lower, percent

_MEASURED_ON = ("natural", "test", "external")


def measured_calibration(spec: BundleSpec) -> Interval | None:
    """The calibration error on held-out films, mean over labels; None where it was not measured."""
    found = {split.split: split.macro.get("ece") for split in spec.metrics}
    return next((found[name] for name in _MEASURED_ON if found.get(name) is not None), None)


def stated_lines(spec: BundleSpec, prevalences: Mapping[str, float], t: Translator) -> list[str]:
    """Sentences under a table of probabilities.

    Parameters
    ----------
    spec : BundleSpec
    prevalences : mapping of str to float
        The reader's own, by label key.
    t : Translator
    """
    lines = [_calibration(spec, t)]
    if spec.calibrated_at is not None:
        films = t.choose(spec.calibrated_at.description)
        lines.append(t("They are stated at the prevalence in {films}.", films=films))
    if prevalences:
        names = [
            f"{lower(label_name(label, t), t)} {percent(prevalences[label.key], t)}"
            for label in spec.labels
            if label.key in prevalences
        ]
        lines.append(
            t(
                "For these they are carried over to the reader's own prevalence: {names}.",
                names=t.listed(names),
            )
        )
    return lines


def _calibration(spec: BundleSpec, t: Translator) -> str:
    error = measured_calibration(spec)
    if error is None:
        return t("Whether the probabilities mean what they say was not measured.")
    return t(
        "Probabilities are calibrated; on held-out films they miss the observed share by {error} on average.",
        error=percent(error.value, t),
    )
