"""The sections of a report that need figures and no films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import floor, log10

from markupsafe import Markup

from cxr_dash.inference.schema_epochs import TrainedPhase
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
from training.report.html import (
    Section,
    bullets,
    chart,
    filled,
    grid,
    heading,
    listing,
    matrices,
    paragraph,
    table,
)

_INTERVALS = (
    "Intervals are 95 %: from 1,000 samples in which patients, not films, were drawn; those of shares are "
    "never narrower than Wilson's. They show the chance of the draw, not the difference between hospitals."
)
_KEY_FIGURES = {
    "auroc": "Macro AUROC",
    "auprc": "Macro AUPRC",
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "ece": "Calibration error",
}
_CHARTS = (
    ({"loss": "train", "val_loss": "val"}, "loss"),
    ({"accuracy": "train", "val_accuracy": "val"}, "accuracy"),
    ({"val_macro_auroc": "val"}, "macro AUROC on val"),
    ({"val_recall": "val"}, "recall on val, mean over labels"),
    ({"learning_rate": "learning rate"}, "learning rate"),
)


def header(facts: Facts, evaluation: Evaluation) -> Markup:
    """Title, key figures and what must be read before any of them."""
    patients = f" of {evaluation.patients} patients" if evaluation.patients else ", patients not fully known"
    figures = [(name, evaluation.macro[key]) for key, name in _KEY_FIGURES.items() if key in evaluation.macro]
    return filled(
        "header.html",
        facts=facts,
        evaluation=evaluation,
        measured=f"Measured on {evaluation.split}: {evaluation.films} films{patients}. "
        f"{evaluation.description.en}",
        figures=figures,
        warnings=[f"The split {evaluation.split}: {split_meaning(evaluation.split)}.", *facts.warnings],
    )


def making(facts: Facts, evaluation: Evaluation) -> Section:
    """How the model was made, from what data, at which commit."""
    digests = {"Model (sha256)": evaluation.model_sha256, "Manifest (sha256)": evaluation.manifest_sha256}
    rows = facts.making | {name: value for name, value in digests.items() if value}
    audits = [f"{name}: {text}" for name, text in facts.audits.items()]
    body = filled("making.html", rows=rows.items(), facts=facts, audits=audits)
    return Section("making", "How it was made", body)


def learning(phases: Sequence[TrainedPhase]) -> Section:
    """Learning curves of both phases; what was logged decides which."""
    if not phases:
        text = "No log: no epoch was trained here, or the bundle is older than logs in bundles."
        return Section("learning", "Learning curves", paragraph(text))
    logged = {column for phase in phases for column in phase.figures}
    charts = [
        (title[:1].upper() + title[1:], _learning(phases, columns, title))
        for columns, title in _CHARTS
        if logged & set(columns)
    ]
    note = (
        "Loss and accuracy of train are means over the epoch, while weights change and dropout is on. "
        "The dashed line marks the epoch whose weights were kept."
    )
    return Section("learning", "Learning curves", paragraph(note, "soft") + grid(charts))


def _learning(phases: Sequence[TrainedPhase], columns: Mapping[str, str], title: str) -> Markup:
    drawn = learning_chart(phases, columns, title)
    if "learning_rate" in columns:
        drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
        rates = [rate for phase in phases for rate in phase.figures.get("learning_rate", []) if rate]
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
    body = chart(auroc_chart(rows), "auroc", "In brackets: positive / negative films.") if rows else Markup()
    deciding = (
        f"A film is called by: {evaluation.decision}. Calibrated on {evaluation.calibrated_on}. {_INTERVALS}"
    )
    others = tables.other_averages(evaluation)
    body += (
        paragraph(deciding, "soft")
        + tables.figures_table(evaluation)
        + (bullets(others) if others else Markup())
    )
    return Section("figures", "Figures", body)


def curves(evaluation: Evaluation) -> Section:
    """ROC, precision-recall and reliability."""
    charts = [
        (title, chart(figure, name, caption))
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
    return Section("curves", "Curves", paragraph(note, "soft") + grid(charts))


def confusion(evaluation: Evaluation) -> Section:
    """Confusion matrices and scikit-learn's classification report."""
    note = f"Decided by: {evaluation.decision}. Rows are the truth, with its number of films."
    return Section(
        "confusion",
        "Confusion",
        paragraph(note, "soft")
        + matrices(map(tables.confusion_table, evaluation.confusion))
        + heading("Classification report")
        + listing(evaluation.classification_report),
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
        rows += [[name, value] for name, value in entries]
    return Section("recipe", "Recipe", table(["Entry", "Value"], rows, kind="text", marked=marked))
