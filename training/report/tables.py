"""The tables of a report, each number with the films it rests on."""

from __future__ import annotations

from html import escape
from itertools import groupby

from cxr_dash.inference.schema import Interval
from training.evaluation.result import Confusion, Evaluation, LabelFigures
from training.report.html import interval_cell, table

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


def figures_table(evaluation: Evaluation) -> str:
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
            rows.append([escape(key), "not of both kinds", *["–"] * len(measured)])
    header = ["Label", "Pos / neg", *(_COLUMNS[name] for name in measured)]
    return table(header, rows, kind="dense", marked=[(0, "mean")])


def other_averages(evaluation: Evaluation) -> list[str]:
    """Averages that no column of the table has, in words."""
    return [
        f"{_OTHERS.get(name, name.replace('_', ' '))}: {_plain(value)}, n = {evaluation.films}"
        for name, value in evaluation.macro.items()
        if name not in _COLUMNS
    ]


def threshold_table(evaluation: Evaluation) -> str:
    """Films missed and called in error at plain thresholds and at every operating point."""
    rows: list[list[str]] = []
    marked = []
    for label, group in groupby(evaluation.thresholds, key=lambda row: row.label):
        marked.append((len(rows), "first"))
        rows += [
            [
                escape(label),
                escape(row.name),
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


def extremes_table(evaluation: Evaluation) -> str:
    """Accuracy among the most and the least suspicious films."""
    sizes = sorted({row.films for row in evaluation.extremes})
    cells = {(row.label, row.end, row.films): row for row in evaluation.extremes}
    rows: list[list[str]] = []
    marked = []
    for label in dict.fromkeys(row.label for row in evaluation.extremes):
        marked.append((len(rows), "first"))
        for end in ("most", "least"):
            row = [escape(label), f"{end} suspicious"]
            for size in sizes:
                found = cells.get((label, end, size))
                row.append(
                    f"{found.right} of {size}<small>{_plain(found.accuracy)}</small>" if found else "–"
                )
            rows.append(row)
    return table(["Label", "End", *(f"{size} films" for size in sizes)], rows, marked=marked)


def subgroup_table(evaluation: Evaluation) -> str:
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
                escape(group.replace("=", ": ")),
                f"{films.value:.0f}" if films else "–",
                f"{labels.value:.0f}" if labels else "–",
                *(interval_cell(figures.get(name)) for name in names),
            ]
        )
    header = ["Subgroup", "Films", "Labels", *(_COLUMNS.get(n, n.replace("_", " ")) for n in names)]
    return table(header, rows)


def confusion_table(confusion: Confusion) -> str:
    """Counts and shares of each true class; the deeper a cell, the larger its share of the row."""
    head = "".join(f'<th scope="col">called {escape(name)}</th>' for name in confusion.names)
    body = ""
    for name, counts in zip(confusion.names, confusion.counts, strict=True):
        total = sum(counts)
        cells = ""
        for count in counts:
            share = count / total if total else 0.0
            text = f"{count}<small>{share:.0%}</small>" if total else str(count)
            cells += f'<td style="background:rgba(var(--cell),{0.5 * share:.2f})">{text}</td>'
        body += f'<tr><th scope="row">{escape(name)} ({total})</th>{cells}</tr>'
    return (
        f'<div class="scroll"><table class="matrix"><caption>{escape(confusion.title)}</caption>'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _figures_row(key: str, row: LabelFigures, measured: list[str]) -> list[str]:
    figures = [interval_cell(getattr(row, name)) for name in measured]
    return [escape(key), f"{row.positives} / {row.negatives}", *figures]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _plain(found: Interval) -> str:
    value = f"{found.value:.3f}"
    if found.low is None or found.high is None:
        return value
    return f"{value} ({found.low:.3f}–{found.high:.3f})"
