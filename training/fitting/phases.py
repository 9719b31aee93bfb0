"""The two phases of training, on cached features."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.fitting.box_maps import with_map_loss
from training.fitting.callbacks import Phase, phase_callbacks, save_weights
from training.fitting.checkpoint import Checkpoint
from training.fitting.data import feature_batches, logits_of
from training.fitting.epoch_log import SCORE
from training.fitting.losses import make_accuracy, make_loss
from training.fitting.optimizers import fine_tune_optimizer, head_optimizer
from training.fitting.progress import progress
from training.metrics import macro_auroc_of_logits
from training.networks import Parts
from training.recipe import Recipe

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
    # fine-tuning has to beat the head alone
    if phase.monitor == SCORE:
        baseline = val_score(tail, val, plan.batch_size)
    else:
        batches = feature_batches(
            val.features, val.targets, val.weights, plan.batch_size, None, boxes=val.boxes
        )
        figures = trained.evaluate(batches, verbose=0, return_dict=True)
        baseline = float(figures[phase.monitor.removeprefix("val_")])
    return _run_phase(trained, tail, recipe, phase, train=train, val=val, baseline=baseline)


def _run_phase(
    trained: Any,
    kept: Any,
    recipe: Recipe,
    phase: Phase,
    *,
    train: FitSplit,
    val: FitSplit,
    baseline: float | None,
) -> int:
    """Train from the last checkpoint to the end and read the kept weights back; the epoch they are of."""
    plan = recipe.fit
    start = Checkpoint.read(phase.state)
    if not start.epoch:
        save_weights(kept, phase.weights)
    start.restore(trained)
    phase.log.keep(start.epoch)
    if start.epoch < phase.epochs and not start.stopped:
        with progress(phase.name, phase.epochs, start.epoch) as show:
            trained.fit(
                feature_batches(
                    train.features,
                    train.targets,
                    train.weights,
                    plan.batch_size,
                    recipe.seed,
                    first_epoch=start.epoch,
                    mixup=plan.mixup,
                    boxes=train.boxes,
                ),
                validation_data=feature_batches(
                    val.features, val.targets, val.weights, plan.batch_size, None, boxes=val.boxes
                ),
                shuffle=False,
                initial_epoch=start.epoch,
                epochs=phase.epochs,
                verbose=0,
                callbacks=phase_callbacks(
                    kept,
                    plan,
                    phase,
                    start,
                    score=lambda: val_score(kept, val, plan.batch_size),
                    baseline=baseline,
                    show=show,
                ),
            )
    kept.load_weights(phase.weights)
    return int(Checkpoint.read(phase.state).counted["Keep"]["best_epoch"])


def val_score(tail: Any, val: FitSplit, batch_size: int) -> float:
    """Macro AUROC of a model from the cut to the logits."""
    logits = logits_of(tail, val.features[0], batch_size)
    return macro_auroc_of_logits(logits, val.targets.astype(float), softmax=val.softmax)
