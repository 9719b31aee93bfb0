"""What a reader takes away: heat layers and pictures at the film's own size, with their provenance inside."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from cxr_dash import __version__, imaging
from cxr_dash.domain import Analysis, DecodeLimits, Finding
from cxr_dash.errors import LabelNotFoundError, RequestError
from cxr_dash.explain import content_heat, film_heat

DISCLAIMER = "Decision support for trained readers. Not a diagnosis."


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How the reader had set the screen.

    Attributes
    ----------
    colour_map : str
        One of :data:`cxr_dash.imaging.COLOUR_MAPS`.
    opacity : float
        0-1.
    threshold : float or None
        The reader's threshold, 0-1; the model's default where ``None``.
    """

    colour_map: str = "inferno"
    opacity: float = 0.6
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.colour_map not in imaging.COLOUR_MAPS:
            raise RequestError(
                f"`colour_map` must be one of {', '.join(imaging.COLOUR_MAPS)}; received {self.colour_map!r}."
            )
        for name, value in (("opacity", self.opacity), ("threshold", self.threshold)):
            if value is not None and not 0.0 <= value <= 1.0:
                raise RequestError(f"`{name}` must be between 0 and 1; received {value}.")


def heat_layer_png(analysis: Analysis, label_key: str) -> bytes:
    """The map over the film's crop for the browser to colour: 8-bit grey PNG, 255 is the map's own peak."""
    _finding(analysis, label_key)
    grey = np.rint(content_heat(analysis.heatmaps[label_key]) * 255.0).astype(np.uint8)
    return imaging.encode_png(grey, {})


def heat_png(analysis: Analysis, label_key: str, options: ExportOptions) -> bytes:
    """The heat alone, RGBA at the film's own size, clear where there is none.

    Raises
    ------
    LabelNotFoundError
    """
    finding = _finding(analysis, label_key)
    pixels = imaging.heat_rgba(film_heat(analysis.heatmaps[label_key]), options.colour_map, options.opacity)
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


def overlay_png(
    analysis: Analysis, label_key: str, options: ExportOptions, data: bytes, limits: DecodeLimits
) -> bytes:
    """The heat over the film, RGB at the film's own size.

    Parameters
    ----------
    analysis : Analysis
    label_key : str
    options : ExportOptions
    data : bytes
        The film's file.
    limits : DecodeLimits

    Raises
    ------
    LabelNotFoundError
    """
    finding = _finding(analysis, label_key)
    display = imaging.display_pixels(imaging.decode(data, limits), analysis.preparation)
    pixels = imaging.blend_overlay(
        display, film_heat(analysis.heatmaps[label_key]), options.colour_map, options.opacity
    )
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


def provenance(analysis: Analysis, finding: Finding, options: ExportOptions) -> dict[str, str]:
    """Where a picture comes from, as PNG text chunks; no name and no path of the film."""
    heatmap = analysis.heatmaps[finding.label.key]
    threshold = finding.threshold if options.threshold is None else options.threshold
    return {
        "Software": f"cxr-dash {__version__}",
        "Disclaimer": DISCLAIMER,
        "Model": f"{analysis.model_id} {analysis.model_version}",
        "Model SHA-256": analysis.model_sha256,
        "Label": finding.label.key,
        "Probability": f"{finding.probability:.4f}",
        "Threshold": f"{threshold:.4f}",
        "Heatmap": "Grad-CAM of the logit" + (", no localised evidence" if heatmap.flat else ""),
        "Heatmap peak": f"{heatmap.peak:.4g} logits per cell",
        "Colour map": f"{options.colour_map}, opacity {options.opacity:.2f}",
        "Preparation": json.dumps(asdict(analysis.preparation), sort_keys=True),
        "Input quality": f"{analysis.quality.verdict}: {' '.join(analysis.quality.reasons)}".rstrip(": "),
        "Input SHA-256": analysis.film_sha256,
        "Creation Time": analysis.analysed_at,
    }


def export_name(analysis: Analysis, label_key: str, kind: str) -> str:
    """A download's name: part of the film's digest, the label and the kind; never a patient's name."""
    return f"cxr-{analysis.film_sha256[:8]}-{label_key}-{kind}.png"


def _finding(analysis: Analysis, label_key: str) -> Finding:
    for finding in analysis.findings:
        if finding.label.key == label_key:
            return finding
    keys = ", ".join(finding.label.key for finding in analysis.findings)
    raise LabelNotFoundError(
        f"`label` must be one of {keys} for model {analysis.model_id}; received {label_key!r}."
    )
