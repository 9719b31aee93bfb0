"""Training a whole network on fresh views of every film, with what a film says nothing of left open."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array, PreparationSpec
from cxr_dash.imaging import decode
from training.films.boxes import BoxedFilm, Region, read_boxes
from training.films.lungs import plan_film
from training.films.manifest import Film, of_split
from training.films.prepared import prepared_films
from training.fitting.box_maps import in_input, map_grid, supervised_labels
from training.fitting.callbacks import Phase, phase_callbacks, save_weights
from training.fitting.checkpoint import Checkpoint
from training.fitting.optimizers import fine_tune_optimizer
from training.fitting.progress import progress
from training.fitting.runs import RunFolder
from training.fitting.views.answers import Answers, answers_of, macro_auroc
from training.fitting.views.batches import Places, cached_batches, plain_batches, view_batches
from training.fitting.views.cache import cached_views
from training.fitting.views.losses import open_cross_entropy, with_view_losses
from training.networks import Parts, split_at
from training.recipe import Recipe, ViewsRecipe

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
    films: Sequence[Film],
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
    films : sequence of Film
        Of every split.
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
    train, val = of_split(films, "train"), of_split(films, "val")
    size = side_of(recipe)
    parts = split_at(model, recipe.network.fine_tune_after)
    answers = answers_of(train, labels, recipe, balanced=True)
    val_answers = answers_of(val, labels, recipe, balanced=False)
    logger.info("answers of train films, weighed: %s", _told(answers, labels))
    places, cells = None, None
    if views.map_loss_weight:
        boxes = read_boxes(data_root / str(recipe.data.boxes), data_root / recipe.data.manifest)
        places = boxed_places(train, boxes, labels, recipe.preparation)
        cells = (*map_grid(parts), len(labels))
    trained = with_view_losses(parts, recipe)
    steps = max(len(train) // max(plan.batch_size // 2, 1), 1)
    trained.compile(fine_tune_optimizer(plan, steps), open_cross_entropy(plan.label_smoothing))
    batches, val_films = _batches(parts, recipe, train, val, answers, run=run, places=places, cells=cells)
    start = Checkpoint.read(phase.state)
    if not start.epoch:
        save_weights(parts.tail, phase.weights)
    start.restore(trained)
    phase.log.keep(start.epoch)

    def score() -> float:
        logits = plain_logits(parts, val_films, size, plan.batch_size)
        return macro_auroc(logits, val_answers, [film.source for film in val])

    if start.epoch < phase.epochs and not start.stopped:
        with progress(phase.name, phase.epochs, start.epoch) as show:
            trained.fit(
                batches(start.epoch),
                validation_data=plain_batches(
                    val_films, val_answers, size, batch_size=plan.batch_size, cells=cells
                ),
                shuffle=False,
                initial_epoch=start.epoch,
                epochs=phase.epochs,
                verbose=0,
                callbacks=phase_callbacks(
                    parts.tail, plan, phase, start, score=score, baseline=None, show=show
                ),
            )
    parts.tail.load_weights(phase.weights)
    return int(Checkpoint.read(phase.state).counted["Keep"]["best_epoch"]), score()


def _batches(
    parts: Parts,
    recipe: Recipe,
    train: Sequence[Film],
    val: Sequence[Film],
    answers: Answers,
    *,
    run: RunFolder,
    places: Places | None,
    cells: tuple[int, int, int] | None,
) -> tuple[Callable[[int], Any], NDArray[Any]]:
    """What makes the batches from an epoch on, and the val films or what the front makes of them."""
    size, views = side_of(recipe), recipe.views or ViewsRecipe()
    pixels = prepared_films(train, recipe.preparation, run.prepared)
    val_pixels = prepared_films(val, recipe.preparation, run.prepared)
    shared: dict[str, Any] = {
        "batch_size": recipe.fit.batch_size,
        "seed": recipe.seed,
        "places": places,
        "grid": cells[:2] if cells else (1, 1),
    }
    if parts.front is None:
        return (
            lambda epoch: view_batches(pixels, answers, size, views, first_epoch=epoch, **shared),
            val_pixels,
        )
    seed, copies = recipe.seed, recipe.fit.copies
    for layer in parts.front.layers:
        layer.trainable = False
    cached = cached_views(parts.front, pixels, size, views, run.prepared, copies=copies, seed=seed)
    plain = cached_views(parts.front, val_pixels, size, views, run.prepared, copies=1, seed=seed)
    return (
        lambda epoch: cached_batches(cached, answers, views, first_epoch=epoch, **shared),
        plain.features[0],
    )


def plain_logits(parts: Parts, pixels: NDArray[Any], size: tuple[int, int], batch_size: int) -> Float64Array:
    """Logits of prepared films as they are, or of what the front makes of them; shape (n, C)."""
    nothing = Answers(np.zeros((len(pixels), 1), np.float32), np.zeros((len(pixels), 1), np.float32))
    batches = plain_batches(pixels, nothing, size, batch_size=batch_size)
    rows = [parts.tail.predict_on_batch(batches[index][0]) for index in range(len(batches))]
    return np.concatenate(rows).astype(np.float64)


def boxed_places(
    films: Sequence[Film], boxes: Sequence[BoxedFilm], labels: Sequence[str], spec: PreparationSpec
) -> Places:
    """By film and label, where radiologists drew boxes, as shares of the prepared film."""
    rows = {film.path: row for row, film in enumerate(films)}
    places: dict[int, dict[int, list[Region]]] = defaultdict(dict)
    for boxed in boxes:
        row = rows.get(boxed.film.path)
        if row is None:
            continue
        preparation = plan_film(decode(boxed.film.path.read_bytes()), spec)
        regions = [in_input(region, preparation) for region in boxed.regions]
        inside = [region for region in regions if region is not None]
        for key in supervised_labels(boxed, labels):
            places[row].setdefault(list(labels).index(key), []).extend(inside)
    return places


def take_over_head(model: Any, weights: str, labels: Sequence[str]) -> bool:
    """Give the last layer what an earlier run of the same labels, auxiliary ones too, had learned.

    Returns
    -------
    bool
        Whether the earlier run had the same labels.
    """
    import keras

    folder = Path(weights).parent
    record, rest = RunFolder(folder).record, folder / AUXILIARY
    if not record.is_file() or not rest.is_file():
        return False
    saved = keras.saving.load_model(weights, compile=False, safe_mode=True).get_layer("logits").get_weights()
    with np.load(rest) as table:
        names = [*json.loads(record.read_text(encoding="utf-8"))["labels"], *table["labels"].tolist()]
        if names != list(labels):
            return False
        kernel = np.concatenate([saved[0], table["kernel"]], axis=1)
        bias = np.concatenate([saved[1], table["bias"]])
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
    partial = run.path / f"partial-{AUXILIARY}"
    with partial.open("wb") as stream:
        np.savez(stream, labels=np.array(list(auxiliary)), kernel=kernel[:, own:], bias=bias[own:])
    partial.replace(run.path / AUXILIARY)
    return answer


def _told(answers: Answers, labels: Sequence[str]) -> str:
    true = (answers.targets * answers.weights > 0).sum(axis=0)
    known = (answers.weights > 0).sum(axis=0)
    return ", ".join(f"{key} {a}/{b}" for key, a, b in zip(labels, true, known, strict=True))
