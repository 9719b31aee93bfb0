"""What ``models`` and ``analyse`` print: plain data for ``--json``, a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cxr_dash.cli.console import table
from cxr_dash.domain import Analysis, FilmFacts, Heatmap, Label, Verdict
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.prevalence import stated_prevalence
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from cxr_dash.language import say_facts, say_reasons, translator
from cxr_dash.services.exports import (
    DISCLAIMER,
    facts_record,
    heat_record,
    measures_record,
    measures_sentence,
)
from cxr_dash.services.film_score import film_score_of


def bundle_data(bundle: Bundle | SegmenterBundle) -> dict[str, Any]:
    """One bundle for ``cxr-dash models --json``; a segmenter has no labels and no thresholds."""
    spec = bundle.spec
    data: dict[str, Any] = {
        "id": spec.id,
        "kind": spec.kind,
        "version": spec.version,
        "title": spec.title.en,
        "population": spec.trained_on.en,
        "input": {"height": spec.preparation.height, "width": spec.preparation.width},
        "runtime": "keras" if bundle.serving_path is None else "litert",
        "sha256": bundle.serving_sha256,
        "digest": bundle.digest,
    }
    if isinstance(spec, SegmenterSpec):
        return data
    return data | {
        "activation": spec.activation,
        "labels": [_named(label) for label in spec.labels],
        "operating_points": [point.key for point in spec.operating_points],
        "default_operating_point": spec.default_operating_point,
        "not_looked_for": [_named(one) for one in spec.not_looked_for],
    }


def _named(label: Label) -> dict[str, str]:
    """Key and names by language; Spanish is always there."""
    return {"key": label.key, "en": label.name.en, "es": label.name.said_in("es"), **label.name.by_language}


def bundles_table(bundles: Sequence[Bundle | SegmenterBundle]) -> str:
    """Bundles as columns for a terminal."""
    head = ("ID", "KIND", "VERSION", "LABELS", "INPUT", "RUNTIME", "TRAINED ON")
    rows = [
        (
            data["id"],
            data["kind"],
            data["version"],
            str(len(data["labels"])) if "labels" in data else "-",
            f"{data['input']['width']} x {data['input']['height']}",
            data["runtime"],
            data["population"],
        )
        for data in map(bundle_data, bundles)
    ]
    return table([head, *rows])


def analysis_data(path: str, analysis: Analysis, bundle: Bundle) -> dict[str, Any]:
    """One film for ``cxr-dash analyse --json``; a rejected film has no findings, as in ``score``.

    Parameters
    ----------
    path : str
        As given.
    analysis : Analysis
        At the prevalence that was asked for.
    bundle : Bundle
        The model that was asked.
    """
    rejected = analysis.quality.verdict is Verdict.REJECT
    return {
        "path": path,
        "status": "rejected" if rejected else "ok",
        "reasons": say_reasons(analysis.quality.reasons),
        "reason_codes": analysis.quality.codes,
        "model": {
            "id": analysis.model_id,
            "version": analysis.model_version,
            "sha256": analysis.model_sha256,
        },
        "film": {
            "width": analysis.preparation.film_width,
            "height": analysis.preparation.film_height,
            "sha256": analysis.film_sha256,
            **facts_record(analysis.facts),
        },
        "stated_at": stated_data(bundle),
        "film_score": None if rejected else film_score_data(analysis, bundle.spec),
        "findings": []
        if rejected
        else [
            {
                "label": finding.label.key,
                "probability": finding.probability,
                "threshold": finding.threshold,
                "above": finding.above,
                "logit": finding.logit,
                "prevalence": finding.prevalence,
                "heatmap": {
                    "peak": analysis.heatmaps[finding.label.key].peak,
                    "flat": analysis.heatmaps[finding.label.key].flat,
                    **_heat_data(analysis.heatmaps[finding.label.key]),
                    "trust": _trust_data(analysis, finding.label.key),
                },
            }
            for finding in analysis.findings
        ],
        "measures": _measures_data(analysis),
        "milliseconds": analysis.milliseconds,
        "analysed_at": analysis.analysed_at,
        "note": DISCLAIMER,
    }


def _heat_data(heatmap: Heatmap) -> dict[str, Any]:
    """Strength on the label's fixed scale, and the place of the peak, or why there is none."""
    found = heat_record(heatmap)
    return {"strength": found.pop("heat_strength"), **found}


def stated_data(bundle: Bundle) -> dict[str, Any]:
    """Which films' prevalence the model's own probabilities are stated at; what is not known is None."""
    films = bundle.spec.calibrated_at
    return {
        "prevalence": stated_prevalence(bundle.spec),
        "films": films.description.en if films else None,
        "natural": films.natural if films else None,
    }


def film_score_data(analysis: Analysis, spec: BundleSpec) -> dict[str, Any] | None:
    """The one score of a film and whether it reaches its points; None for a model without one."""
    score = film_score_of(analysis, spec)
    if score is None or spec.film_score is None:
        return None
    return {"label": spec.film_score.label, "score": score.value, "above": score.above}


def _measures_data(analysis: Analysis) -> dict[str, Any]:
    """What was measured; the ratio is there, as None, without a segmenter that draws the heart too."""
    record = measures_record(analysis) or {"cardiothoracic_ratio": None, "obstacle": None, "comparable": None}
    return record | {"sentence": measures_sentence(analysis, translator())}


def _trust_data(analysis: Analysis, key: str) -> dict[str, Any] | None:
    """How far a label's heat may be trusted; None where the report is switched off."""
    found = analysis.trust.get(key)
    if found is None:
        return None
    data = asdict(found)
    del data["words"]
    return data | {"sentence": found.sentence}


def analysis_table(data: dict[str, Any]) -> str:
    """:func:`analysis_data` for a terminal."""
    model, film = data["model"], data["film"]
    lines = [f"{data['path']}: {film['width']} x {film['height']}, {model['id']} {model['version']}"]
    said = FilmFacts(projection=film["projection"], age_years=film["age_years"], sex=film["sex"])
    if line := say_facts(said, translator()):
        lines.append(line)
    lines += [f"! {reason}" for reason in data["reasons"]]
    if data["findings"]:
        head = ("FINDING", "PROBABILITY", "THRESHOLD", "")
        rows = [
            (
                found["label"],
                f"{found['probability']:.3f}",
                f"{found['threshold']:.3f}",
                _remark(found),
            )
            for found in sorted(
                data["findings"], key=lambda found: -found["probability"] / max(found["threshold"], 1e-9)
            )
        ]
        lines.append(table([head, *rows]))
        if data["measures"]["sentence"]:
            lines.append(data["measures"]["sentence"])
    else:
        lines.append("Rejected: no probabilities are given for this film.")
    return "\n".join([*lines, data["note"]])


def _remark(found: dict[str, Any]) -> str:
    if not found["above"]:
        return ""
    if found["heatmap"]["flat"]:
        return "above, no localised evidence"
    strength = found["heatmap"]["strength"]
    return f"above, {strength} heat" if strength else "above"
