"""What happens after every epoch of fine-tuning: measure, keep the best, slow down, stop, leave a trace."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.evaluation.metrics import macro_auroc
from training.fitting.data import logits_of
from training.fitting.runs import RunFolder
from training.recipe import FitRecipe

logger = logging.getLogger(__name__)

SCORE = "val_macro_auroc"


def fit_callbacks(
    tail: Any,
    plan: FitRecipe,
    val_features: NDArray[np.float16],
    val_targets: Float32Array,
    *,
    run: RunFolder,
    head_score: float,
) -> list[Any]:
    """Keras callbacks, in the order they must run: the score is measured first, the others read it.

    Parameters
    ----------
    tail : keras.Model
        Ends in logits; not compiled, so that its weights are saved without an optimizer's state.
    plan : FitRecipe
    val_features : ndarray, shape (n, ...)
    val_targets : ndarray of float32, shape (n, C)
    run : RunFolder
    head_score : float
        What the head alone reached: an epoch is kept only when it is better.
    """
    import keras

    best = max([head_score, *logged_scores(run.log).values()])

    class Score(keras.callbacks.Callback):  # type: ignore[misc]
        """Adds the macro AUROC on val to the epoch's logs and keeps the weights when it is the best."""

        best_so_far = best

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            score = macro_auroc(logits_of(tail, val_features, plan.batch_size), val_targets.astype(float))
            if score > self.best_so_far:
                self.best_so_far = score
                tail.save_weights(run.best_weights)
            if logs is not None:
                logs[SCORE] = score
                losses = logs["loss"], logs["val_loss"]
                logger.info(
                    "epoch %d loss %.4f val_loss %.4f val macro AUROC %.4f", epoch + 1, *losses, score
                )

    # the averaged weights are swapped in first, so that they are what is measured and kept
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if plan.ema_momentum else []
    return [
        *swap,
        Score(),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.ReduceLROnPlateau(
            monitor=SCORE, mode="max", factor=0.3, patience=plan.plateau_patience
        ),
        keras.callbacks.EarlyStopping(monitor=SCORE, mode="max", patience=plan.patience, baseline=best),
        keras.callbacks.CSVLogger(run.log, append=True),
        keras.callbacks.BackupAndRestore(run.backup, delete_checkpoint=False),
    ]


def logged_scores(log: Path) -> dict[int, float]:
    """The score of every logged epoch, counted from 1; empty without a log."""
    if not log.is_file():
        return {}
    with log.open(encoding="utf-8", newline="") as stream:
        return {int(row["epoch"]) + 1: float(row[SCORE]) for row in csv.DictReader(stream) if row.get(SCORE)}
