"""The two phases of training, on cached features."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.fitting.box_maps import with_map_loss
from training.fitting.callbacks import Phase, phase_callbacks, save_weights
from training.fitting.checkpoint import Checkpoint
from training.fitting.data import feature_batches, logits_of
from training.fitting.epoch_log import RECALL, SCORE
from training.fitting.losses import make_accuracy, make_loss
from training.fitting.optimizers import fine_tune_optimizer, head_optimizer
from training.fitting.precision import computing_in
from training.fitting.progress import progress
from training.fitting.recall import mean_recall
from training.metrics import macro_auroc_of_logits
from training.networks import Parts
from training.recipe import FitRecipe, Recipe

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FitSplit:
    """Cached features of one split.

    Attributes
    ----------
    features : ndarray of float16, shape (copies, n, ...)
        What the frozen front makes of every copy of every film.
    targets : ndarray of float32, shape (n, C)
    weights : ndarray of float32, shape (n,)
        How much a film counts.
    softmax : bool
        Whether exactly one of a film's labels is true.
    boxes : ndarray of uint8, shape (copies, n, h, w, C), or None
        How much of each cell of the last map lies inside the label's boxes, for the map loss.
    """

    features: NDArray[np.float16]
    targets: Float32Array
    weights: Float32Array
    softmax: bool = False
    boxes: NDArray[np.uint8] | None = None


def fit_head(parts: Parts, recipe: Recipe, train: FitSplit, val: FitSplit, phase: Phase) -> int:
    """Phase one: dropout and the dense layers alone, on pooled features.

    Returns
    -------
    int
        The kept epoch, from 1.

    Raises
    ------
    TrainingError
        When the loss is not finite.
    """
    plan = recipe.fit
    copies = [logits_of(parts.pool, copy, plan.batch_size).astype(np.float16) for copy in train.features]
    pooled = replace(train, features=np.stack(copies), boxes=None)
    pooled_val = logits_of(parts.pool, val.features[0], plan.batch_size).astype(np.float16)[None]
    head = parts.head
    head.compile(
        head_optimizer(plan, -(-len(train.targets) // plan.batch_size)),
        make_loss(recipe, train.targets),
        metrics=[make_accuracy(recipe)],
    )
    small = replace(val, features=pooled_val, boxes=None)
    best = _run_phase(head, head, recipe, phase, train=pooled, val=small, baseline=None)
    logger.info(
        "head alone: epoch %d, val macro AUROC %.4f", best, val_score(parts.tail, val, plan.batch_size)
    )
    return best


def fine_tune(parts: Parts, recipe: Recipe, train: FitSplit, val: FitSplit, phase: Phase) -> int:
    """Phase two: every layer above the cut, stopped and kept by what the recipe monitors on val.

    Returns
    -------
    int
        The kept epoch, from 1, whose weights the model then has; 0 when none beat the head alone.

    Raises
    ------
    TrainingError
        When the loss is not finite.
    """
    import keras

    plan, tail = recipe.fit, parts.tail
    # a second model of the same layers is compiled: weights are kept and read back without an optimizer
    trained = keras.Model(tail.inputs[0], tail.outputs[0])
    if train.boxes is not None:
        trained = with_map_loss(parts, plan.map_loss_weight)
    trained.compile(
        fine_tune_optimizer(plan, -(-len(train.targets) // plan.batch_size)),
        make_loss(recipe, train.targets),
        metrics=[make_accuracy(recipe)],
    )

    def baseline() -> float:
        if phase.monitor == SCORE:
            return val_score(tail, val, plan.batch_size)
        batches = feature_batches(
            val.features, val.targets, val.weights, plan.batch_size, None, boxes=val.boxes
        )
        figures = trained.evaluate(batches, verbose=0, return_dict=True)
        return float(figures[phase.monitor.removeprefix("val_")])

    # fine-tuning has to beat the head alone
    return _run_phase(trained, tail, recipe, phase, train=train, val=val, baseline=baseline)


def _run_phase(
    trained: Any,
    kept: Any,
    recipe: Recipe,
    phase: Phase,
    *,
    train: FitSplit,
    val: FitSplit,
    baseline: Callable[[], float] | None,
) -> int:
    """Train on features; the kept epoch."""
    plan = recipe.fit
    size = plan.batch_size
    return run_phase(
        trained,
        kept,
        plan,
        phase,
        batches=lambda first: feature_batches(
            train.features,
            train.targets,
            train.weights,
            size,
            recipe.seed,
            first_epoch=first,
            mixup=plan.mixup,
            boxes=train.boxes,
        ),
        val_batches=feature_batches(val.features, val.targets, val.weights, size, None, boxes=val.boxes),
        score=lambda: val_figures(kept, val, size),
        baseline=baseline,
    )


def run_phase(
    trained: Any,
    kept: Any,
    plan: FitRecipe,
    phase: Phase,
    *,
    batches: Callable[[int], Any],
    score: Callable[[], Mapping[str, float]],
    val_batches: Any = None,
    baseline: Callable[[], float] | None = None,
) -> int:
    """Train from the last checkpoint to the end and read the kept weights back; the epoch they are of.

    Parameters
    ----------
    trained : keras.Model
        Compiled.
    kept : keras.Model
        Shares its layers; its weights are what is kept.
    plan : FitRecipe
    phase : Phase
    batches : callable
        Batches of all epochs from the given one on, which counts from 0.
    score : callable
        See :func:`training.fitting.callbacks.phase_callbacks`.
    val_batches : batches or None
        For the columns ``val_loss`` and ``val_accuracy``; None where there are none.
    baseline : callable or None
        Value of the monitored column that the first epochs must beat; asked for in the precision of theirs.

    Returns
    -------
    int
        From 1; 0 when no epoch beat the baseline.

    Raises
    ------
    TrainingError
        When the loss is not finite.
    """
    start = Checkpoint.read(phase.state)
    if not start.epoch:
        save_weights(kept, phase.weights)
    phase.log.keep(start.epoch)
    with computing_in(plan.precision, kept, trained):
        # of the weights that the phase began with, which a checkpoint replaces
        first = baseline() if baseline else None
        start.restore(trained)
        if start.epoch < phase.epochs and not start.stopped:
            with progress(phase.name, phase.epochs, start.epoch) as show:
                callbacks = phase_callbacks(kept, plan, phase, start, score=score, baseline=first, show=show)
                trained.fit(
                    batches(start.epoch),
                    validation_data=val_batches,
                    shuffle=False,
                    initial_epoch=start.epoch,
                    epochs=phase.epochs,
                    verbose=0,
                    callbacks=callbacks,
                )
    kept.load_weights(phase.weights)
    return int(Checkpoint.read(phase.state).counted["Keep"]["best_epoch"])


def val_figures(tail: Any, val: FitSplit, batch_size: int) -> dict[str, float]:
    """Macro AUROC and mean recall of a model from the cut to the logits, by column of the log."""
    logits = logits_of(tail, val.features[0], batch_size)
    truths = val.targets.astype(float)
    return {
        SCORE: macro_auroc_of_logits(logits, truths, softmax=val.softmax),
        RECALL: mean_recall(logits, truths, softmax=val.softmax),
    }


def val_score(tail: Any, val: FitSplit, batch_size: int) -> float:
    """Macro AUROC of a model from the cut to the logits."""
    return val_figures(tail, val, batch_size)[SCORE]
