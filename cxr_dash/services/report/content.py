"""What the report says, in the reader's language, before anything is drawn."""

from __future__ import annotations

from datetime import UTC, datetime

from cxr_dash.domain import Analysis, Finding, Heatmap, PatientIdentity, Verdict
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import (
    Translator,
    say_facts,
    say_identity,
    say_no_place,
    say_reasons,
    say_strength,
)
from cxr_dash.services.exports import (
    SOFTWARE,
    ExportRequest,
    ListedFilm,
    Opinion,
    cut_of,
    heat_legend,
    label_in_view,
    margin,
    measures_sentence,
    seen_sentence,
)
from cxr_dash.services.exports.stated import stated_lines
from cxr_dash.services.exports.wording import interval, label_name, lower, pair, percent
from cxr_dash.services.report.headline import headline
from cxr_dash.services.report.judged import judged_block
from cxr_dash.services.report.measured import Measured, Share, measure, point_in_force
from cxr_dash.services.report.of_the_model import model_block
from cxr_dash.services.report.sheet_text import Block, ReportContent, Row
from cxr_dash.words import DECISION_SUPPORT, GATE_CHECKED

# of the model's warnings: the header of the page shows the first, and the sheet has one page
_WARNINGS = 2


def report_content(
    film: ListedFilm,
    bundle: Bundle,
    request: ExportRequest,
    t: Translator,
    identity: PatientIdentity | None = None,
) -> ReportContent:
    """Put the report into words.

    Parameters
    ----------
    film : ListedFilm
        One with an analysis. Of a film that the input gate refused only the reasons are told, no figures.
    bundle : Bundle
    request : ExportRequest
        With the cuts in force.
    t : Translator
    identity : PatientIdentity, optional
        Only where it may be shown.
    """
    if film.analysis is None:
        raise ValueError("`film` must have an analysis")
    analysis, figures = film.analysis, film.figures
    head, summary = t("Cannot judge this film."), t("The model was not made for a picture like this.")
    label: str | None = None
    rows: tuple[Row, ...] = ()
    note = ""
    if figures is not None:
        head, summary = headline(figures, film.cuts, t)
        label = label_in_view(figures, bundle, film.chosen.label, film.cuts)
        rows, note = _table(film, figures, bundle, request, t)
    return ReportContent(
        title=t("Chest film: what the model says"),
        film=t("film {number}", number=f"{film.chosen.number:02d}"),
        moment=t.moment(datetime.fromisoformat(analysis.analysed_at)),
        patient=say_identity(identity, t) if identity else "",
        film_label=_film_label(film, t),
        headline=head,
        summary=summary,
        first_of_all=" ".join(say_reasons(analysis.quality.first_of_all, t)),
        label=label,
        picture_captions=_captions(analysis, label, request, t),
        legend=_legend(analysis, label, t),
        columns=_columns(bundle, t),
        rows=rows,
        table_note=note,
        left=(_quality(analysis, t), *_own_reading(film, bundle, t), *judged_block(film, bundle, t)),
        right=model_block(bundle, t),
        notes=t("Notes"),
        signature=t("Read by, date, signature"),
        footer=_footer(analysis, t),
    )


def _film_label(film: ListedFilm, t: Translator) -> str:
    """As the reader's own words, not to be taken for the file's."""
    label = film.chosen.film_label
    return t("Label, by the reader: {label}", label=label) if label else ""


def _columns(bundle: Bundle, t: Translator) -> tuple[str, ...]:
    return (
        t("Finding") if bundle.spec.activation == "sigmoid" else t("Class"),
        t("Probability"),
        t("Threshold"),
        t("Operating point"),
        t("Result"),
        t("Sensitivity"),
        t("Specificity"),
        t("Measured on"),
    )


def _table(
    film: ListedFilm, analysis: Analysis, bundle: Bundle, request: ExportRequest, t: Translator
) -> tuple[tuple[Row, ...], str]:
    cuts = film.cuts
    # held-out films are counted where the model's own scale has the cut, whatever prevalence is shown
    own = {**bundle.spec.operating_point().thresholds, **request.thresholds}
    order = sorted(
        analysis.findings, key=lambda one: margin(one.probability, cut_of(one, cuts)), reverse=True
    )
    measured = {
        one.label.key: measure(bundle.spec, one.label.key, own[one.label.key], request.split) for one in order
    }
    rows = tuple(
        _row(one, bundle, (cut_of(one, cuts), own[one.label.key]), measured[one.label.key], t)
        for one in order
    )
    splits = {found.held_out.split: found.held_out for found in measured.values() if found is not None}
    described = [f"{held.split}: {t.choose(held.description)}" for held in splits.values()]
    note = t(
        "Sensitivity and specificity hold at this threshold, with 95 % intervals, "
        "counted on films the model never saw, with and without the finding."
    )
    return rows, " ".join([*stated_lines(bundle.spec, request.prevalences, t), note, *described])


def _row(
    finding: Finding, bundle: Bundle, cuts: tuple[float, float], measured: Measured | None, t: Translator
) -> Row:
    cut, own = cuts  # as shown, and on the model's own scale
    above = finding.probability >= cut
    probability, threshold = pair(finding.probability, cut, t)
    point = point_in_force(bundle.spec, finding.label.key, own)
    films = ""
    if measured is not None:
        films = t(
            "{split}: {with_it} / {without}",
            split=measured.held_out.split,
            with_it=measured.sensitivity.films,
            without=measured.specificity.films,
        )
    return Row(
        cells=(
            label_name(finding.label, t),
            probability,
            threshold,
            t.choose(point.name) if point else t("set by the reader"),
            t("above") if above else t("below"),
            _share(measured.sensitivity, t) if measured else "–",
            _share(measured.specificity, t) if measured else "–",
            films,
        ),
        above=above,
    )


def _share(share: Share, t: Translator) -> str:
    if not share.films:
        return "–"
    return f"{percent(share.value, t)} ({interval(share.low, share.high, t)})"


def _captions(
    analysis: Analysis, label: str | None, request: ExportRequest, t: Translator
) -> tuple[str, str]:
    size = analysis.preparation
    film = t("The film, {width} × {height} pixels.", width=size.film_width, height=size.film_height)
    if said := say_facts(analysis.facts, t):
        film = f"{film} {said}."
    if seen := seen_sentence(request.options(label), t):
        film = f"{film} {seen}"
    if label is None:
        return film, ""
    heatmap = analysis.heatmaps[label]
    name = lower(next(label_name(one.label, t) for one in analysis.findings if one.label.key == label), t)
    if heatmap.flat:
        return film, t("No localised evidence for {name}: nothing is drawn over the film.", name=name)
    trust = analysis.trust.get(label)
    # whether to rely on it first: the end of a long text gives way where the sheet is full
    parts = [t.say(trust.words) if trust else "", _evidence(name, heatmap, t), say_no_place(heatmap, t)]
    return film, " ".join(part for part in parts if part)


def _evidence(name: str, heatmap: Heatmap, t: Translator) -> str:
    if heatmap.scale is None:
        return t(
            "Evidence for {name} (Grad-CAM), peak {peak:.3g} logits per cell.", name=name, peak=heatmap.peak
        )
    return t(
        "Evidence for {name} (Grad-CAM), {strength} heat on this finding's fixed scale, "
        "peak {peak:.3g} logits per cell.",
        name=name,
        strength=say_strength(heatmap, t),
        peak=heatmap.peak,
    )


def _legend(analysis: Analysis, label: str | None, t: Translator) -> tuple[str, str]:
    return heat_legend(analysis.heatmaps[label], t) if label else (t("none"), t("peak"))


def _quality(analysis: Analysis, t: Translator) -> Block:
    quality = analysis.quality
    first = {
        Verdict.OK: t(GATE_CHECKED),
        Verdict.WARN: t("To be read with care:"),
        Verdict.REJECT: t(
            "Refused by the input gate. Probabilities, thresholds and heat are left out of this report."
        ),
    }[quality.verdict]
    lines = [first, *say_reasons([one for one in quality.reasons if one not in quality.first_of_all], t)]
    if len(lines) == 1 and quality.first_of_all:
        lines = [t("To be read with care: see above, under the headline.")]
    if said := measures_sentence(analysis, t):
        lines.append(said)
    lines.append(t("SHA-256 of the film: {sha}.", sha=analysis.film_sha256[:16]))
    if analysis.preparation.inverted:
        lines.append(t("Black and white were swapped, as the film came inverted."))
    return Block(heading=t("Film quality"), lines=tuple(lines))


def _own_reading(film: ListedFilm, bundle: Bundle, t: Translator) -> tuple[Block, ...]:
    opinion = film.chosen.opinion
    if opinion is None:
        return ()
    lines = [_said(opinion, bundle, t)]
    if opinion.after:
        changed = _said(opinion.after, bundle, t)
        lines.append(t("Changed after the model was seen: {reading}", reading=changed))
    heading = t("The reader's own reading, before the model was shown")
    if opinion.seen_before:
        heading = t("The reader's own reading, after the model had been on the screen")
    return (Block(heading=heading, lines=tuple(lines)),)


def _said(opinion: Opinion, bundle: Bundle, t: Translator) -> str:
    names = {one.key: label_name(one, t) for one in bundle.spec.labels}
    seen = [lower(names.get(key, key), t) for key in opinion.labels]
    abnormal = t("Seen: {names}.", names=t.listed(seen)) if seen else t("Not normal.")
    unsure = [t("Not sure.")] if opinion.unsure else []
    said = [t("Normal.") if opinion.normal else abnormal, *unsure, f"({_moment(opinion.at, t)})"]
    return " ".join(said)


def _moment(text: str, t: Translator) -> str:
    try:
        return t.moment(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError):  # no moment, or one that no calendar has
        return text


def _footer(analysis: Analysis, t: Translator) -> tuple[str, ...]:
    return (
        t(DECISION_SUPPORT),
        t(
            "{software}; model {model} {version}, SHA-256 {sha}; analysed {moment}.",
            software=SOFTWARE,
            model=analysis.model_id,
            version=analysis.model_version,
            sha=analysis.model_sha256[:16],
            moment=analysis.analysed_at,
        ),
    )
