"""How much of a model's score is left without lungs, with lungs alone, and to the border of a film."""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import Audit, AuditFigure
from training import metrics as m
from training.audits.border import Ridge, border_features
from training.audits.cover import MIDDLE_SHARE, score_covered
from training.audits.material import (
    Material,
    ScoredSplit,
    balanced_recall,
    kept_share,
    macro_auroc,
    usable,
)
from training.audits.verdicts import (
    BAD_SHARE,
    SHORTCUT_LIMIT,
    audit_figure,
    judge_gained,
    not_measured,
)
from training.fitting.data import targets_of
from training.metrics import figure

_AUROC = "AUROC, mean over labels"
_OWN = "the model's own AUROC"
_SHARE = "share of the model's AUROC above chance"
_ONLY_LIMIT = (
    f"bad when the lungs alone keep less of the AUROC above chance than the film without them, caution below "
    f"{BAD_SHARE:.0%}, ok otherwise"
)


def covered_audits(material: Material) -> list[Audit]:
    """``lungs_removed`` and ``lungs_only``: the model itself, shown part of each film."""
    removed: list[AuditFigure] = []
    alone: list[AuditFigure] = []
    guessed = films = 0
    for split in material.judged:
        covered = score_covered(material.runtime, split.films, material.spec.preparation, material.find_lungs)
        guessed, films = guessed + covered.guessed, films + len(split.films)
        removed += _figures(material, split, calibrated_probabilities(covered.without_lungs, material.spec))
        alone += _figures(material, split, calibrated_probabilities(covered.lungs_alone, material.spec))
    details = [_what_is_covered(guessed, films)]
    return [_removed(removed, details), _alone(alone, removed, details)]


def border_audit(material: Material) -> Audit:
    """``border_only``: a linear model of the border and the shape of the stored film."""
    name = "The border of the film alone"
    if not material.train:
        return not_measured("border_only", name, "no training films were given.", SHORTCUT_LIMIT)
    labels = material.spec.label_keys
    truths = targets_of(material.train, labels, material.any_label).astype(np.float64)
    ridge = Ridge(border_features(material.train), truths)
    figures: list[AuditFigure] = []
    for split in material.judged:
        figures += _figures(material, split, ridge.predict(border_features(split.films)))
    share = _first(figures)
    return Audit(
        key="border_only",
        name=name,
        verdict=judge_gained(share) if share is not None else "caution",
        headline="A linear model that sees the 3-pixel border and the shape of the stored film, and no lung, "
        f"has {_sentence(figures)}. What the model scores up to there need not be disease.",
        limit=SHORTCUT_LIMIT,
        figures=figures,
    )


def _removed(figures: list[AuditFigure], details: list[str]) -> Audit:
    share = _first(figures)
    return Audit(
        key="lungs_removed",
        name="Lungs covered",
        verdict=judge_gained(share) if share is not None else "caution",
        headline=f"With the lungs covered the model still has {_sentence(figures)}. What is left is not read "
        "from the lungs.",
        limit=SHORTCUT_LIMIT,
        details=[
            *details,
            "The shoulders, the neck, the belly, lines and letters stay in sight; so do the size of what is "
            "covered and everything that marks the hospital.",
        ],
        figures=figures,
    )


def _alone(figures: list[AuditFigure], removed: list[AuditFigure], details: list[str]) -> Audit:
    share, without = _first(figures), _first(removed)
    verdict = "caution"
    if share is not None and without is not None:
        verdict = "bad" if share < without else "caution" if share < BAD_SHARE else "ok"
    return Audit(
        key="lungs_only",
        name="Lungs alone",
        verdict=verdict,
        headline=f"With all but the lungs covered the model has {_sentence(figures)}.",
        limit=_ONLY_LIMIT,
        details=[
            *details,
            "A model that never met a covered film loses something by the cover itself: a low figure is no "
            "proof of a shortcut, a high one is some proof against it.",
        ],
        figures=figures,
    )


def _figures(material: Material, split: ScoredSplit, scores: Float64Array) -> list[AuditFigure]:
    """AUROC, the share of the model's own, and with softmax the balanced recall."""
    columns = usable(split.targets)
    if not columns:
        return []
    targets, own, other = (table[:, columns] for table in (split.targets, split.probabilities, scores))
    found = [
        *audit_figure(_AUROC, split.name, macro_auroc(other, targets, split.films)),
        *audit_figure(_OWN, split.name, macro_auroc(own, targets, split.films)),
        *audit_figure(
            _SHARE,
            split.name,
            kept_share((m.auroc, other), targets, own, split.films),
        ),
    ]
    if material.softmax:
        recall = balanced_recall(scores, split.targets, split.films)
        found += audit_figure("balanced recall", split.name, recall)
    return found


def _first(figures: list[AuditFigure]) -> float | None:
    """The share on the first split that has one."""
    return next((f.value.value for f in figures if f.name == _SHARE), None)


def _sentence(figures: list[AuditFigure]) -> str:
    """Figures of each split in one sentence."""
    parts = []
    for split in dict.fromkeys(f.split for f in figures):
        inside = {f.name: f.value for f in figures if f.split == split}
        left, own, share = (inside.get(name) for name in (_AUROC, _OWN, _SHARE))
        text = f"AUROC {figure(left)} on {split}, where the model has {figure(own)}"
        parts.append(text + (f" ({share.value:.0%} of what it has above chance)" if share else ""))
    return "; ".join(parts) or "no figure: too few films of each kind"


def _what_is_covered(guessed: int, films: int) -> str:
    if guessed == films:
        return (
            f"No segmenter: the middle {MIDDLE_SHARE:.0%} of width and height stands for the lungs, and the "
            "median grey of what stays in sight fills what is covered."
        )
    text = (
        "Lungs as the segmenter finds them, with heart and mediastinum between them and a margin of 3 %; the "
        "median grey of what stays in sight fills what is covered."
    )
    return text + (f" On {guessed} of {films} films the middle stands for them." if guessed else "")
