"""Where a file comes from, and what it is called: never by a patient's name."""

from __future__ import annotations

import json
from dataclasses import asdict

from cxr_dash import __version__
from cxr_dash.domain import MODERATE_FROM, N_, STRONG_FROM, Analysis, Finding, Heatmap, Verdict
from cxr_dash.errors import LabelNotFoundError, RequestError
from cxr_dash.language import say_reasons, translator
from cxr_dash.services.exports.options import ExportOptions, Seen

DISCLAIMER = "Decision support for trained readers. Not a diagnosis."
REFUSED = "refused by the input gate; the figures were asked for in spite of it"
SOFTWARE = f"cxr-dash {__version__}"


def provenance(analysis: Analysis, finding: Finding, options: ExportOptions) -> dict[str, str]:
    """Where a picture or a map comes from, as text by keyword; no name and no path of the film."""
    heatmap = analysis.heatmaps[finding.label.key]
    threshold = finding.threshold if options.threshold is None else options.threshold
    trust = analysis.trust.get(finding.label.key)
    seen = options.seen
    quality = f"{analysis.quality.verdict}: {' '.join(say_reasons(analysis.quality.reasons))}".rstrip(": ")
    return {
        "Software": SOFTWARE,
        "Disclaimer": DISCLAIMER,
        "Model": f"{analysis.model_id} {analysis.model_version}",
        "Model SHA-256": analysis.model_sha256,
        "Label": finding.label.key,
        "Probability": f"{finding.probability:.4f}",
        "Threshold": f"{threshold:.4f}",
        "Heatmap": "Grad-CAM of the logit" + (", no localised evidence" if heatmap.flat else ""),
        "Heatmap peak": f"{heatmap.peak:.4g} logits per cell",
        **({"Heatmap strength": heatmap.strength} if heatmap.strength else {}),
        "Heatmap colours": _colours(heatmap),
        "Colour map": f"{options.colour_map}, "
        + ("lines at 25, 50 and 75 % of the peak" if seen.contours else f"opacity {options.opacity:.2f}"),
        **({"Heatmap trust": f"{trust.verdict}: {translator().say(trust.words)}"} if trust else {}),
        "Grey window": _window(seen),
        "Preparation": json.dumps(asdict(analysis.preparation), sort_keys=True),
        "Input quality": quality,
        **({"Input reason codes": " ".join(analysis.quality.codes)} if analysis.quality.reasons else {}),
        **({"Warning": f"This film was {REFUSED}."} if refused(analysis) else {}),
        "Input SHA-256": analysis.film_sha256,
        "Creation Time": analysis.analysed_at,
    }


def _window(seen: Seen) -> str:
    of = "of the film's own levels" if seen.applied else "of 256 grey levels"
    by = "" if seen.curve == "linear" else f", {seen.curve}"
    by = by if seen.table is None else f", table {seen.table} of the file"
    swapped = ", black and white swapped" if seen.invert else ""
    return f"width {seen.window_width:g}, level {seen.window_level:g} {of}{by}{swapped}"


def _colours(heatmap: Heatmap) -> str:
    """What the colours of a picture stand for."""
    scale = heatmap.scale
    if scale is None:
        return "up to the map's own peak"
    return (
        f"this label's fixed scale: weak below {scale.moderate:.4g} logits per cell "
        f"({MODERATE_FROM:g} of the colours), strong from {scale.strong:.4g} ({STRONG_FROM:g}), hottest from "
        f"{scale.full:.4g}"
    )


def refused(analysis: Analysis) -> bool:
    """Whether the input gate would not have the model asked about this film."""
    return analysis.quality.verdict is Verdict.REJECT


def check_judged(analysis: Analysis, *, anyway: bool) -> None:
    """Refuse to hand out figures of a film that the gate refused, unless they were asked for all the same.

    Raises
    ------
    RequestError
    """
    if analysis.quality.withheld:
        raise RequestError(
            N_(
                "The patient's age must be one that the model was made for; "
                "this film has no figures to take away."
            ),
            remedy=N_("Ask a model that was made for this age."),
        )
    if refused(analysis) and not anyway:
        raise RequestError(
            N_(
                "A film must have passed the input gate before its figures are taken away; "
                "this one was refused."
            ),
            remedy=N_("Choose “Show the figures anyway” first: the file will then say so."),
        )


def export_name(analysis: Analysis, label_key: str, kind: str, suffix: str = "png") -> str:
    """A download's name: part of the film's digest, the label and the kind.

    What the input gate refused says so in its name, too: text inside a file is seldom looked at.
    """
    unjudged = "-refused" if refused(analysis) else ""
    return f"cxr-{analysis.film_sha256[:8]}-{label_key}-{kind}{unjudged}.{suffix}"


def find_finding(analysis: Analysis, label_key: str) -> Finding:
    """The finding of that label.

    Raises
    ------
    LabelNotFoundError
    """
    for finding in analysis.findings:
        if finding.label.key == label_key:
            return finding
    keys = ", ".join(finding.label.key for finding in analysis.findings)
    raise LabelNotFoundError(
        f"`label` must be one of {keys} for model {analysis.model_id}; received {label_key!r}."
    )
