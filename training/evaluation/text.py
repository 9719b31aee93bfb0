"""An evaluation as lines of plain text."""

from __future__ import annotations

from collections.abc import Sequence

from cxr_dash.inference.schema_age import AgeGroup
from training.evaluation.result import Confusion, Evaluation
from training.metrics import figure

_FIGURES = (
    *("accuracy", "balanced_accuracy", "sensitivity", "specificity", "precision", "f1"),
    *("auprc", "brier", "ece"),
)


def evaluation_lines(evaluation: Evaluation) -> list[str]:
    """Averages, every label, classification report, confusion, thresholds, extremes, subgroups."""
    lines = [f"{evaluation.split}: {evaluation.films} films"]
    lines += [f"  {name:24} {figure(value, digits=4)}" for name, value in evaluation.macro.items()]
    for key, row in evaluation.labels.items():
        lines.append(f"  {key:24} AUROC {figure(row.auroc, digits=4)}  positives {row.positives}")
    lines += ["", f"each label, decided by {evaluation.decision}, with 95 % intervals"]
    for key, row in evaluation.labels.items():
        lines.append(f"  {key}")
        lines += [f"    {name:22} {figure(getattr(row, name), digits=3)}" for name in _FIGURES]
    lines += ["", *evaluation.classification_report.rstrip().splitlines(), ""]
    for matrix in evaluation.confusion:
        lines += _matrix(matrix)
    return [*lines, *_thresholds(evaluation), *_extremes(evaluation), *_subgroups(evaluation)]


def age_lines(group: AgeGroup) -> list[str]:
    """Limits of the answer `a child or an adult`, and what they do to each collection."""
    lines = [
        f"trunk {group.trunk.id} {group.trunk.sha256[:12]}; an adult below {group.adult_below:g}, a child "
        f"(under {group.children_below_years} years) from {group.child_above:g}",
        group.chosen_on,
    ]
    for row in group.figures:
        lines.append(row.collection)
        for name, films, found, mistaken in (
            ("children", row.children, row.children_found, row.children_taken_for_adults),
            ("adults", row.adults, row.adults_found, row.adults_taken_for_children),
        ):
            if films:
                lines.append(
                    f"  {name:9} {films:5}  found {figure(found, digits=3)}  "
                    f"taken for the other {figure(mistaken, digits=3)}"
                )
    return lines


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns: the first to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _matrix(matrix: Confusion) -> list[str]:
    rows = [["", *matrix.names]]
    rows += [[name, *map(str, counts)] for name, counts in zip(matrix.names, matrix.counts, strict=True)]
    return [f"films by true class (rows) and called class (columns): {matrix.title}", *table_lines(rows), ""]


def _thresholds(evaluation: Evaluation) -> list[str]:
    names = list(dict.fromkeys(row.name for row in evaluation.thresholds))
    rows = [["", *names]]
    for key in evaluation.label_keys:
        of_label = [row for row in evaluation.thresholds if row.label == key]
        total = f"{key} ({of_label[0].positives} of {evaluation.films})"
        rows.append([total, *(f"{row.false_negatives} / {row.false_positives}" for row in of_label)])
    return ["films missed / called in error at each threshold", *table_lines(rows), ""]


def _extremes(evaluation: Evaluation) -> list[str]:
    if not evaluation.extremes:
        return []
    heads = list(dict.fromkeys((row.end, row.films) for row in evaluation.extremes))
    rows = [["", *(f"{end} {films}" for end, films in heads)]]
    for key in evaluation.label_keys:
        of_label = [row for row in evaluation.extremes if row.label == key]
        rows.append([key, *(f"{row.accuracy.value:.2f}" for row in of_label)])
    return ["accuracy among the most and the least suspicious films", *table_lines(rows), ""]


def _subgroups(evaluation: Evaluation) -> list[str]:
    if not evaluation.subgroups:
        return []
    rows = [["", "films", "macro AUROC", "accuracy"]]
    for name, row in evaluation.subgroups.items():
        cells = [figure(row.get(key), digits=3) for key in ("auroc", "accuracy")]
        rows.append([name, f"{row['films'].value:.0f}", *cells])
    return ["subgroups", *table_lines(rows)]
