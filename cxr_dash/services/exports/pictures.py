"""Pictures at the film's own size: the heat alone, over the film, and beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import N_, Analysis, DecodeLimits, Finding, Heatmap
from cxr_dash.explain import content_heat, film_heat, film_heatmap
from cxr_dash.language import Translator, say_no_place, say_reasons, say_strength
from cxr_dash.services.exports.options import ExportOptions, Seen
from cxr_dash.services.exports.provenance import (
    check_judged,
    find_finding,
    provenance,
    refused,
)
from cxr_dash.services.exports.wording import label_name, percent
from cxr_dash.stages import stage
from cxr_dash.words import DECISION_SUPPORT

ByteArray = NDArray[np.uint8]

_GAP = 8  # pixels between two films
_LEVELS = (0.25, 0.5, 0.75)  # of the map's peak: where its lines are
_FINE = 10.0  # of a window's figures: from here on a level more or less does not matter
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


@stage("decode")
def film_as_seen(data: bytes, analysis: Analysis, limits: DecodeLimits, seen: Seen) -> tuple[ByteArray, Seen]:
    """The film as it is to be drawn on, and its window in figures for people.

    Parameters
    ----------
    data : bytes
        The film's file.
    analysis : Analysis
    limits : DecodeLimits
    seen : Seen

    Returns
    -------
    display : ndarray of uint8, shape (H, W)
        As :func:`film_display`; of a film with levels of its own, these through the window.
    seen : Seen
        The same where ``display`` is still to go through it.
    """
    levels = None if seen.whole else imaging.film_levels(data, limits)
    if levels is None:
        return film_display(data, analysis, limits), seen
    given = (seen.window_width, seen.window_level)
    shown = imaging.in_shown_levels(levels, *given) if seen.unit == "film" else given
    tables = [one.table for one in levels.windows if one.table is not None]
    if seen.table is not None and 0 < seen.table <= len(tables):
        table = tables[seen.table - 1]
    else:
        table = imaging.level_table(levels, *shown, seen.curve)
    width, level = given if seen.unit == "film" else imaging.in_own_levels(levels, *given)
    # plain indexing: a table of cv2.LUT would have to be made of another type first
    display = np.asarray((255 - table if seen.invert else table)[levels.pixels], np.uint8)
    return display, replace(seen, window_width=width, window_level=level, unit="film", applied=True)


@stage("export")
def heat_png(analysis: Analysis, label_key: str, options: ExportOptions) -> bytes:
    """The heat alone, RGBA at the film's own size, clear where there is none.

    Raises
    ------
    LabelNotFoundError, RequestError
    """
    finding = _finding(analysis, label_key, options)
    pixels = imaging.heat_rgba(film_heat(analysis.heatmaps[label_key]), options.colour_map, options.opacity)
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


@stage("export")
def overlay_png(
    analysis: Analysis, label_key: str, options: ExportOptions, display: ByteArray, t: Translator
) -> bytes:
    """The film with its heat as on the screen, RGB at the film's own size, over a caption of the same width.

    Parameters
    ----------
    analysis : Analysis
    label_key : str
    options : ExportOptions
    display : ndarray of uint8, shape (H, W)
        From :func:`film_display`.
    t : Translator

    Raises
    ------
    LabelNotFoundError, RequestError
    """
    finding = _finding(analysis, label_key, options)
    film = overlay_pixels(analysis, label_key, options, display)
    # a picture travels alone: what it shows, and whether to rely on it, is part of it
    strip = imaging.caption_strip(_caption(analysis, finding, options, t, beside=False), film.shape[1])
    return imaging.encode_png(np.concatenate([film, strip]), provenance(analysis, finding, options))


def overlay_pixels(
    analysis: Analysis, label_key: str, options: ExportOptions, display: ByteArray
) -> ByteArray:
    """The film through the reader's window with heat in colours or lines and marks, RGB, shape (H, W, 3)."""
    heatmap, film = analysis.heatmaps[label_key], _through_window(display, options)
    if not options.seen.contours:
        heated = imaging.blend_overlay(film, film_heat(heatmap), options.colour_map, options.opacity)
        return imaging.marked(heated, options.marks)
    lines = () if heatmap.flat else tuple(_lines(heatmap, options.colour_map))
    outlined = imaging.outlined(film, film_heatmap(heatmap) / np.float32(heatmap.peak or 1.0), lines)
    return imaging.marked(outlined, options.marks)


def toned(display: ByteArray, options: ExportOptions) -> ByteArray:
    """The film through the reader's grey window with the marks on it, uint8, shape (H, W)."""
    return imaging.marked(_through_window(display, options), options.marks)


def _through_window(display: ByteArray, options: ExportOptions) -> ByteArray:
    seen = options.seen
    if seen.plain or seen.applied:
        return display
    return imaging.toned(display, seen.window_width, seen.window_level, invert=seen.invert)


def _lines(heatmap: Heatmap, colour_map: str) -> Iterator[tuple[float, tuple[int, int, int]]]:
    """Levels and colours of the lines, by the rules of ``assets/js/5-film/54-heat.js``."""
    table = imaging.colour_table(colour_map)
    for share in _LEVELS:
        value = np.array([share * heatmap.peak], np.float32)
        shown = float(heatmap.scale.shares(value)[0]) if heatmap.scale else share
        # the dark end of the colours is lost on a dark film
        red, green, blue = (int(one) for one in table[round(255 * (0.5 + shown / 2))])
        yield share, (red, green, blue)


@stage("export")
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
    strip = imaging.caption_strip(_caption(analysis, finding, options, t, beside=True), total)
    pixels = np.zeros((height + strip.shape[0], total, 3), np.uint8)
    left = (total - 2 * width - _GAP) // 2
    pixels[:height, left : left + width] = toned(display, options)[..., np.newaxis]
    right = left + width + _GAP
    pixels[:height, right : right + width] = overlay_pixels(analysis, label_key, options, display)
    pixels[height:] = strip
    return imaging.encode_png(pixels, provenance(analysis, finding, options))


def heat_legend(heatmap: Heatmap, t: Translator) -> tuple[str, str]:
    """What stands at the ends of a picture's colours."""
    return (t("none"), t("strong") if heatmap.scale else t("peak"))


def seen_sentence(options: ExportOptions, t: Translator) -> str:
    """How the film stood on the screen; empty where its grey levels are its own."""
    seen = options.seen
    parts = []
    if not seen.whole:
        parts.append(
            t(
                "Grey window {width} / level {level}.",
                width=window_figure(seen.window_width),
                level=window_figure(seen.window_level),
            )
        )
    if seen.invert:
        parts.append(t("Black and white are swapped."))
    return " ".join(parts)


def window_figure(value: float) -> str:
    """Whole levels where there are many, else as many digits as tell them apart."""
    return f"{value:.0f}" if abs(value) >= _FINE else f"{value:.3g}"


def _over(heatmap: Heatmap, t: Translator) -> str:
    if heatmap.scale is None:
        return t("Where the evidence lies (Grad-CAM), peak {peak:.3g} logits per cell.", peak=heatmap.peak)
    return t(
        "Where the evidence lies (Grad-CAM), {strength} heat on this finding's fixed scale, "
        "peak {peak:.3g} logits per cell.",
        strength=say_strength(heatmap, t),
        peak=heatmap.peak,
    )


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


def _no_evidence(t: Translator, *, beside: bool) -> str:
    return t("No localised evidence: both films are the same.") if beside else t("No localised evidence.")


def _finding(analysis: Analysis, label_key: str, options: ExportOptions) -> Finding:
    finding = find_finding(analysis, label_key)
    check_judged(analysis, anyway=options.anyway)
    return finding


def _caption(
    analysis: Analysis, finding: Finding, options: ExportOptions, t: Translator, *, beside: bool
) -> imaging.Caption:
    cut = finding.threshold if options.threshold is None else options.threshold
    above = finding.probability >= cut
    template = (
        N_("{finding}: {probability}, above its threshold of {cut}.")
        if above
        else N_("{finding}: {probability}, below its threshold of {cut}.")
    )
    figures = {"probability": percent(finding.probability, t), "cut": percent(cut, t)}
    heatmap = analysis.heatmaps[finding.label.key]
    moment = t.moment(datetime.fromisoformat(analysis.analysed_at))
    lines = [
        _no_evidence(t, beside=beside)
        if heatmap.flat
        else (_evidence(heatmap, t) if beside else _over(heatmap, t)),
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
    trust = analysis.trust.get(finding.label.key)
    if trust and trust.doubtful:
        # what the screen says in amber is burnt in
        lines.insert(0, t.say(trust.words))
    if said := seen_sentence(options, t):
        lines.append(said)
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
