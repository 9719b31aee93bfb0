"""The tables of a report, each number with the films it rests on."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from cxr_dash.inference.schema import Interval
from training.evaluation.result import Confusion, Evaluation, LabelFigures
from training.report.html import interval_cell, matrix, table, two_lines

_COLUMNS = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced acc.",
    "brier": "Brier",
    "ece": "Calib. error",
}
_OTHERS = {
    "log_loss": "log loss (mean cross-entropy of calibrated probabilities)",
    "balanced_recall": "recall of the most probable class, mean over classes",
}


def figures_table(evaluation: Evaluation) -> Markup:
    """Every figure with its interval: the mean over labels first, then label by label."""
    measured = [
        name
        for name in _COLUMNS
        if name in evaluation.macro or any(getattr(row, name) for row in evaluation.labels.values())
    ]
    mean = ["mean", f"{evaluation.films} films"]
    rows = [mean + [interval_cell(evaluation.macro.get(name)) for name in measured]]
    rows += [_figures_row(key, row, measured) for key, row in evaluation.labels.items()]
    for key in evaluation.label_keys:
        if key not in evaluation.labels:
            rows.append([key, "not of both kinds", *["–"] * len(measured)])
    header = ["Label", "Pos / neg", *(_COLUMNS[name] for name in measured)]
    return table(header, rows, kind="dense", marked=[(0, "mean")])


def other_averages(evaluation: Evaluation) -> list[str]:
    """Averages that no column of the table has, in words."""
    return [
        f"{_OTHERS.get(name, name.replace('_', ' '))}: {_plain(value)}, n = {evaluation.films}"
        for name, value in evaluation.macro.items()
        if name not in _COLUMNS
    ]


def threshold_table(evaluation: Evaluation) -> Markup:
    """Films missed and called in error at plain thresholds and at every operating point."""
    rows: list[list[str]] = []
    marked = []
    for label, group in groupby(evaluation.thresholds, key=lambda row: row.label):
        marked.append((len(rows), "first"))
        rows += [
            [
                label,
                row.name,
                f"{row.threshold:.3f}",
                f"{row.false_negatives} of {row.positives}",
                _share(row.miss_rate),
                f"{row.false_positives} of {row.negatives}",
                _share(row.false_alarm_rate),
            ]
            for row in group
        ]
    header = ["Label", "Name", "Threshold", "Missed (FN)", "share", "False alarms (FP)", "share"]
    return table(header, rows, marked=marked)


def extremes_table(evaluation: Evaluation) -> Markup:
    """Accuracy among the most and the least suspicious films."""
    sizes = sorted({row.films for row in evaluation.extremes})
    cells = {(row.label, row.end, row.films): row for row in evaluation.extremes}
    rows: list[list[str]] = []
    marked = []
    for label in dict.fromkeys(row.label for row in evaluation.extremes):
        marked.append((len(rows), "first"))
        for end in ("most", "least"):
            row = [label, f"{end} suspicious"]
            for size in sizes:
                found = cells.get((label, end, size))
                row.append(two_lines(f"{found.right} of {size}", _plain(found.accuracy)) if found else "–")
            rows.append(row)
    return table(["Label", "End", *(f"{size} films" for size in sizes)], rows, marked=marked)


def subgroup_table(evaluation: Evaluation) -> Markup:
    """Figures by sex, age band, projection and source, with the films of each."""
    groups = evaluation.subgroups
    # how many labels a mean is over is a count, not a figure
    names = [n for n in dict.fromkeys(n for g in groups.values() for n in g) if n not in ("films", "labels")]
    rows = []
    for group, figures in groups.items():
        films = figures.get("films")
        labels = figures.get("labels")
        rows.append(
            [
                group.replace("=", ": "),
                f"{films.value:.0f}" if films else "–",
                f"{labels.value:.0f}" if labels else "–",
                *(interval_cell(figures.get(name)) for name in names),
            ]
        )
    header = ["Subgroup", "Films", "Labels", *(_COLUMNS.get(n, n.replace("_", " ")) for n in names)]
    return table(header, rows)


def confusion_table(confusion: Confusion) -> Markup:
    """Counts and shares of each true class."""
    rows = [
        (name, sum(counts), [(count, count / max(sum(counts), 1)) for count in counts])
        for name, counts in zip(confusion.names, confusion.counts, strict=True)
    ]
    return matrix(confusion.title, confusion.names, rows)


def _figures_row(key: str, row: LabelFigures, measured: list[str]) -> list[str]:
    figures = [interval_cell(getattr(row, name)) for name in measured]
    return [key, f"{row.positives} / {row.negatives}", *figures]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _plain(found: Interval) -> str:
    value = f"{found.value:.3f}"
    if found.low is None or found.high is None:
        return value
    return f"{value} ({found.low:.3f}–{found.high:.3f})"
