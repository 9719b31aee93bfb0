"""Tables of the model page: figures with their intervals, from ``bundle.json`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from dash import dcc, html
from dash.development.base_component import Component

from cxr_dash.inference.schema import BundleSpec, HeldOut, Interval, SplitMetrics
from cxr_dash.language import Translator
from cxr_dash.ui.figures.curves import reliability
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_words as words

_DIGITS = {"ece": 3, "brier": 3}
_ORDER = {"external": 0, "natural": 1, "test": 2, "natural_val": 3, "val": 4}
_JUDGED = ("external", "natural", "test")


def interval_text(value: Interval | None, t: Translator, digits: int = 2) -> str:
    """``0.71 (0.66–0.75)``; a dash where there is no figure."""
    if value is None:
        return "–"
    text = t.decimal(value.value, digits)
    if value.low is None or value.high is None:
        return text
    return f"{text} ({t.decimal(value.low, digits)}–{t.decimal(value.high, digits)})"


def percent_text(value: Interval | None, t: Translator, digits: int = 0) -> str:
    """``71 % (66–75)``; a dash where there is no figure."""
    if value is None:
        return "–"
    text = t.percent(value.value, digits)
    if value.low is None or value.high is None:
        return text
    return f"{text} ({t.decimal(100 * value.low, digits)}–{t.decimal(100 * value.high, digits)})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Component:
    """A table whose first column names its rows; ``caption`` is read to who cannot see it.

    It is one node of Dash: with one for each of hundreds of cells the page would open noticeably later. Its
    frame can be reached by keyboard, so that what is wider than the screen can be scrolled.
    """
    head = "".join(f'<th scope="col">{_plain(text)}</th>' for text in header)
    body = "".join(
        f'<tr><th scope="row">{_plain(name)}</th>{"".join(f"<td>{_plain(text)}</td>" for text in rest)}</tr>'
        for name, *rest in rows
    )
    named = f'<caption class="hidden-label">{_plain(caption)}</caption>'
    whole = f'<table class="card-table">{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return html.Div(
        # every word in it was made plain above
        dcc.Markdown(whole, dangerously_allow_html=True),
        className="card-table-frame",
        tabIndex="0",
        role="group",
        **{"aria-label": caption},
    )


def _plain(text: str) -> str:
    """Words as words, whatever HTML, or the braces of a script, they look like."""
    words = " ".join(text.splitlines())
    return escape(words, quote=False).replace("{", "&#123;").replace("}", "&#125;")


def splits_in_order(spec: BundleSpec, *, judged_only: bool = False) -> list[SplitMetrics]:
    """Splits, the most telling first; without val if only those count that nothing was chosen on."""
    found = [split for split in spec.metrics if not judged_only or split.split in _JUDGED]
    return sorted(found, key=lambda split: _ORDER.get(split.split, 5))


def held_out_in_order(spec: BundleSpec) -> list[HeldOut]:
    """Held-out films, the most telling split first."""
    return sorted(spec.held_out, key=lambda held: _ORDER.get(held.split, 5))


def summary_table(spec: BundleSpec, t: Translator) -> Component:
    """Averages, other hospitals next to test."""
    splits = splits_in_order(spec)
    names = [name for name in words.AVERAGES if any(name in split.macro for split in splits)]
    films = [t.plural("{n} film", "{n} films", split.films) for split in splits]
    heads = [f"{words.split_name(s.split, t)}, {count}" for s, count in zip(splits, films, strict=True)]
    return table(
        [t("Figure (95 % interval)"), *heads],
        [
            [
                words.average_name(name, t),
                *(interval_text(s.macro.get(name), t, _DIGITS.get(name, 2)) for s in splits),
            ]
            for name in names
        ],
        t("Averages on every split"),
    )


def label_table(spec: BundleSpec, split: SplitMetrics, t: Translator) -> Component:
    """Every label on one split."""
    return table(
        [
            t("Label"),
            t("Films with / without"),
            t("AUROC"),
            t("AUPRC"),
            t("Sensitivity"),
            t("Specificity"),
            t("Calibration error"),
            t("Brier"),
        ],
        [
            [
                bundle_words.label_name(label, t),
                f"{row.positives} / {row.negatives}",
                interval_text(row.auroc, t),
                interval_text(row.auprc, t),
                percent_text(row.sensitivity, t),
                percent_text(row.specificity, t),
                interval_text(row.ece, t, 3),
                interval_text(row.brier, t, 3),
            ]
            for label in spec.labels
            if (row := split.labels.get(label.key)) is not None
        ],
        t("Every label: {split}", split=words.split_name(split.split, t)),
    )


def subgroup_table(split: SplitMetrics, t: Translator) -> Component:
    """Sex, age, projection, population and source on one split."""
    return table(
        [t("Subgroup"), t("Films"), t("AUROC, mean"), t("Over labels")],
        [
            [
                words.subgroup_name(name, t),
                t.decimal(group["films"].value, 0),
                interval_text(group.get("auroc"), t),
                t.decimal(group["labels"].value, 0) if "labels" in group else "–",
            ]
            for name, group in split.subgroups.items()
        ],
        t("Subgroups: {split}", split=words.split_name(split.split, t)),
    )


def point_table(spec: BundleSpec, split: SplitMetrics, label_key: str, t: Translator) -> Component | None:
    """What every operating point does to one label's films on one split; None where it was not counted."""
    row = split.labels.get(label_key)
    if row is None or not row.points:
        return None
    stated = t.percent(next(iter(row.points.values())).prevalence)
    return table(
        [
            t("Operating point"),
            t("Threshold"),
            t("Sensitivity"),
            t("Specificity"),
            t("PPV at {prevalence}", prevalence=stated),
            t("NPV at {prevalence}", prevalence=stated),
        ],
        [
            [
                bundle_words.point_name(point, t),
                t.percent(found.threshold, 1),
                percent_text(found.sensitivity, t),
                percent_text(found.specificity, t),
                # at a low prevalence an NPV is told from another by its decimals
                percent_text(found.ppv_at_prevalence, t, 1),
                percent_text(found.npv_at_prevalence, t, 1),
            ]
            for point in spec.operating_points
            if (found := row.points.get(point.key)) is not None
        ],
        t("Operating points: {split}", split=words.split_name(split.split, t)),
    )


def reliability_table(held: HeldOut, label_key: str, t: Translator) -> Component:
    """The points of the reliability graph, with their films."""
    return table(
        [t("Stated, mean"), t("Observed (95 % interval)"), t("Films")],
        [
            [
                t.percent(one.stated, 1),
                percent_text(Interval(value=one.observed, low=one.low, high=one.high), t, 1),
                str(one.films),
            ]
            for one in reliability(held, label_key)
        ],
        t("Stated against observed: {split}", split=words.split_name(held.split, t)),
    )


def localisation_table(spec: BundleSpec, t: Translator) -> Component | None:
    """Where heatmaps point on films with boxes; None where it was not measured."""
    if not spec.localisation:
        return None
    return table(
        [
            t("Map, films"),
            t("Finding"),
            t("Films"),
            t("Highest point in a box"),
            t("Heat in the boxes"),
            t("IoU"),
        ],
        [
            [
                f"{words.method_name(part.method, t)}, {words.short_splits(part.split, t)}",
                words.finding_name(spec, entry.finding, t),
                str(entry.films),
                percent_text(entry.pointing, t),
                percent_text(entry.energy, t),
                interval_text(entry.iou, t),
            ]
            for part in spec.localisation
            for entry in part.findings
        ],
        t("Maps against boxes, by finding"),
    )


def source_table(spec: BundleSpec, t: Translator) -> Component:
    """Films, people and licences."""
    return table(
        [t("Collection"), t("Films"), t("Who"), t("Licence")],
        [
            [
                source.name,
                f"{source.films} ({source.splits})",
                t(source.population),
                t(source.licence),
            ]
            for source in spec.sources
        ],
        t("Collections of films"),
    )
