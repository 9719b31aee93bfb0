"""Tables of the model card: figures with their intervals, from ``bundle.json`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from cxr_dash.inference.schema import BundleSpec, Interval, SplitMetrics

_SPLIT_NAMES = {
    "test": "Test: new patients, same collections",
    "external": "Other hospitals",
    "val": "Val (used for choosing, optimistic)",
}
_ORDER = {"external": 0, "test": 1, "val": 2}
_AVERAGES = {
    "auroc": "AUROC, mean over labels",
    "auroc_within_source": "AUROC within one source",
    "balanced_recall": "Recall, mean over classes",
    "accuracy": "Most probable class right",
    "auprc": "AUPRC, mean over labels",
    "ece": "Calibration error",
    "brier": "Brier score",
}


def interval_text(value: Interval | None, digits: int = 2) -> str:
    """``0.71 (0.66–0.75)``; a dash where there is no figure."""
    if value is None:
        return "–"
    text = f"{value.value:.{digits}f}"
    if value.low is None or value.high is None:
        return text
    return f"{text} ({value.low:.{digits}f}–{value.high:.{digits}f})"


def percent_text(value: Interval | None, digits: int = 0) -> str:
    """``71 % (66–75)``; a dash where there is no figure."""
    if value is None:
        return "–"
    text = f"{100 * value.value:.{digits}f} %"
    if value.low is None or value.high is None:
        return text
    return f"{text} ({100 * value.low:.{digits}f}–{100 * value.high:.{digits}f})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Component:
    """A table whose first column names its rows."""
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(name, scope="col") for name in header])),
                html.Tbody(
                    [
                        html.Tr([html.Th(row[0], scope="row"), *(html.Td(cell) for cell in row[1:])])
                        for row in rows
                    ]
                ),
            ],
            className="card-table",
        ),
        className="card-table-frame",
    )


def splits_in_order(spec: BundleSpec, *, judged_only: bool = False) -> list[SplitMetrics]:
    """Splits, the most telling first; without val if only those count that nothing was chosen on."""
    found = [split for split in spec.metrics if not judged_only or split.split in ("external", "test")]
    return sorted(found, key=lambda split: _ORDER.get(split.split, 3))


def split_name(split: str) -> str:
    """What a split is, for people."""
    return _SPLIT_NAMES.get(split, split)


def summary_table(spec: BundleSpec) -> Component:
    """Averages, other hospitals next to test."""
    splits = splits_in_order(spec)
    names = [name for name in _AVERAGES if any(name in split.macro for split in splits)]
    return table(
        ["Figure (95 % interval)", *(f"{split_name(s.split)}, {s.films} films" for s in splits)],
        [[_AVERAGES[name], *(interval_text(s.macro.get(name)) for s in splits)] for name in names],
    )


def label_table(spec: BundleSpec, split: SplitMetrics) -> Component:
    """Every label on one split."""
    return table(
        [
            "Label",
            "Films with / without",
            "AUROC",
            "Sensitivity",
            "Specificity",
            "Calibration error",
            "Brier",
        ],
        [
            [
                label.name_en,
                f"{row.positives} / {row.negatives}",
                interval_text(row.auroc),
                percent_text(row.sensitivity),
                percent_text(row.specificity),
                interval_text(row.ece, 3),
                interval_text(row.brier, 3),
            ]
            for label in spec.labels
            if (row := split.labels.get(label.key)) is not None
        ],
    )


def subgroup_table(split: SplitMetrics) -> Component:
    """Sex, age, projection, population and source on one split."""
    return table(
        ["Subgroup", "Films", "AUROC, mean", "Over labels"],
        [
            [
                name.replace("=", ": "),
                f"{group['films'].value:.0f}",
                interval_text(group.get("auroc")),
                f"{group['labels'].value:.0f}" if "labels" in group else "–",
            ]
            for name, group in split.subgroups.items()
        ],
    )


def point_table(spec: BundleSpec, split: SplitMetrics, label_key: str) -> Component | None:
    """What every operating point does to one label's films on one split; None where it was not counted."""
    row = split.labels.get(label_key)
    if row is None or not row.points:
        return None
    stated = 100 * next(iter(row.points.values())).prevalence
    return table(
        [
            "Operating point",
            "Threshold",
            "Sensitivity",
            "Specificity",
            f"PPV at {stated:.0f} %",
            f"NPV at {stated:.0f} %",
        ],
        [
            [
                point.name_en,
                f"{found.threshold:.3f}",
                percent_text(found.sensitivity),
                percent_text(found.specificity),
                # at a low prevalence an NPV is told from another by its decimals
                percent_text(found.ppv_at_prevalence, 1),
                percent_text(found.npv_at_prevalence, 1),
            ]
            for point in spec.operating_points
            if (found := row.points.get(point.key)) is not None
        ],
    )


def localisation_table(spec: BundleSpec) -> Component | None:
    """Where heatmaps point on films with boxes; None where it was not measured."""
    if not spec.localisation:
        return None
    return table(
        ["Maps, films", "Finding", "Films", "Peak in box", "Heat in box", "IoU"],
        [
            [
                f"{part.method}, {part.split}",
                entry.finding,
                str(entry.films),
                percent_text(entry.pointing),
                percent_text(entry.energy),
                interval_text(entry.iou),
            ]
            for part in spec.localisation
            for entry in part.findings
        ],
    )


def source_table(spec: BundleSpec) -> Component:
    """Films, people and licences."""
    return table(
        ["Collection", "Films", "Who", "Licence"],
        [
            [source.name, f"{source.films} ({source.splits})", source.population, source.licence]
            for source in spec.sources
        ],
    )
