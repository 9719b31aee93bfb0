"""What a sceptic would ask of a model, measured at export and printed on its card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.runtime import Runtime
from training.evaluation.probes import (
    HIDDEN_SHARE,
    Ridge,
    accuracy,
    balanced_recall,
    border_features,
    hide_middle,
)
from training.evaluation.scoring import score_films
from training.films.manifest import Film
from training.fitting.data import targets_of
from training.metrics import macro_auroc
from training.recipe import Recipe


def run_audits(
    runtime: Runtime,
    recipe: Recipe,
    labels: Sequence[str],
    *,
    train: Sequence[Film],
    test: Sequence[Film],
    external: Sequence[Film],
) -> dict[str, str]:
    """Shortcut audits in words, by name.

    ``border_only`` is a linear model that sees the outermost pixels and the shape of the film only;
    ``lungs_hidden`` is the bundle's own model with the middle of every film covered.
    """
    splits = [(name, films) for name, films in (("test", test), ("external", external)) if films]
    softmax = recipe.network.activation == "softmax"

    def truths(films: Sequence[Film]) -> Float64Array:
        return targets_of(films, labels, recipe.data.any_label).astype(np.float64)

    ridge = Ridge(border_features(train), truths(train))
    border, hidden = [], []
    for name, films in splits:
        border.append(_words(name, ridge.predict(border_features(films)), truths(films), softmax=softmax))
        scores = score_films(runtime, [film.path for film in films], recipe.preparation, hide_middle)
        hidden.append(_words(name, scores.logits, truths(films), softmax=softmax))
    chance = f"chance {1 / len(labels):.0%}" if softmax else "chance 0.50"
    return {
        "border_only": "A ridge regression on the 3-pixel border and the shape of the stored film, "
        "without any "
        f"lung in sight, gets {'; '.join(border)} ({chance}). What a model scores up to there need not be "
        "disease.",
        "lungs_hidden": f"With the middle {HIDDEN_SHARE:.0%} of width and height covered, this model still "
        f"gets {'; '.join(hidden)} ({chance}). What is left is read from the edge of the film.",
    }


def _words(split: str, scores: Float64Array, targets: Float64Array, *, softmax: bool) -> str:
    if not softmax:
        return f"macro AUROC {macro_auroc(scores, targets):.2f} on {split}"
    recall = balanced_recall(scores, targets)
    return f"{accuracy(scores, targets):.0%} right on {split} (balanced recall {recall:.2f})"
