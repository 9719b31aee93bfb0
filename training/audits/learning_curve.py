"""Learning curve over training size: one linear head on frozen features, trained on more and more patients.

What it says is about the films: whether more of the same would help. The features are those of the recipe's
backbone before any of these films was seen (ImageNet, say); those of a trained model would know them all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema_learning import LearningCurve, LearningPoint
from training import metrics as m
from training.audits.material import macro_auroc, usable
from training.films.manifest import Film, of_split
from training.films.of_recipe import choose_labels, read_films, training_films
from training.films.prepared import prepared_films
from training.fitting.data import targets_of
from training.fitting.fit import recipe_network
from training.fitting.runs import RunFolder
from training.fitting.start import start_weights
from training.recipe import FitRecipe, Recipe

logger = logging.getLogger(__name__)

SHARES = (0.125, 0.25, 0.5, 1.0)
STRENGTHS = (0.001, 0.01, 0.1)
TESTED = "test"
_BATCH = 32
_FEATURES = "embedding"


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Frozen features of some films, and what is true of them."""

    films: list[Film]
    features: Float32Array
    targets: Float64Array


def learning_curve(
    recipe: Recipe, data_root: Path, cache: Path, weights: str | None, shares: Sequence[float] = SHARES
) -> LearningCurve:
    """Train a head on growing shares of the patients and measure each on test.

    Parameters
    ----------
    recipe : Recipe
        Its films, labels, preparation and network.
    data_root : Path
    cache : Path
        Folder for prepared films.
    weights : str or None
        Of the backbone, which must not have seen these films; None for random ones.
    shares : sequence of float
        Of the patients, rising; each holds the patients of the one before.

    Raises
    ------
    TrainingError
    """
    films = read_films(recipe.data, data_root / recipe.data.manifest)
    labels, _ = choose_labels(films, recipe.data)
    # only a head is trained here, whatever the recipe trains
    weights = start_weights(recipe.model_copy(update={"fit": FitRecipe(fine_tune_epochs=0)}), weights)
    front = _front(recipe, len(labels), weights)
    splits = {
        "train": training_films(films, recipe.data, recipe.seed),
        "val": of_split(films, "val"),
        TESTED: of_split(films, TESTED),
    }
    empty = [name for name, found in splits.items() if not found]
    if empty:
        raise TrainingError(f"`manifest` must have train, val and test films; received none of {empty[0]}.")
    pooled = {name: _pooled(front, found, labels, recipe, cache) for name, found in splits.items()}
    order = _patients(pooled["train"].films, recipe.seed)
    points = []
    for share in shares:
        chosen = set(order[: max(1, round(share * len(order)))])
        rows = np.array([film.group in chosen for film in pooled["train"].films])
        points.append(_point(pooled, rows, len(chosen)))
        logger.info("%d patients: AUROC %.3f", len(chosen), points[-1].auroc.value)
    named = Path(weights).name if weights else "random weights"
    return LearningCurve(
        how=f"Logistic regression of each label on the pooled features of {recipe.network.name} ({named}), "
        "frozen; its penalty chosen on val. A network trained as a whole gains more from the same films.",
        split=TESTED,
        points=points,
    )


def read_learning_curve(run: RunFolder) -> LearningCurve | None:
    """What a run's folder holds of it; None where nothing was measured.

    Raises
    ------
    TrainingError
        When the file cannot be read.
    """
    if not run.learning_curve.is_file():
        return None
    try:
        return LearningCurve.model_validate_json(run.learning_curve.read_bytes())
    except ValidationError as error:
        raise TrainingError(
            f"{run.learning_curve} must be a learning curve; {error.errors()[0]['msg']}.",
            remedy="Measure it again with `python -m training learning-curve`.",
        ) from error


def _front(recipe: Recipe, labels: int, weights: str | None) -> Any:
    import keras

    model = recipe_network(recipe, labels, weights)
    return keras.Model(model.inputs, model.get_layer(_FEATURES).output)


def _pooled(front: Any, films: list[Film], labels: Sequence[str], recipe: Recipe, cache: Path) -> Pooled:
    pixels = prepared_films(films, recipe.preparation, cache)
    rows = [
        np.asarray(front.predict_on_batch(pixels[start : start + _BATCH].astype(np.float32)))
        for start in range(0, len(pixels), _BATCH)
    ]
    targets = targets_of(films, labels, recipe.data.any_label).astype(np.float64)
    return Pooled(films, np.concatenate(rows).astype(np.float32), targets)


def _patients(films: Sequence[Film], seed: int) -> list[str]:
    """In an order drawn once: each share begins with the patients of the smaller one."""
    groups = sorted({film.group for film in films})
    return [groups[int(index)] for index in np.random.default_rng(seed).permutation(len(groups))]


def _point(pooled: dict[str, Pooled], rows: NDArray[np.bool_], patients: int) -> LearningPoint:
    learned, val, test = pooled["train"], pooled["val"], pooled[TESTED]
    heads = [_scores(learned.features[rows], learned.targets[rows], c, (val, test)) for c in STRENGTHS]
    best = max(heads, key=lambda scores: m.macro_auroc(scores[0], val.targets))
    columns = usable(test.targets)
    if not columns:
        raise TrainingError(
            "A learning curve needs 5 test films with and without some label; there are fewer."
        )
    return LearningPoint(
        patients=patients,
        films=int(rows.sum()),
        auroc=macro_auroc(best[1][:, columns], test.targets[:, columns], test.films),
    )


def _scores(
    features: Float32Array, targets: Float64Array, strength: float, asked: Sequence[Pooled]
) -> list[Float64Array]:
    """Logits of one head on each of the splits asked; 0 for a label that these films all have or lack."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found = [np.zeros(split.targets.shape) for split in asked]
    for column in range(targets.shape[1]):
        if len(np.unique(targets[:, column])) < 2:
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
        model.fit(features, targets[:, column])
        for scores, split in zip(found, asked, strict=True):
            scores[:, column] = model.decision_function(split.features)
    return found
