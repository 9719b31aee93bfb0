"""What a hostile reviewer asks of a card: what is not looked for, net benefit, scores, learning curve."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import REASSURING_LABELS, SUMMARY_LABELS, Float64Array
from cxr_dash.inference.schema import BundleSpec, HeldOut
from training.evaluation.net_benefit import THRESHOLDS, Benefit, decision_curve
from training.export.card_text import section, table
from training.films.split_names import HELD_OUT_SPLITS, split_place
from training.metrics import figure

_PERCENTILES = (10, 25, 50, 75, 90)
_FEWEST = 10  # films of a kind, below which a row says nothing


def unsought(spec: BundleSpec) -> str:
    """What the model does not look for: first on the card, for silence is no answer about these."""
    if not spec.not_looked_for:
        return ""
    names = "; ".join(one.name.en for one in spec.not_looked_for)
    return f"> **Not looked for**, so that its silence says nothing about them: {names}."


def net_benefit(spec: BundleSpec) -> str:
    """Decision curves of the film's score and of every label."""
    parts = []
    for held in _judged(spec):
        rows = _benefit_rows(spec, held)
        if rows:
            header = [
                "Label",
                "Positive",
                *(f"{threshold:.0%}" for threshold in THRESHOLDS),
                "Useful at",
            ]
            parts += [f"**{held.split}**", table(header, rows)]
    if not parts:
        return ""
    return section(
        "What acting on it is worth (decision curve)",
        "Net benefit (Vickers and Elkin 2006) at each threshold probability: true positives per 1,000 films, "
        "less false positives weighed by the odds of the threshold. In brackets what acting on every film "
        "would be worth; acting on none is worth 0. Useful: the 95 % interval of the model's worth lies "
        f"above both. {_shares(spec)}",
        *parts,
    )


def score_distribution(spec: BundleSpec) -> str:
    """Percentiles of the stated probability, with the finding and without it."""
    parts = []
    for held in _judged(spec):
        rows = [
            [
                label.name.en,
                words,
                str(len(scores)),
                *(_percent(p) for p in np.percentile(scores, _PERCENTILES)),
            ]
            for label in spec.labels
            for words, scores in _by_class(held, label.key)
            if len(scores) >= _FEWEST
        ]
        if rows:
            header = ["Label", "Films", "Number", *(f"{percentile}th" for percentile in _PERCENTILES)]
            parts += [f"**{held.split}**", table(header, rows)]
    if not parts:
        return ""
    return section(
        "How scores are spread",
        "Percentiles of the stated probability among films with the finding and without it: where the two "
        "rows of a label overlap, no threshold tells them apart.",
        *parts,
    )


def learning_curve(spec: BundleSpec) -> str:
    """Whether more films of the same kind would help."""
    curve = spec.learning_curve
    if curve is None:
        return ""
    rows = [[str(point.patients), str(point.films), figure(point.auroc, digits=3)] for point in curve.points]
    return section(
        "Learning curve",
        f"{curve.how} Measured on {curve.split}; each row holds the patients of the row above.",
        table(["Train patients", "Train films", "AUROC, mean over labels"], rows),
    )


def _shares(spec: BundleSpec) -> str:
    if spec.prevalence:
        return "Shares of positives are those that the probabilities are stated at, not those of these films."
    return "Shares of positives are those of these films: elsewhere every figure is another."


def _judged(spec: BundleSpec) -> list[HeldOut]:
    """Films that nothing was chosen on, other hospitals first; a gate's have no findings to act on."""
    held = [one for one in spec.held_out if one.split in HELD_OUT_SPLITS and spec.kind != "gate"]
    return sorted(held, key=lambda one: split_place(one.split))


def _by_class(held: HeldOut, key: str) -> list[tuple[str, Float64Array]]:
    scores = np.asarray(held.probabilities[key], dtype=np.float64)
    truths = np.asarray(held.truths[key])
    return [("with it", scores[truths == 1]), ("without it", scores[truths == 0])]


def _benefit_rows(spec: BundleSpec, held: HeldOut) -> list[list[str]]:
    """The film's score first; no row for good news, nor for a label with few films of a kind."""
    labels = [label for label in spec.labels if label.key not in REASSURING_LABELS]
    labels.sort(key=lambda label: label.key not in SUMMARY_LABELS)
    rows = []
    for label in labels:
        (_, ill), (_, well) = _by_class(held, label.key)
        if min(len(ill), len(well)) < _FEWEST:
            continue
        truths = np.r_[np.ones(len(ill)), np.zeros(len(well))]
        share = spec.prevalence.get(label.key)
        curve = decision_curve(np.r_[ill, well], truths, share)
        rows.append(
            [
                label.name.en,
                f"{truths.mean() if share is None else share:.1%}",
                *(f"{1000 * at.model:.0f} ({1000 * at.everybody:.0f})" for at in curve),
                _useful(curve),
            ]
        )
    return rows


def _useful(curve: list[Benefit]) -> str:
    useful = [at.threshold for at in curve if at.useful]
    return ", ".join(f"{threshold:.0%}" for threshold in useful) or "none of these"


def _percent(probability: float) -> str:
    return f"{probability:.1%}"
