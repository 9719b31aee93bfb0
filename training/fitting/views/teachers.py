"""Distillation: a student learns from what earlier runs say of its train films beside their labels.

Hinton, Vinyals and Dean 2015 (arXiv:1503.02531), with the mean of several teachers. Labels mined from reports
are wrong for one film in ten, yet a label says 0 or 1; what several networks say of a film is smoother.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.errors import TrainingError
from training.fitting.progress import progress
from training.fitting.runs import RunFolder, RunRecord
from training.fitting.views.answers import Answers
from training.fitting.views.draw import as_input, plain_view
from training.networks.earlier import load_earlier

logger = logging.getLogger(__name__)

_BATCH = 64


def taught(
    answers: Answers,
    pixels: NDArray[np.uint8],
    labels: Sequence[str],
    teachers: Sequence[str],
    *,
    weight: float,
    runs: Path,
) -> Answers:
    """Answers in which teachers have a share.

    Each teacher's logits are standardised over the films, their weighted mean is brought to the scale of the
    labels (one slope and one offset a label, by logistic regression on the answers that are not open), and
    its probability is mixed with the label. Labels that no teacher knows keep their own answers.

    Parameters
    ----------
    answers : Answers
    pixels : ndarray of uint8, shape (n, h, w, 1)
        Prepared films, as they are.
    labels : sequence of str
        In the order of the answers' columns.
    teachers : sequence of str
        Names of finished runs; one that is named twice counts twice.
    weight : float
        Of the teachers, 0-1; of the label the rest.
    runs : Path
        Folder of the teachers' runs.

    Raises
    ------
    TrainingError
        When a teacher is no finished run, or knows none of the labels.
    """
    known = np.zeros((len(pixels), len(labels)))
    counted = np.zeros(len(labels))
    for name, share in Counter(teachers).items():
        names, logits = teacher_logits(RunFolder(runs / name), pixels)
        columns = [column for column, label in enumerate(labels) if label in names]
        if not columns:
            raise TrainingError(f"`views.teachers` must answer one of the recipe's labels; {name} has none.")
        own = logits[:, [names.index(labels[column]) for column in columns]]
        known[:, columns] += share * (own - own.mean(axis=0)) / np.maximum(own.std(axis=0), 1e-6)
        counted[columns] += share
    targets = answers.targets.copy()
    for column in np.flatnonzero(counted):
        rows = answers.weights[:, column] > 0
        told = _on_the_scale_of(answers.targets[rows, column], known[rows, column] / counted[column])
        targets[rows, column] = (1.0 - weight) * targets[rows, column] + weight * told
    return replace(answers, targets=targets)


def teacher_logits(run: RunFolder, pixels: NDArray[np.uint8]) -> tuple[list[str], Float64Array]:
    """Labels of a finished run, and its logits of prepared films, shape (n, C).

    Raises
    ------
    TrainingError
        When there is no finished run.
    """
    import keras

    if not run.record.is_file() or not run.model.is_file():
        raise TrainingError(
            f"`views.teachers` must name finished runs beside this one; {run.path.name} is none.",
            remedy=f"Run `python -m training fit {run.path.name}` first.",
        )
    labels = RunRecord.read(run.record).labels
    model = load_earlier(str(run.model))
    answer: Any = keras.Model(model.inputs, model.get_layer("logits").output)
    size = (int(model.inputs[0].shape[1]), int(model.inputs[0].shape[2]))
    logits = np.zeros((len(pixels), len(labels)))
    steps = -(-len(pixels) // _BATCH)
    logger.info("answers of the teacher %s", run.path.name)
    with progress("teacher", steps) as show:
        for start in range(0, len(pixels), _BATCH):
            rows = slice(start, start + _BATCH)
            films = as_input([plain_view(np.asarray(film[..., 0]), size) for film in pixels[rows]])
            logits[rows] = answer.predict_on_batch(films)
            show(run.path.name)
    return labels, logits


def _on_the_scale_of(truth: Float32Array, score: Float64Array) -> Float64Array:
    """Probabilities of a label by a score, shape (n,); one answer alone is that answer."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(truth)) < 2:
        return truth.astype(np.float64)
    model = LogisticRegression(C=1e4).fit(score[:, None], truth.astype(np.int64))
    return np.asarray(model.predict_proba(score[:, None])[:, 1], dtype=np.float64)
