"""Findings as JSON: one film, or the list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from cxr_dash.domain import Analysis, FilmFacts, HeartMeasures, Heatmap, RatioObstacle, Verdict
from cxr_dash.explain import peak_positions
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator, ratio_words
from cxr_dash.services.exports.agreement import Agreement
from cxr_dash.services.exports.judged import reader_words
from cxr_dash.services.exports.listed import ListedFilm, cut_of
from cxr_dash.services.exports.maps import UNIT, MapSize, grid_to_film
from cxr_dash.services.exports.provenance import DISCLAIMER, SOFTWARE

Json = dict[str, Any]
SCHEMA = "cxr-dash findings 1"


def list_document(
    films: Iterable[Json], bundle: Bundle, t: Translator, agreement: Agreement | None = None
) -> Json:
    """The whole list.

    Parameters
    ----------
    films : iterable of dict
        A :func:`film_record` each.
    bundle : Bundle
    t : Translator
    agreement : Agreement, optional
        Of the reader and the model, where films were read first.

    Returns
    -------
    dict
        What is true of all films stands beside them. Probabilities and cuts are numbers from 0 to 1;
        ``docs/exports.md`` describes every entry.
    """
    counted = asdict(agreement) if agreement else None
    return _frame(bundle, t) | {"films": list(films), "agreement": counted}


def film_document(
    film: ListedFilm,
    bundle: Bundle,
    thresholds: Mapping[str, float],
    t: Translator,
    maps: Mapping[str, str],
    *,
    size: MapSize = "full",
) -> Json:
    """One film by itself, with what was done to it and what is known of its maps.

    Parameters
    ----------
    film : ListedFilm
    bundle : Bundle
    thresholds : mapping of str to float
    t : Translator
    maps : mapping of str to str
        File names of the raw maps beside this document, by label key: an ``.npy`` can carry no text, this is
        where theirs stands.
    size : {"grid", "full"}
        Of those maps.
    """
    document = _frame(bundle, t) | {"film": film_record(film, thresholds)}
    if film.analysis is None:
        return document
    analysis = film.analysis
    document["preparation"] = asdict(analysis.preparation)
    document["maps"] = {key: _map_record(analysis, key, name, size) for key, name in maps.items()}
    document["heat_trust"] = (
        {
            key: {"verdict": found.verdict, "words": t.say(found.words)}
            for key, found in analysis.trust.items()
        }
        if film.figures
        else {}
    )
    return document


def film_record(film: ListedFilm, thresholds: Mapping[str, float]) -> Json:
    """One film of the list; ``findings`` is empty where the figures must not be read."""
    analysis, chosen = film.analysis, film.chosen
    opinion = chosen.opinion
    return {
        "path": chosen.path,
        "number": chosen.number,
        "status": film.status,
        "reason": film.reason,
        "reason_codes": film.reason_codes,
        "film_sha256": analysis.film_sha256 if analysis else None,
        "film": facts_record(analysis.facts) if analysis else None,
        "analysed_at": analysis.analysed_at if analysis else None,
        "quality": str(analysis.quality.verdict) if analysis else None,
        "measures": measures_record(analysis) if analysis else None,
        "findings": _findings(film.figures, thresholds),
        "read": chosen.read,
        "own_reading": asdict(opinion) if opinion else None,
        "reader": reader_words(film) if analysis else None,
        "judged_at": chosen.judged.at if chosen.judged else None,
    }


def facts_record(facts: FilmFacts) -> Json:
    """What the file says of its film; no identifier, no name.

    Returns
    -------
    dict
        ``projection``, ``age_years``, ``sex``, ``body_part``, ``mirrored`` and ``pixel_spacing_mm`` (rows,
        columns), None where the file says nothing.
    """
    spacing = facts.pixel_spacing_mm
    return {
        "projection": facts.projection,
        "age_years": None if facts.age_years is None else round(facts.age_years, 2),
        "sex": facts.sex,
        "body_part": facts.body_part,
        "mirrored": facts.mirrored,
        "pixel_spacing_mm": [round(one, 6) for one in spacing] if spacing else None,
    }


def measures_record(analysis: Analysis) -> Json | None:
    """What was measured on the film itself, beside what the model says.

    Returns
    -------
    dict or None
        ``cardiothoracic_ratio``, 0-1, or None with the code of why not in ``obstacle``; ``comparable``: True
        for PA, False for AP, None where the file does not say. None where no segmenter is installed that
        draws the heart.
    """
    heart = heart_to_read(analysis)
    if heart is None:
        return None
    return {
        "cardiothoracic_ratio": None if heart.ratio is None else round(heart.ratio, 4),
        "obstacle": heart.obstacle,
        "comparable": {"PA": True, "AP": False}.get(analysis.facts.projection or ""),
    }


def measures_sentence(analysis: Analysis, t: Translator) -> str:
    """The same in the reader's words; empty where there is nothing to say."""
    heart = heart_to_read(analysis)
    return t.say(ratio_words(heart, analysis.facts)) if heart is not None else ""


def heart_to_read(analysis: Analysis) -> HeartMeasures | None:
    """What was measured of the heart, as far as it may be read: nothing of a film that was refused."""
    if analysis.heart is None or analysis.quality.verdict is not Verdict.REJECT:
        return analysis.heart
    return HeartMeasures(None, RatioObstacle.REFUSED, None)


def _findings(analysis: Analysis | None, thresholds: Mapping[str, float]) -> Json:
    if analysis is None:
        return {}
    found = {}
    for one in analysis.findings:
        cut = cut_of(one, thresholds)
        found[one.label.key] = {
            "probability": round(one.probability, 6),
            "prevalence": one.prevalence,
            "cut": cut,
            "default_cut": one.threshold,
            "above": one.probability >= cut,
            "heat_peak": round(analysis.heatmaps[one.label.key].peak, 6),
            "heat_localised": not analysis.heatmaps[one.label.key].flat,
            **heat_record(analysis.heatmaps[one.label.key]),
        }
    return found


def _map_record(analysis: Analysis, key: str, name: str, size: MapSize) -> Json:
    heatmap = analysis.heatmaps[key]
    plan = analysis.preparation
    film = [plan.film_height, plan.film_width]
    rows, columns = heatmap.values.shape
    grid = {
        "shape": [rows, columns],
        "grid_to_film": grid_to_film((rows, columns), plan).tolist(),
        "film_shape": film,
        "crop": asdict(plan.crop),
    }
    return {
        "file": name,
        "dtype": "float32",
        **({"shape": film} if size == "full" else grid),
        "unit": UNIT,
        "method": "Grad-CAM of the logit, ReLU",
        "peak": heatmap.peak,
        "localised": not heatmap.flat,
        "scale": asdict(heatmap.scale) if heatmap.scale else None,
    }


def heat_record(heatmap: Heatmap) -> Json:
    """How strong a map is and where it points.

    Returns
    -------
    dict
        ``heat_strength``: none, weak, moderate or strong, None where the model has no scale for the label.
        ``place``: ``[right, down]`` of the peak as shares of the film's width and height, with a second one
        where the other side is about as strong; None with ``place_reason``, a code, where none is named.
    """
    reason = "no_localised_evidence" if heatmap.flat else heatmap.no_place
    return {
        "heat_strength": heatmap.strength,
        "place": None if reason else [[round(one, 3) for one in place] for place in peak_positions(heatmap)],
        "place_reason": reason,
    }


def _frame(bundle: Bundle, t: Translator) -> Json:
    return {
        "schema": SCHEMA,
        "software": SOFTWARE,
        "disclaimer": DISCLAIMER,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "language": t.language,
        "model": {
            "id": bundle.id,
            "version": bundle.spec.version,
            "sha256": bundle.serving_sha256,
            "bundle_sha256": bundle.digest,
            "labels": {label.key: t.choose(label.name) for label in bundle.spec.labels},
        },
    }


def as_json(document: Json) -> str:
    """The document as a file's text: readable, accents as they are."""
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
