"""What reports and exports say of drawn films, kept in ``as_said.json``: a sentence or a figure a line.

After a change that is meant to change them, and was looked at:
``PYTHONPATH=.:tests .venv/bin/python tests/unit/services/as_said.py`` writes them anew.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from export_material import analysis_of, bundle_of, film_file

from cxr_dash.domain import (
    N_,
    Analysis,
    FilmFacts,
    Finding,
    HeartMeasures,
    HeatTrust,
    Quality,
    Reason,
    ReasonCode,
    Verdict,
    Words,
)
from cxr_dash.explain import make_heatmap
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import translator
from cxr_dash.services.exports import (
    SOFTWARE,
    ChosenFilm,
    ExportOptions,
    ExportRequest,
    Judged,
    ListedFilm,
    Opinion,
    Seen,
    csv_header,
    csv_row,
    export_name,
    film_document,
    provenance,
    seen_sentence,
)
from cxr_dash.services.exports.pictures import _caption
from cxr_dash.services.heat import label_heatmap
from cxr_dash.services.report.content import report_content
from cxr_dash.services.report.templates import report_templates
from cxr_dash.services.report.text import report_text
from cxr_dash.settings import SHIPPED_TEMPLATES

KEPT = Path(__file__).with_suffix(".json")
EN = translator("en")
LABELS = [(key, key.title(), key.title()) for key in ("normal", "effusion", "nodule", "mass")]
LABELS.append(("covid", "COVID-19", "COVID-19"))
KEYS = [key for key, _, _ in LABELS]
DIGEST = "0123456789abcdef" * 4
AUDITS = [
    {"key": f"a{n}", "name": f"Question {n}", "verdict": verdict, "headline": "h", "limit": "l"}
    for n, verdict in enumerate(["bad", "caution", "ok", "caution", "bad"])
]
POINT = {"explanation": {"en": "e"}, "chosen_on": "val"}
DATA = film_file()


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def whole_bundle(**changes: Any) -> Bundle:
    """A bundle that has something to say everywhere."""
    strength = {"moderate": 1.0, "strong": 1.5, "full": 4.0, "chosen_on": "val"}
    held = bundle_of(LABELS).spec.held_out[0].model_dump()
    few = {key: [0] * 31 + [1] * 9 for key in KEYS}
    split = {
        "split": "test",
        "films": 40,
        "patients": 40,
        "description": {"en": "forty films"},
        "labels": {},
        "macro": {"ece": interval(0.0234)},
    }
    points = [
        {**POINT, "key": "sharp", "name": {"en": "Sharp"}, "thresholds": dict.fromkeys(KEYS, 0.7)},
        {**POINT, "key": "balanced", "name": {"en": "Balanced"}, "thresholds": dict.fromkeys(KEYS, 0.5)},
        {**POINT, "key": "same", "name": {"en": "Same"}, "thresholds": dict.fromkeys(KEYS, 0.5)},
    ]
    whole = {
        "audits": AUDITS,
        "warnings": ["First warning.", "Second warning.", "Third warning."],
        "not_looked_for": [{"key": "fractures", "name": {"en": "Fractures"}}],
        "not_for": ["Children.", "Lateral films."],
        "strength": {"effusion": strength},
        "prevalence": dict.fromkeys(KEYS, 0.1),
        "schema_version": 3,
        "files": {"serving.tflite": "89abcdef01234567" * 4},
        "metrics": [split],
        "operating_points": points,
        "held_out": [held, held | {"split": "external", "truths": few}],
        "calibrated_at": {"films": 9, "natural": True, "description": {"en": "a hospital's year"}},
    }
    return bundle_of(LABELS, **(whole | changes))


BUNDLE = whole_bundle()
FACTS = FilmFacts(projection="AP", age_years=63.4567, sex="F", pixel_spacing_mm=(0.1431234567, 0.1431))


def analysis(probabilities: list[float], bundle: Bundle = BUNDLE, **changes: Any) -> Analysis:
    """A film whose heat is strongest at another place and of another height in every label."""
    made = analysis_of(DATA, bundle, probabilities)
    heat = {}
    for number, key in enumerate(KEYS):
        values = np.zeros((8, 8), np.float32)
        values[1 + number, 6 - number] = 0.6 + 0.5 * number
        values[2 + number : 4 + number, 1] = 0.3
        if key == "mass":
            values[:] = 0.0
        heat[key] = make_heatmap(values, 1.0, made.preparation)
        if key in bundle.spec.strength:
            heat[key] = label_heatmap(bundle.spec, key, values, made.preparation)
    findings = tuple(
        Finding(one.label, number - 1.5, one.probability, one.threshold, 0.1 * number)
        for number, one in enumerate(made.findings)
    )
    told = {"film_sha256": DIGEST, "model_sha256": "fedcba9876543210" * 4, "heatmaps": heat}
    return replace(made, **(told | {"findings": findings} | changes))


DOUBTED = HeatTrust("lungs", False, 0.2, 0.5, 0.1, "poor", Words(N_("Most of the heat lies elsewhere.")))
FULL = analysis(
    [0.3, 0.52, 0.9, 0.4996, 0.04],
    trust={"nodule": DOUBTED, "effusion": replace(DOUBTED, verdict="good")},
    facts=FACTS,
    heart=HeartMeasures(0.51234, None, 0.1),
    quality=Quality(Verdict.WARN, (Reason(ReasonCode.TILTED, {"degrees": 8.0}),)),
)
REFUSED = analysis(
    [0.9] * 5,
    quality=Quality(Verdict.REJECT, (Reason(ReasonCode.NO_LUNGS),)),
    heart=HeartMeasures(0.6, None, 0.1),
)
CALM = replace(analysis([0.9, 0.2, 0.1, 0.05, 0.001]), heart=HeartMeasures(0.45, None, 0.1), facts=FACTS)
NOTHING = replace(
    analysis([0.0996, 0.4999, 0.1, 0.05, 0.0]), preparation=replace(FULL.preparation, inverted=True)
)
LATER = Opinion(True, (), "2026-03-01T11:00:00Z")
READ = Opinion(False, ("nodule", "unknown"), "2026-03-01T10:00:00Z", unsure=True, after=LATER)
JUDGED = Judged({"nodule": "accepted", "effusion": "rejected", "mass": "accepted"}, "2026-03-01T12:00:00Z")
CHOSEN = ChosenFilm(7, "k", read=True, opinion=READ, judged=JUDGED, film_label="bed 4")
WANTED = ExportRequest(
    "tiny",
    (CHOSEN,),
    thresholds={"mass": 0.45, "nodule": 0.7},
    prevalences={"nodule": 0.2, "mass": 0.004},
    seen=Seen(170.0, 120.0, invert=True),
)
PLAIN = ExportRequest("tiny", (ChosenFilm(12, "k"),))
FILMS: dict[str, tuple[ListedFilm, ExportRequest, Bundle]] = {
    "full": (ListedFilm(CHOSEN, "ok", "To be read with care.", FULL, cuts=WANTED.thresholds), WANTED, BUNDLE),
    "plain": (ListedFilm(PLAIN.films[0], "ok", "", FULL), PLAIN, BUNDLE),
    "calm": (ListedFilm(replace(CHOSEN, label="mass", opinion=LATER), "ok", "", CALM), PLAIN, BUNDLE),
    "nothing above": (
        ListedFilm(replace(CHOSEN, label="effusion", opinion=None, read=False), "ok", "", NOTHING),
        replace(PLAIN, thresholds={"effusion": 0.5001}, split="external"),
        whole_bundle(audits=AUDITS[2:3], not_looked_for=[], warnings=[], metrics=[], calibrated_at=None),
    ),
    "refused": (
        ListedFilm(CHOSEN, "rejected", "No lungs were found in the picture.", REFUSED),
        WANTED,
        whole_bundle(audits=[], warnings=["Only one."], activation="softmax", held_out=[]),
    ),
}


def _row(film: ListedFilm, wanted: ExportRequest, bundle: Bundle) -> dict[str, str]:
    keys = csv_header(bundle).removeprefix("\ufeff").strip().split(",")
    return dict(zip(keys, csv_row(film, bundle, wanted.thresholds).strip().split(","), strict=True))


def _pictures(film: ListedFilm, wanted: ExportRequest) -> dict[str, Any]:
    """Captions, names and origins of each label's pictures."""
    found: dict[str, Any] = {}
    shown = cast("Analysis", film.analysis)
    for finding in shown.findings[1:4]:
        options = replace(wanted.options(finding.label.key), anyway=True)
        captions = [_caption(shown, finding, options, EN, beside=beside) for beside in (False, True)]
        found[finding.label.key] = {
            "name": export_name(shown, finding.label.key, "overlay"),
            "origin": provenance(shown, finding, options),
            "captions": [[one.title, *one.lines, *one.legend] for one in captions],
        }
    return found


SEEN = [
    Seen(),
    Seen(invert=True),
    Seen(9.96, -20.4),
    Seen(1800.4, 10.0, unit="film", applied=True, contours=True),
    Seen(255.0, 127.5, curve="sigmoid"),
    Seen(255.0, 127.5, table=2, invert=True),
    Seen(254.0, 127.5),
    Seen(255.0, 127.0),
]


def _screens() -> list[Any]:
    finding = FULL.findings[1]
    told = []
    for seen in SEEN:
        options = ExportOptions(seen=seen, opacity=0.255)
        origin = provenance(FULL, finding, options)
        told.append([seen_sentence(options, EN), origin["Grey window"], origin["Colour map"]])
    return told


def said() -> dict[str, Any]:
    """Everything, by the name of the film; what changes from version to version is left out."""
    found: dict[str, Any] = {"screens": _screens()}
    templates = report_templates(SHIPPED_TEMPLATES)
    for name, (film, wanted, bundle) in FILMS.items():
        found[name] = {
            "sheet": asdict(report_content(film, bundle, wanted, EN)),
            "text": report_text(film, bundle, templates, EN).splitlines(),
            "row": _row(film, wanted, bundle),
            "pictures": _pictures(film, wanted),
        }
    for size, name in (("full", "full"), ("grid", "plain"), ("grid", "refused")):
        film, wanted, bundle = FILMS[name]
        maps = {key: f"{key}.npy" for key in KEYS[1:3]}
        document = film_document(film, bundle, wanted.thresholds, EN, maps, size=cast("Any", size))
        found[name]["document"] = document
    return cast("dict[str, Any]", json.loads(_without_versions(json.dumps(found))))


def _without_versions(text: str) -> str:
    text = text.replace(SOFTWARE, "cxr-dash")
    return re.sub(r'"written_at": "[^"]*"', '"written_at": ""', text)


def write() -> None:
    """Keep what is said now."""
    KEPT.write_text(json.dumps(said(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
