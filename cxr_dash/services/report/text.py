"""The report text: what the reader accepted of a film, in the words of a template."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cxr_dash.domain import Analysis, Finding
from cxr_dash.explain import peak_positions
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator, say_place
from cxr_dash.services.exports import SOFTWARE, ListedFilm, cut_of, reader_words, refused
from cxr_dash.services.exports.wording import label_name, lower, pair
from cxr_dash.services.report.templates import ReportTemplates


def report_text(film: ListedFilm, bundle: Bundle, templates: ReportTemplates, t: Translator) -> str:
    """Write down what was accepted; what was rejected, or not judged, is not in it.

    Parameters
    ----------
    film : ListedFilm
        One with an analysis.
    bundle : Bundle
    templates : ReportTemplates
    t : Translator

    Raises
    ------
    NotReadyError
        When the site's template cannot be filled.
    """
    analysis = film.analysis
    if analysis is None:
        raise ValueError("`film` must have an analysis")
    words = reader_words(film)
    taken = [one for one in analysis.findings if words.get(one.label.key) in {"accepted", "added"}]
    values: dict[str, Any] = {
        "film": {
            "name": t("film {number}", number=f"{film.chosen.number:02d}"),
            "sha256": analysis.film_sha256[:12],
        },
        "model": {
            "id": bundle.id,
            "version": bundle.spec.version,
            "title": t.choose(bundle.spec.title),
            "sha256": bundle.serving_sha256[:12],
        },
        "findings": [
            _finding(one, film, analysis, added=words[one.label.key] == "added", t=t) for one in taken
        ],
        "refused": refused(analysis),
        "analysed": t.moment(datetime.fromisoformat(analysis.analysed_at)),
        "software": SOFTWARE,
    }
    return templates.fill(t.language, values)


def _finding(
    finding: Finding, film: ListedFilm, analysis: Analysis, *, added: bool, t: Translator
) -> dict[str, Any]:
    name = label_name(finding.label, t)
    probability, threshold = ("", "")
    if film.figures is not None:
        probability, threshold = pair(finding.probability, cut_of(finding, film.cuts), t)
    return {
        "key": finding.label.key,
        "name": name,
        "inside": lower(name, t),
        "added": added,
        "place": "" if added else place_of(analysis, finding.label.key, t),
        "probability": probability,
        "threshold": threshold,
    }


def place_of(analysis: Analysis, label_key: str, t: Translator) -> str:
    """Where a label's heat is strongest, in the picture as it was stored; empty where none may be named.

    The rule of ``conclusion.placeOf`` on the page: none where the model's card gives no places for the
    label, where no evidence is localised, where the heat is not to be relied on, or the film was refused.
    """
    heatmap, trust = analysis.heatmaps[label_key], analysis.trust.get(label_key)
    if heatmap.no_place or (trust and trust.doubtful) or refused(analysis):
        return ""
    return say_place(peak_positions(heatmap), t)
