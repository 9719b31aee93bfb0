"""Training a whole network on fresh views of every film, with what a film says nothing of left open."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from training.films.boxes import boxes_of
from training.films.manifest import Film
from training.films.prepared import prepared_films
from training.fitting.box_maps import boxed_places, map_grid
from training.fitting.callbacks import Phase
from training.fitting.checkpoint import Checkpoint
from training.fitting.epoch_log import SCORE
from training.fitting.optimizers import fine_tune_optimizer
from training.fitting.phases import run_phase
from training.fitting.runs import RunFolder
from training.fitting.views.answers import Answers, answers_of, macro_auroc
from training.fitting.views.batches import Draw, fresh_views, kept_views, plain_batches, view_batches
from training.fitting.views.cache import cached_views
from training.fitting.views.losses import open_cross_entropy, with_view_losses
from training.fitting.views.teachers import taught
from training.networks import Parts, split_at
from training.networks.earlier import load_earlier
from training.recipe import Recipe, ViewsRecipe
from training.writing import whole_file

logger = logging.getLogger(__name__)

# the head's columns of auxiliary labels, beside the saved model that no longer has them
AUXILIARY = "auxiliary.npz"


def side_of(recipe: Recipe) -> tuple[int, int]:
    """Height and width that a recipe's network is built with, pixels."""
    side = recipe.views.side if recipe.views is not None else None
    return (side, side) if side else (recipe.preparation.height, recipe.preparation.width)


def fit_views(
    model: Any,
    recipe: Recipe,
    films: tuple[Sequence[Film], Sequence[Film]],
    labels: Sequence[str],
    *,
    data_root: Path,
    run: RunFolder,
    phase: Phase,
) -> tuple[int, float]:
    """Train every layer that may be trained; the model then has the kept epoch's weights.

    Parameters
    ----------
    model : keras.Model
        Built for ``labels`` and :func:`side_of`.
    recipe : Recipe
        With a section ``[views]``.
    films : tuple of two sequences of Film
        To train on, and of val.
    labels : sequence of str
        Those of the recipe, then its auxiliary ones.
    data_root : Path
    run : RunFolder
    phase : Phase

    Returns
    -------
    tuple of int and float
        The kept epoch, from 1, and its macro AUROC within sources on val.

    Raises
    ------
    TrainingError
        When the loss is not finite, or maps are to be taught and the head has none.
    """
    plan, views = recipe.fit, recipe.views
    if views is None:
        raise ValueError("fit_views needs a recipe with a section [views]")
    train, val = films
    size = side_of(recipe)
    parts = split_at(model, recipe.network.fine_tune_after)
    begun = parts.tail.get_weights()
    answers = answers_of(train, labels, recipe, balanced=True)
    val_answers = answers_of(val, labels, recipe, balanced=False)
    logger.info("answers of train films, weighed: %s", _told(answers, labels))
    if views.teachers:
        pixels = prepared_films(train, recipe.preparation, run.prepared)
        answers = taught(
            answers, pixels, labels, views.teachers, weight=views.teacher_weight, runs=run.path.parent
        )
    places, cells = None, None
    if views.map_loss_weight:
        boxes = boxes_of(recipe, data_root)
        places = boxed_places(train, boxes, labels, recipe.preparation)
        cells = (*map_grid(parts), len(labels))
    draw, val_films = _drawn(parts, recipe, views, films, run)
    batches = view_batches(
        draw,
        answers,
        views,
        batch_size=plan.batch_size,
        seed=recipe.seed,
        first_epoch=Checkpoint.read(phase.state).epoch,
        places=places,
        grid=cells[:2] if cells else (1, 1),
    )
    trained = with_view_losses(parts, views)
    trained.compile(fine_tune_optimizer(plan, len(batches)), open_cross_entropy(plan.label_smoothing))

    def score() -> dict[str, float]:
        logits = plain_logits(parts, val_films, size, plan.batch_size)
        return {SCORE: macro_auroc(logits, val_answers, [film.source for film in val])}

    kept = run_phase(
        trained,
        parts.tail,
        plan,
        phase,
        batches=lambda _: batches,
        val_batches=plain_batches(val_films, val_answers, size, batch_size=plan.batch_size, cells=cells),
        score=score,
    )
    if views.interpolation < 1.0:
        parts.tail.set_weights(between(begun, parts.tail.get_weights(), views.interpolation))
    return kept, score()[SCORE]


def between(begun: list[Any], came_to: list[Any], share: float) -> list[Any]:
    """Weights so far on the way from those that a run began with to those it came to (share 1).

    On the straight line between a network and its fine-tuned self the answers are often better, elsewhere
    above all, than at either end: WiSE-FT, Wortsman et al. 2022 (arXiv:2109.01903).
    """
    return [start + share * (end - start) for start, end in zip(begun, came_to, strict=True)]


def _drawn(
    parts: Parts, recipe: Recipe, views: ViewsRecipe, films: Sequence[Sequence[Film]], run: RunFolder
) -> tuple[Draw, NDArray[Any]]:
    """What draws the train films, and the val films or what the front makes of them."""
    size = side_of(recipe)
    train, val = (prepared_films(part, recipe.preparation, run.prepared) for part in films)
    if parts.front is None:
        return fresh_views(train, size, views), val
    for layer in parts.front.layers:
        layer.trainable = False
    kept, seen = (
        cached_views(parts.front, part, size, views, run.prepared, copies=copies, seed=recipe.seed)
        for part, copies in ((train, recipe.fit.copies), (val, 1))
    )
    return kept_views(kept), seen.features[0]


def plain_logits(parts: Parts, pixels: NDArray[Any], size: tuple[int, int], batch_size: int) -> Float64Array:
    """Logits of prepared films as they are, or of what the front makes of them; shape (n, C)."""
    nothing = Answers(np.zeros((len(pixels), 1), np.float32), np.zeros((len(pixels), 1), np.float32))
    batches = plain_batches(pixels, nothing, size, batch_size=batch_size)
    rows = [parts.tail.predict_on_batch(batches[index][0]) for index in range(len(batches))]
    return np.concatenate(rows).astype(np.float64)


def take_over_head(model: Any, weights: str, labels: Sequence[str]) -> bool:
    """Give the last layer what an earlier run of the same labels, auxiliary ones too, had learned.

    Returns
    -------
    bool
        Whether the earlier run had the same labels.
    """
    folder = Path(weights).parent
    record, rest = RunFolder(folder).record, folder / AUXILIARY
    if not record.is_file():
        return False
    names = json.loads(record.read_text(encoding="utf-8"))["labels"]
    parts = [load_earlier(weights).get_layer("logits").get_weights()]
    if rest.is_file():
        with np.load(rest) as table:
            names = [*names, *table["labels"].tolist()]
            parts.append([table["kernel"], table["bias"]])
    if names != list(labels):
        return False
    kernel, bias = (np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True))
    model.get_layer("logits").set_weights([kernel, bias])
    return True


def without_auxiliary(
    model: Any, answer: Any, labels: Sequence[str], auxiliary: Sequence[str], run: RunFolder
) -> Any:
    """The model with the logits of the recipe's own labels; what the others learned is kept beside it.

    Parameters
    ----------
    model : keras.Model
        With a logit for each of ``labels``, then for each of ``auxiliary``.
    answer : keras.Model
        The same network, freshly built for ``labels`` only.
    labels, auxiliary : sequence of str
    run : RunFolder
    """
    for source, target in zip(model.layers, answer.layers, strict=True):
        if source.weights and source.name != "logits":
            target.set_weights(source.get_weights())
    kernel, bias = model.get_layer("logits").get_weights()
    own = len(labels)
    answer.get_layer("logits").set_weights([kernel[:, :own], bias[:own]])
    with whole_file(run.path / AUXILIARY) as partial, partial.open("wb") as stream:
        np.savez(stream, labels=np.array(list(auxiliary)), kernel=kernel[:, own:], bias=bias[own:])
    return answer


def _told(answers: Answers, labels: Sequence[str]) -> str:
    true = (answers.targets * answers.weights > 0).sum(axis=0)
    known = (answers.weights > 0).sum(axis=0)
    return ", ".join(f"{key} {a}/{b}" for key, a, b in zip(labels, true, known, strict=True))
