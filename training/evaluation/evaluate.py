"""A run or a bundle measured on one split: every figure, with intervals from resampled patients."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import file_sha256
from training.evaluation.batches import Scored
from training.evaluation.curves import label_curves
from training.evaluation.decision_tables import confusions, extremes, report_text, threshold_table
from training.evaluation.figures import averages, label_figures
from training.evaluation.film_scores import FilmScores, assert_aligned
from training.evaluation.result import Evaluation, evaluation_file, scores_file
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED, split_metrics
from training.evaluation.subject import Subject
from training.films.manifest import Film, of_split
from training.fitting.data import targets_of
from training.metrics import bootstrap_weights

logger = logging.getLogger(__name__)

SPOT_CHECKS = 3


def evaluate(subject: Subject, manifest: Path, split: str) -> tuple[Evaluation, FilmScores]:
    """Score the films of a split and measure.

    The order of the manifest does not matter: films are sorted by path, and every score keeps the path of
    its film.

    Parameters
    ----------
    subject : Subject
    manifest : Path
    split : str

    Raises
    ------
    TrainingError
        When the manifest cannot be used, names a film twice, or has other classes than a softmax model.
    """
    films = of_split(subject.read(manifest), split)
    films = sorted(films, key=lambda film: film_key(film, manifest))
    scored = subject.score([film.path for film in films])
    logger.info("scored %d %s films with %s", len(films), split, subject.id)
    _spot_check(subject, scored)
    scores = join(subject, films, [film_key(film, manifest) for film in films], scored)
    return measure(subject, films, scores, manifest, split), scores


def measure(
    subject: Subject, films: Sequence[Film], scores: FilmScores, manifest: Path, split: str
) -> Evaluation:
    """All figures of scores; films and scores are in the same order."""
    softmax = subject.activation == "softmax"
    if softmax and not (scores.targets.sum(axis=1) == 1).all():
        raise TrainingError(
            f"With softmax every film must have exactly one of the labels {', '.join(subject.labels)}; "
            f"received {int((scores.targets.sum(axis=1) != 1).sum())} other films.",
            remedy="Measure the model on films of its own classes.",
        )
    base = split_metrics(
        films,
        scores.probabilities,
        scores.targets,
        subject.labels,
        subject.thresholds,
        split=split,
        description=f"{manifest.parent.name}/{manifest.name}",
        softmax=softmax,
        any_label=subject.any_label,
    )
    called = calls(scores.probabilities, subject)
    resampling = bootstrap_weights(scores.groups, BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    labels = label_figures(base, called, scores, None if softmax else subject.thresholds, resampling)
    measured = [key for key in subject.labels if key in labels]
    columns = [subject.labels.index(key) for key in measured]
    return Evaluation(
        subject=subject.id,
        kind=subject.kind,
        split=split,
        description=base.description,
        manifest_sha256=file_sha256(manifest),
        films=base.films,
        patients=base.patients,
        label_keys=subject.labels,
        activation=subject.activation,
        decision="most probable class" if softmax else f"operating point `{subject.default_point}`",
        calibrated_on=subject.calibration.fitted_on,
        model_sha256=subject.model_sha256,
        macro=base.macro | averages(called, scores, columns, resampling, softmax=softmax),
        labels=labels,
        classification_report=report_text(called, scores.targets, subject.labels, softmax=softmax),
        confusion=confusions(called, scores.targets, subject.labels, softmax=softmax),
        curves={
            key: label_curves(scores.probabilities[:, k], scores.targets[:, k])
            for k, key in zip(columns, measured, strict=True)
        },
        thresholds=threshold_table(
            scores.probabilities, scores.targets, subject.labels, subject.operating_points
        ),
        extremes=extremes(scores.probabilities, scores.targets, subject.labels),
        subgroups=base.subgroups,
    )


def calls(probabilities: Float64Array, subject: Subject) -> Float64Array:
    """1 where a label is called: the most probable class, or what reaches its threshold.

    Returns
    -------
    ndarray of float64, shape (n, C), 0 or 1
    """
    if subject.activation == "softmax":
        return np.asarray(np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)])
    return (probabilities >= np.array([subject.thresholds[key] for key in subject.labels])).astype(np.float64)


def write_evaluation(evaluation: Evaluation, scores: FilmScores, folder_or_file: Path) -> Path:
    """Write figures and scores: into a folder, or to a JSON file with the scores beside it."""
    path = folder_or_file
    if path.suffix != ".json":
        path.mkdir(parents=True, exist_ok=True)
        path = evaluation_file(path, evaluation.split)
    evaluation.write(path)
    scores.write(scores_file(path))
    return path


def film_key(film: Film, manifest: Path) -> str:
    """What names a film in scores: its path as in the manifest, with slashes."""
    path = film.path
    return (path.relative_to(manifest.parent) if path.is_relative_to(manifest.parent) else path).as_posix()


def _spot_check(subject: Subject, scored: Scored) -> None:
    """Score a few films once more, each alone: a film whose score is another film's ends the run."""
    rows = np.unique(np.linspace(0, len(scored.paths) - 1, SPOT_CHECKS).round().astype(int))
    for row in rows:
        path = scored.paths[row]
        alone, batch = subject.score([path]).logits[0], scored.logits[row]
        if not np.allclose(alone, batch, rtol=1e-2, atol=1e-2):
            raise TrainingError(
                f"A film must score the same alone and among others; {path.name} has the logits "
                f"{np.round(alone, 3).tolist()} alone and {np.round(batch, 3).tolist()} among others.",
                remedy="Look for films that are shuffled between reading and scoring.",
            )


def join(subject: Subject, films: Sequence[Film], names: Sequence[str], scored: Scored) -> FilmScores:
    """Put scores beside truths, after checking that they are of the same films in the same order.

    Parameters
    ----------
    subject : Subject
    films : sequence of Film
        Sorted by name.
    names : sequence of str
        Of the films, as they are to be kept.
    scored : Scored
        Logits, and the file that each row is of.

    Raises
    ------
    TrainingError
        When the order differs, or a film is there twice.
    """
    assert_aligned([str(path) for path in scored.paths], [str(film.path) for film in films])
    twice = next((name for name, after in pairwise(names) if name == after), None)
    if twice is not None:
        raise TrainingError(
            f"A film must be measured once; the manifest names {twice!r} twice.",
            remedy="Take one of the rows out.",
        )
    return FilmScores(
        paths=tuple(names),
        groups=tuple(film.group for film in films),
        sources=tuple(film.source for film in films),
        labels=tuple(subject.labels),
        logits=scored.logits,
        probabilities=subject.probabilities(scored.logits),
        targets=targets_of(films, subject.labels, subject.any_label).astype(np.float64),
    )
