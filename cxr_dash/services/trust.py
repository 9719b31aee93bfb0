"""The trust report of one film: the model is asked twice more, about the film moved a little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxr_dash.domain import Finding, Float32Array, Heatmap, HeatTrust, LungField
from cxr_dash.explain import SHIFTS, Shifted, find_regions, heat_trust, shifted_input
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.runtime import Runtime


def report_trust(
    runtime: Runtime,
    bundle: Bundle,
    model_input: Float32Array,
    *,
    findings: Sequence[Finding],
    heatmaps: Mapping[str, Heatmap],
    lungs: LungField | None,
) -> dict[str, HeatTrust]:
    """Judge the heat of every label.

    Parameters
    ----------
    runtime : Runtime
    bundle : Bundle
    model_input : ndarray of float32, shape (H, W, 1)
    findings : sequence of Finding
    heatmaps : mapping of str to Heatmap
        By label key.
    lungs : LungField or None

    Returns
    -------
    dict of str to HeatTrust
        By label key, in the order of ``findings``.
    """
    answers = [(shift, runtime.run(shifted_input(model_input, shift))) for shift in SHIFTS]
    probabilities = [calibrated_probabilities(raw.logits, bundle.spec) for _, raw in answers]
    regions = find_regions(lungs)
    report = {}
    for index, finding in enumerate(findings):
        shifted = [
            Shifted(shift, raw.cams[index], float(found[index]))
            for (shift, raw), found in zip(answers, probabilities, strict=True)
        ]
        key = finding.label.key
        report[key] = heat_trust(key, heatmaps[key], finding.probability, shifted, regions)
    return report
