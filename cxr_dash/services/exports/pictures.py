"""Pictures at the film's own size: the heat alone, over the film, and beside it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import N_, Analysis, DecodeLimits, Finding, Heatmap
from cxr_dash.explain import content_heat, film_heat
from cxr_dash.language import Translator, say_no_place, say_reasons, say_strength
from cxr_dash.services.exports.options import ExportOptions
from cxr_dash.services.exports.provenance import (
    check_judged,
    find_finding,
    provenance,
    refused,
)
from cxr_dash.services.exports.wording import label_name, percent
from cxr_dash.words import DECISION_SUPPORT

ByteArray = NDArray[np.uint8]

_GAP = 8  # pixels between two films
_NARROWEST = 640  # a caption under less could not be read


def heat_layer_png(analysis: Analysis, label_key: str) -> bytes:
    """The map over the film's crop for the browser to colour: 8-bit grey PNG, 255 is the map's own peak."""
    find_finding(analysis, label_key)
    grey = np.rint(content_heat(analysis.heatmaps[label_key]) * 255.0).astype(np.uint8)
    return imaging.encode_png(grey, {})


def film_display(data: bytes, analysis: Analysis, limits: DecodeLimits) -> ByteArray:
    """The film as it is shown.

    Parameters
    ----------
    data : bytes
        The film's file.
    analysis : Analysis
    limits : DecodeLimits

    Returns
    -------
    ndarray of uint8, shape (H, W)
        0 black, 255 white, at the film's own size.
    """
    return imaging.display_pixels(imaging.decode(data, limits), analysis.preparation)


def heat_png(analysis: Analysis, label_key: str, options: ExportOptions) -> bytes:
    """The heat alone, RGBA at the film's own size, clear where there is none.

    Raises
    ------
    LabelNotFoundError, RequestError
    """
    finding = _finding(analysis, label_key, options)
    pixels = imaging.heat_rgba(film_heat(analysis.heatmaps[label_key]), options.colour_map, options.opacity)
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


def overlay_png(analysis: Analysis, label_key: str, options: ExportOptions, display: ByteArray) -> bytes:
    """The heat over the film, RGB at the film's own size.

    Parameters
    ----------
    analysis : Analysis
    label_key : str
    options : ExportOptions
    display : ndarray of uint8, shape (H, W)
        From :func:`film_display`.

    Raises
    ------
    LabelNotFoundError, RequestError
    """
    finding = _finding(analysis, label_key, options)
    return imaging.encode_png(
        overlay_pixels(analysis, label_key, options, display), provenance(analysis, finding, options)
    )


def overlay_pixels(
    analysis: Analysis, label_key: str, options: ExportOptions, display: ByteArray
) -> ByteArray:
    """The heat over the film, RGB, shape (H, W, 3)."""
    heat = film_heat(analysis.heatmaps[label_key])
    return imaging.blend_overlay(display, heat, options.colour_map, options.opacity)


def side_by_side_png(
    analysis: Analysis, label_key: str, options: ExportOptions, display: ByteArray, t: Translator
) -> bytes:
    """Film and overlay side by side, each at the film's own size, over a caption that says what they are.

    Raises
    ------
    LabelNotFoundError, RequestError
    """
    finding = _finding(analysis, label_key, options)
    height, width = display.shape
    total = max(2 * width + _GAP, _NARROWEST)
    strip = imaging.caption_strip(_caption(analysis, finding, options, t), total)
    pixels = np.zeros((height + strip.shape[0], total, 3), np.uint8)
    left = (total - 2 * width - _GAP) // 2
    pixels[:height, left : left + width] = display[..., np.newaxis]
    right = left + width + _GAP
    pixels[:height, right : right + width] = overlay_pixels(analysis, label_key, options, display)
    pixels[height:] = strip
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


def heat_legend(heatmap: Heatmap, t: Translator) -> tuple[str, str]:
    """What stands at the ends of a picture's colours."""
    return (t("none"), t("strong") if heatmap.scale else t("peak"))


def _evidence(heatmap: Heatmap, t: Translator) -> str:
    if heatmap.scale is None:
        return t(
            "Right: where the evidence lies (Grad-CAM), peak {peak:.3g} logits per cell.", peak=heatmap.peak
        )
    return t(
        "Right: where the evidence lies (Grad-CAM), {strength} heat on this finding's fixed scale, "
        "peak {peak:.3g} logits per cell.",
        strength=say_strength(heatmap, t),
        peak=heatmap.peak,
    )


def _finding(analysis: Analysis, label_key: str, options: ExportOptions) -> Finding:
    finding = find_finding(analysis, label_key)
    check_judged(analysis, anyway=options.anyway)
    return finding


def _caption(analysis: Analysis, finding: Finding, options: ExportOptions, t: Translator) -> imaging.Caption:
    cut = finding.threshold if options.threshold is None else options.threshold
    above = finding.probability >= cut
    template = (
        N_("{finding}: {probability}, above its cut of {cut}.")
        if above
        else N_("{finding}: {probability}, below its cut of {cut}.")
    )
    figures = {"probability": percent(finding.probability, t), "cut": percent(cut, t)}
    heatmap = analysis.heatmaps[finding.label.key]
    moment = t.moment(datetime.fromisoformat(analysis.analysed_at))
    lines = [
        t("No localised evidence: both films are the same.") if heatmap.flat else _evidence(heatmap, t),
        t(
            "Model {model} {version} ({model_sha}), {moment}. Film {film_sha}.",
            model=analysis.model_id,
            version=analysis.model_version,
            model_sha=analysis.model_sha256[:12],
            moment=moment,
            film_sha=analysis.film_sha256[:12],
        ),
    ]
    if not heatmap.flat and (why := say_no_place(heatmap, t)):
        lines.insert(1, why)
    if refused(analysis):
        lines.append(t("The input gate refused this film; the figures were asked for in spite of it."))
    told = analysis.quality.reasons if refused(analysis) else analysis.quality.first_of_all
    lines += say_reasons(told, t)
    lines.append(t(DECISION_SUPPORT))
    return imaging.Caption(
        title=t(template, finding=label_name(finding.label, t), **figures),
        lines=tuple(lines),
        legend=heat_legend(heatmap, t),
        colours=imaging.colour_table(options.colour_map),
    )
