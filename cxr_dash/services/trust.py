"""The trust report of one film, from what the model says of the film moved a little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxr_dash.domain import Finding, Heatmap, HeatTrust, LungField, RawOutput
from cxr_dash.explain import Shifted, find_regions, heat_trust
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities


def judge_trust(
    bundle: Bundle,
    answers: Sequence[tuple[tuple[float, float], RawOutput]],
    *,
    findings: Sequence[Finding],
    heatmaps: Mapping[str, Heatmap],
    lungs: LungField | None,
) -> dict[str, HeatTrust]:
    """Judge the heat of every label.

    Parameters
    ----------
    bundle : Bundle
    answers : sequence of ((float, float), RawOutput)
        A shift, and what the model says of the film moved by it.
    findings : sequence of Finding
    heatmaps : mapping of str to Heatmap
        By label key.
    lungs : LungField or None

    Returns
    -------
    dict of str to HeatTrust
        By label key, in the order of ``findings``.
    """
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
