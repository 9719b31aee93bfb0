"""The sections of a report that need figures and no films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from math import floor, log10

from training.evaluation.result import Evaluation
from training.report import tables
from training.report.curves import (
    auroc_chart,
    learning_chart,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
)
from training.report.facts import Facts, split_meaning
from training.report.html import Section, bullets, chart, paragraph, table
from training.report.learning import LoggedPhase

_INTERVALS = (
    "Intervals are 95 %: from 1,000 samples in which patients, not films, were drawn; those of shares are "
    "never narrower than Wilson's. They show the chance of the draw, not the difference between hospitals."
)
_CHARTS = (
    ({"loss": "train", "val_loss": "val"}, "loss"),
    ({"accuracy": "train", "val_accuracy": "val"}, "accuracy"),
    ({"val_macro_auroc": "val"}, "macro AUROC on val"),
    ({"learning_rate": "learning rate"}, "learning rate"),
)


def header(facts: Facts, evaluation: Evaluation) -> str:
    """Title, key figures and what must be read before any of them; HTML."""
    patients = f" of {evaluation.patients} patients" if evaluation.patients else ", patients not fully known"
    measured = (
        f"Measured on {evaluation.split}: {evaluation.films} films{patients}. {evaluation.description_en}"
    )
    boxes = "".join(
        f"<div>{name}<strong>{value.value:.3f}</strong>"
        f"<small>{'' if value.low is None else f'{value.low:.3f}–{value.high:.3f}, '}"
        f"n = {evaluation.films}</small></div>"
        for key, name in (
            ("auroc", "Macro AUROC"),
            ("auprc", "Macro AUPRC"),
            ("balanced_accuracy", "Balanced accuracy"),
            ("accuracy", "Accuracy"),
            ("ece", "Calibration error"),
        )
        if (value := evaluation.macro.get(key))
    )
    meaning = f"The split {evaluation.split}: {split_meaning(evaluation.split)}."
    warnings = bullets([meaning, *facts.warnings])
    return (
        f"<h1>{escape(facts.title)}</h1>"
        f'<p class="soft">{escape(evaluation.subject)} ({evaluation.kind}). {escape(facts.population)}.</p>'
        f"{paragraph(measured)}"
        f'<div class="key">{boxes}</div>'
        f'<div class="warnings"><b>Read this before any figure</b>{warnings}</div>'
        f"{paragraph('Not for: ' + ' '.join(facts.not_for), 'soft') if facts.not_for else ''}"
    )


def making(facts: Facts, evaluation: Evaluation) -> Section:
    """How the model was made, from what data, at which commit."""
    digests = {"Model (sha256)": evaluation.model_sha256, "Manifest (sha256)": evaluation.manifest_sha256}
    rows = facts.making | {name: value for name, value in digests.items() if value}
    body = table(["", ""], [[escape(name), escape(text)] for name, text in rows.items()], kind="text")
    if facts.sources:
        body += "<h3>Collections</h3>" + table(
            ["Collection", "Who", "Licence"], [[escape(c) for c in row] for row in facts.sources], kind="text"
        )
    if facts.audits:
        body += "<h3>Audits</h3>" + bullets(f"{name}: {text}" for name, text in facts.audits.items())
    return Section("making", "How it was made", body)


def learning(phases: Sequence[LoggedPhase]) -> Section:
    """Learning curves of both phases; what was logged decides which."""
    if not phases:
        text = "No log: a bundle does not carry one; make the report of the run it was exported from."
        return Section("learning", "Learning curves", paragraph(text))
    logged = {column for phase in phases for column in phase.values}
    charts = [
        f"<div><h3>{escape(title[:1].upper() + title[1:])}</h3>{_learning(phases, columns, title)}</div>"
        for columns, title in _CHARTS
        if logged & set(columns)
    ]
    note = (
        "Loss and accuracy of train are means over the epoch, while weights change and dropout is on. "
        "The dashed line marks the epoch whose weights were kept."
    )
    return Section("learning", "Learning curves", paragraph(note, "soft") + _grid(charts))


def _learning(phases: Sequence[LoggedPhase], columns: Mapping[str, str], title: str) -> str:
    drawn = learning_chart(phases, columns, title)
    if "learning_rate" in columns:
        drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
        rates = [
            rate for phase in phases for rate in phase.values.get("learning_rate", {}).values() if rate > 0
        ]
        if rates:
            # whole decades, so that a rate that never changes has an axis too
            drawn.update_yaxes(range=[floor(log10(min(rates))) - 0.1, floor(log10(max(rates))) + 1.1])
    return chart(drawn, f"learning-{next(iter(columns))}")


def figures(evaluation: Evaluation) -> Section:
    """AUROC at a glance, then every figure with its interval."""
    rows = {
        key: (row.auroc, f"{row.positives} / {row.negatives}")
        for key, row in evaluation.labels.items()
        if row.auroc
    }
    if "auroc" in evaluation.macro:
        rows = {"mean over labels": (evaluation.macro["auroc"], f"{evaluation.films} films")} | rows
    body = chart(auroc_chart(rows), "auroc", "In brackets: positive / negative films.") if rows else ""
    deciding = (
        f"A film is called by: {evaluation.decision}. Calibrated on {evaluation.calibrated_on}. {_INTERVALS}"
    )
    others = tables.other_averages(evaluation)
    body += (
        paragraph(deciding, "soft") + tables.figures_table(evaluation) + (bullets(others) if others else "")
    )
    return Section("figures", "Figures", body)


def curves(evaluation: Evaluation) -> Section:
    """ROC, precision-recall and reliability."""
    charts = [
        f"<div><h3>{title}</h3>{chart(figure, name, caption)}</div>"
        for name, title, figure, caption in (
            ("roc", "ROC", roc_chart(evaluation), "With the area (AUROC)."),
            (
                "precision-recall",
                "Precision and recall",
                precision_recall_chart(evaluation),
                "Mean precision (AUPRC) / what a coin reaches: the share of positive films.",
            ),
            (
                "reliability",
                "Reliability",
                reliability_chart(evaluation),
                "Ten bins of calibrated probability; larger points stand for more films.",
            ),
        )
    ]
    note = f"n = {evaluation.films} films; positive and negative films of each label are in the table above."
    return Section("curves", "Curves", paragraph(note, "soft") + _grid(charts))


def confusion(evaluation: Evaluation) -> Section:
    """Confusion matrices and scikit-learn's classification report."""
    matrices = "".join(tables.confusion_table(entry) for entry in evaluation.confusion)
    note = f"Decided by: {evaluation.decision}. Rows are the truth, with its number of films."
    return Section(
        "confusion",
        "Confusion",
        paragraph(note, "soft")
        + f'<div class="matrices">{matrices}</div><h3>Classification report</h3>'
        + f"<pre>{escape(evaluation.classification_report)}</pre>",
    )


def thresholds(evaluation: Evaluation) -> Section:
    """What each threshold costs."""
    note = "On calibrated probabilities; a film on the threshold is called."
    return Section("thresholds", "Thresholds", paragraph(note, "soft") + tables.threshold_table(evaluation))


def extremes(evaluation: Evaluation) -> Section:
    """How far the surest answers can be trusted."""
    note = (
        "Of the films with the highest (lowest) probability of a label: how many are (are not) positive, "
        "with Wilson's interval. Read it against how common the label is here: where nearly every film is "
        "negative, the least suspicious ones are so by themselves."
    )
    common = ", ".join(
        f"{label} {next(rows).positives} of {evaluation.films}"
        for label, rows in groupby(evaluation.thresholds, key=lambda row: row.label)
    )
    return Section(
        "extremes",
        "Extremes",
        paragraph(note, "soft")
        + tables.extremes_table(evaluation)
        + paragraph(f"Positive: {common}.", "soft"),
    )


def subgroups(evaluation: Evaluation) -> Section:
    """Figures by sex, age, projection and source."""
    note = (
        "Groups of fewer than 20 films are not shown. A mean is over labels with at least 5 films of each "
        "kind in the group, so that groups average over different labels."
    )
    body = (
        tables.subgroup_table(evaluation) if evaluation.subgroups else paragraph("No group is large enough.")
    )
    return Section("subgroups", "Subgroups", paragraph(note, "soft") + body)


def recipe(facts: Facts) -> Section:
    """Every entry that decided about the weights."""
    rows: list[list[str]] = []
    marked = []
    for _, entries in groupby(facts.recipe.items(), key=lambda entry: entry[0].partition(".")[0]):
        marked.append((len(rows), "first"))
        rows += [[escape(name), escape(value)] for name, value in entries]
    return Section("recipe", "Recipe", table(["Entry", "Value"], rows, kind="text", marked=marked))


def _grid(charts: Sequence[str]) -> str:
    return f'<div class="charts">{"".join(charts)}</div>'
