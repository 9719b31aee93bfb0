"""What the page is told, as plain JSON: about a model once, and about each film once.

Thresholds, consequences and heat colours are then worked out in the browser, so that moving them needs no
request. Nothing here names a file or a patient.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from math import isfinite
from typing import Any

from cxr_dash import imaging
from cxr_dash.domain import (
    HEART_LABELS,
    MODERATE_FROM,
    REASSURING_LABELS,
    STRONG_FROM,
    SUMMARY_LABELS,
    Analysis,
    Heatmap,
    ReasonCode,
)
from cxr_dash.errors import CxrError, lasting_codes
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.places import label_place
from cxr_dash.inference.prevalence import LEAST_PREVALENCE, stated_prevalence
from cxr_dash.inference.schema import BundleSpec, HeldOut
from cxr_dash.language import Translator, say_facts, say_no_place, say_reasons, say_strength, short_ratio
from cxr_dash.services.exports import (
    MOST_FILMS,
    MOST_OF_LABEL,
    facts_record,
    heart_to_read,
    heat_record,
    measures_sentence,
)
from cxr_dash.services.exports.listed import BORDERLINE_MARGIN
from cxr_dash.services.report.measured import FEWEST_FILMS
from cxr_dash.settings import Settings
from cxr_dash.ui.views import bundle_words
from cxr_dash.words import GATE_CHECKED

Json = dict[str, Any]
_MIRRORED = {ReasonCode.MIRRORED, ReasonCode.SEEMS_MIRRORED}
# Of a list inside a sentence of the page; headlines name every finding.
_MOST_NAMED = 3


def page_settings(settings: Settings, t: Translator, reader: str = "") -> Json:
    """Limits and colour tables for the browser scripts.

    Parameters
    ----------
    settings : Settings
    t : Translator
    reader : str
        Differs from user to user; empty where nobody signs in.

    Returns
    -------
    dict
        ``colour_maps`` maps a name to base64 of 256 RGB triples: the very table the downloads use;
        ``words`` holds the translations of what the browser scripts say, ``plural_forms`` which form of a
        counted one goes with which category of ``Intl.PluralRules``; ``rules`` the figures of those that
        stand in both languages, which tests/browser/test_rules_in_both_languages.py runs side by side.
    """
    return {
        "language": t.language,
        "words": t.for_browser(),
        "plural_forms": t.form_by_category(),
        "max_upload_bytes": settings.max_upload_bytes,
        "most_films": MOST_FILMS,
        "reader": reader,
        "show_identity": settings.show_identity,
        "tells_overrides": settings.audit != "off",
        "case_lifetime_seconds": settings.case_lifetime_seconds,
        "heat_scale": {"moderate_from": MODERATE_FROM, "strong_from": STRONG_FROM},
        "rules": {
            "full_alpha_heat": imaging.FULL_ALPHA_HEAT,
            "fewest_films": FEWEST_FILMS,
            "least_prevalence": LEAST_PREVALENCE,
            "most_named": _MOST_NAMED,
            "nouns_large": t.nouns_large,
            "borderline_margin": BORDERLINE_MARGIN,
            "most_of_label": MOST_OF_LABEL,
            "gate_checked": t(GATE_CHECKED),
            "lasting_errors": lasting_codes(),
        },
        "colour_maps": {
            name: base64.b64encode(imaging.colour_table(name).tobytes()).decode("ascii")
            for name in imaging.COLOUR_MAPS
        },
    }


def model_facts(bundle: Bundle, t: Translator) -> Json:
    """Labels, operating points and held-out probabilities of one model.

    Returns
    -------
    dict
        ``held_out`` lists splits; per label the sorted probabilities of films with it (``positives``) and
        without it (``negatives``), from which sensitivity and specificity at any threshold are exact counts,
        and its ``auroc`` (``value``, ``low``, ``high``) where the bundle gives one. ``prevalence`` is by
        label that at which probabilities are stated, ``calibrated_at`` the films it is of, empty where they
        are not known; ``places`` by label how often a map's peak lies in the lesion, and a template's;
        ``film_score`` the label whose score orders a list, or None. A ``joint`` point sets all labels' cuts
        at once, and ``flagged`` is a sentence for how many films without a finding it flags; ``more``: it is
        a further preset.
    """
    spec = bundle.spec
    return {
        "id": spec.id,
        "version": spec.version,
        "sha256": bundle.serving_sha256,
        "labels": [
            {
                "key": label.key,
                "name": bundle_words.label_name(label, t),
                "reassuring": label.key in REASSURING_LABELS,
                "summary": label.key in SUMMARY_LABELS,
            }
            for label in spec.labels
        ],
        "operating_points": [
            {
                "key": point.key,
                "name": bundle_words.point_name(point, t),
                "short": bundle_words.point_chip(point, t),
                "thresholds": point.thresholds,
                "flagged": bundle_words.flagged_without(point, t),
                "joint": point.joint,
                "more": point.more,
            }
            for point in spec.operating_points
        ],
        "exclusive": spec.activation == "softmax",
        "default_operating_point": spec.default_operating_point,
        "prevalence": stated_prevalence(spec),
        "film_score": spec.film_score.label if spec.film_score else None,
        "calibrated_at": bundle_words.calibrated_films(spec, t),
        "places": _places(spec),
        "held_out": [_held_out(held, spec, t) for held in spec.held_out],
    }


def _places(spec: BundleSpec) -> Json:
    """By label, counts of boxed test films: all, those whose map's peak lies in a box, a template's."""
    measured = {label.key: label_place(spec, label.key) for label in spec.labels}
    return {
        key: {
            "films": place.films,
            "map": round(place.pointing.value * place.films),
            "template": round(place.template.value * place.films),
        }
        for key, place in measured.items()
        if place is not None and place.pointing.value is not None and place.template.value is not None
    }


def film_answer(
    film: str, model: str, analysis: Analysis, t: Translator, *, trust_waits: bool = False
) -> Json:
    """Everything the page shows about one film, by keys and figures only.

    ``trust_waits`` says that the trust report can be asked for: until then the page draws no heat and names
    no place.
    """
    preparation = analysis.preparation
    crop = preparation.crop
    return {
        "film": film,
        "model": model,
        "version": analysis.model_version,
        "sha256": analysis.model_sha256,
        "analysed_at": analysis.analysed_at,
        "milliseconds": round(analysis.milliseconds.get("total", 0.0)),
        "width": preparation.film_width,
        "height": preparation.film_height,
        "crop": {"x": crop.x, "y": crop.y, "width": crop.width, "height": crop.height},
        "inverted": preparation.inverted,
        "file": _of_the_file(analysis, t),
        "quality": {
            "verdict": analysis.quality.verdict.value,
            "reasons": say_reasons(analysis.quality.reasons, t),
            "reason_codes": analysis.quality.codes,
            "withheld": analysis.quality.withheld,
            "first_of_all": say_reasons(analysis.quality.first_of_all, t),
        },
        "probabilities": {finding.label.key: finding.probability for finding in analysis.findings},
        "heat": {key: _heat(heatmap, t) for key, heatmap in analysis.heatmaps.items()},
        "measures": _beside_findings(analysis, t),
        "trust_waits": trust_waits,
        **trust_facts(analysis, t),
        "error": None,
    }


def trust_facts(analysis: Analysis, t: Translator) -> Json:
    """The trust report by label key; empty where there is none."""
    return {
        "trust_verdict": {key: found.verdict for key, found in analysis.trust.items()},
        "trust": {key: t.say(found.words) for key, found in analysis.trust.items()},
    }


def _heat(heatmap: Heatmap, t: Translator) -> Json:
    """A map's strength and place; ``at`` is empty where no place is named, and ``no_place`` says why."""
    return {
        "peak": heatmap.peak,
        "flat": heatmap.flat,
        "strength": heatmap.strength,
        "strength_words": say_strength(heatmap, t),
        "scale": asdict(heatmap.scale) if heatmap.scale else None,
        "at": heat_record(heatmap)["place"] or [],
        "no_place": say_no_place(heatmap, t),
    }


def _of_the_file(analysis: Analysis, t: Translator) -> Json:
    """What the file says; sides are of no interest in a film that is refused for what it shows.

    ``mirrored`` is told over the film, whoever noticed it: the file, or the app by the heart's side.
    """
    said = any(reason.code in _MIRRORED for reason in analysis.quality.reasons)
    return facts_record(analysis.facts) | {"line": say_facts(analysis.facts, t), "mirrored": said}


def _beside_findings(analysis: Analysis, t: Translator) -> Json:
    """What was measured and belongs to a finding, by label key: ``short`` for its row, and a ``sentence``."""
    heart = heart_to_read(analysis)
    if heart is None:
        return {}
    short = short_ratio(heart, analysis.facts)
    said = {"short": t.say(short) if short else "", "sentence": measures_sentence(analysis, t)}
    return dict.fromkeys(HEART_LABELS, said)


def error_in_words(error: CxrError, t: Translator) -> dict[str, str]:
    """An error as the page is told of it: ``code``, ``message`` and ``remedy``."""
    return {"code": error.code, "message": t.say(error.words), "remedy": t.say(error.remedy_words)}


def film_problem(film: str, model: str, error: CxrError, t: Translator) -> Json:
    """The same place in the page, when the film cannot be read: why, and what to do."""
    return {"film": film, "model": model, "error": error_in_words(error, t)}


def _held_out(held: HeldOut, spec: BundleSpec, t: Translator) -> Json:
    keys = spec.label_keys
    return {
        "split": held.split,
        "description": bundle_words.description(held, t),
        "positives": {key: _sorted_probabilities(held, key, truth=1) for key in keys},
        "negatives": {key: _sorted_probabilities(held, key, truth=0) for key in keys},
        "auroc": _aurocs(held.split, spec),
    }


def _aurocs(split: str, spec: BundleSpec) -> Json:
    """By label key, as measured when the bundle was made; the interval is the bootstrap's over patients."""
    measured = next((entry.labels for entry in spec.metrics if entry.split == split), {})
    known = {key: figures.auroc for key, figures in measured.items() if isfinite(figures.auroc.value)}
    return {key: figure.model_dump() for key, figure in known.items()}


def _sorted_probabilities(held: HeldOut, key: str, *, truth: int) -> list[float]:
    # as the bundle has them: a rounded one may come to lie on the other side of a cut
    pairs = zip(held.probabilities[key], held.truths[key], strict=True)
    return sorted(probability for probability, known in pairs if known == truth)
