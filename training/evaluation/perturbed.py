"""How a model holds out when films are exposed, shrunk or cut differently: figures on changed copies.

Where ``val`` comes from the rooms of ``train`` it is soon perfect and cannot choose between models any more.
The changes here are fixed, so that every model is asked about the same copies, and plausible: what another
year, room or programme does to a film. None of them is what training draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_dash.domain import Float32Array, Float64Array
from training.evaluation.batches import film_batches
from training.evaluation.subject import Subject
from training.films.manifest import Film
from training.fitting.data import targets_of
from training.metrics import macro_auroc

Change = Callable[[Float32Array], Float32Array]
_SEED = 20240607


@dataclass(frozen=True, slots=True)
class PerturbedFigures:
    """Figures of one changed copy of a split.

    Attributes
    ----------
    change : str
        A key of :func:`changes`.
    log_loss : float
        Of calibrated probabilities, every class weighing alike (sigmoid: every label), natural logarithm.
    macro_auroc : float
    accuracy : float
        Mean over labels of the share of right answers at the default operating point.
    """

    change: str
    log_loss: float
    macro_auroc: float
    accuracy: float


def changes() -> dict[str, Change]:
    """The fixed changes of a prepared film, float32 (H, W), 0-255, by name; clipped by :func:`changed`."""
    return {
        "none": lambda film: film,
        "gamma 0.65": lambda film: 255.0 * (film / 255.0) ** 0.65,
        "gamma 1.5": lambda film: 255.0 * (film / 255.0) ** 1.5,
        "contrast x 0.65": lambda film: (film - film.mean()) * 0.65 + film.mean(),
        "contrast x 1.4": lambda film: (film - film.mean()) * 1.4 + film.mean(),
        "exposure x 0.7": lambda film: film * 0.7,
        "exposure x 1.3": lambda film: film * 1.3,
        "equalised": _equalised,
        "blurred": lambda film: _blurred(film, 0.025),
        "sharpened": lambda film: 2.0 * film - _blurred(film, 0.025),
        "noise 10": _noisy,
        "zoomed in 12 %": lambda film: _moved(film, 1.12, 1.12),
        "zoomed out 12 %": lambda film: _moved(film, 0.88, 0.88),
        "wider 10 %": lambda film: _moved(film, 1.10, 1.0),
        "taller 10 %": lambda film: _moved(film, 1.0, 1.10),
        "turned 6 degrees": lambda film: _moved(film, 1.0, 1.0, 6.0),
        "shaded from one side": lambda film: film * np.linspace(0.6, 1.0, film.shape[1], dtype=np.float32),
    }


def perturbed_figures(subject: Subject, films: Sequence[Film]) -> list[PerturbedFigures]:
    """Figures of a model on every changed copy of some films.

    Parameters
    ----------
    subject : Subject
    films : sequence of Film
        With both answers of every label.

    Returns
    -------
    list of PerturbedFigures
        In the order of :func:`changes`; ``none`` is first.

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    batches = film_batches([film.path for film in films], subject.preparation)
    pixels = np.concatenate([batch for _, batch in batches])
    truths = targets_of(films, subject.labels, subject.any_label).astype(np.float64)
    thresholds = np.array([subject.thresholds[key] for key in subject.labels])
    rows = []
    for name, change in changes().items():
        probabilities = subject.probabilities(subject.forward(changed(pixels, change)))
        rows.append(
            PerturbedFigures(
                change=name,
                log_loss=balanced_log_loss(probabilities, truths, softmax=subject.activation == "softmax"),
                macro_auroc=macro_auroc(probabilities, truths),
                accuracy=float(((probabilities >= thresholds) == (truths > 0.5)).mean()),
            )
        )
    return rows


def mean_figures(rows: Sequence[PerturbedFigures]) -> PerturbedFigures:
    """The mean over all copies, the unchanged one among them."""
    return PerturbedFigures(
        change="mean",
        log_loss=float(np.mean([row.log_loss for row in rows])),
        macro_auroc=float(np.mean([row.macro_auroc for row in rows])),
        accuracy=float(np.mean([row.accuracy for row in rows])),
    )


def changed(pixels: Float32Array, change: Change) -> Float32Array:
    """Films with one change each, shape (n, H, W, 1), clipped to 0-255."""
    made = np.stack([np.clip(change(film[:, :, 0]), 0.0, 255.0) for film in pixels])
    return np.asarray(made[..., None], dtype=np.float32)


def balanced_log_loss(probabilities: Float64Array, truths: Float64Array, *, softmax: bool) -> float:
    """Mean of ``-log p`` of the truth: first within each class (or answer of a label), then over these.

    Parameters
    ----------
    probabilities, truths : ndarray of float64, shape (n, C)
    softmax : bool
        Whether exactly one label of a film is true.
    """
    sure = np.clip(probabilities, 1e-7, 1.0 - 1e-7)
    found = [-np.log(sure[truths[:, k] > 0.5, k]) for k in range(truths.shape[1])]
    if not softmax:
        found += [-np.log1p(-sure[truths[:, k] <= 0.5, k]) for k in range(truths.shape[1])]
    return float(np.mean([losses.mean() for losses in found if len(losses)]))


def _blurred(film: Float32Array, share: float) -> Float32Array:
    """Gaussian blur with a deviation that is a share of the film's side."""
    return np.asarray(cv2.GaussianBlur(film, (0, 0), share * max(film.shape)), dtype=np.float32)


def _equalised(film: Float32Array) -> Float32Array:
    return np.asarray(cv2.equalizeHist(np.rint(film).astype(np.uint8)), dtype=np.float32)


def _noisy(film: Float32Array) -> Float32Array:
    # the same noise for every film and model: a comparison must not depend on luck
    return film + np.random.default_rng(_SEED).normal(0.0, 10.0, film.shape).astype(np.float32)


def _moved(film: Float32Array, scale_x: float, scale_y: float, degrees: float = 0.0) -> Float32Array:
    """Stretched and turned about the middle; black outside."""
    height, width = film.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([scale_x, scale_y])
    offset = centre - matrix @ centre
    flags = cv2.INTER_CUBIC if min(film.shape) < 64 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(film, np.column_stack([matrix, offset]), (width, height), flags=flags)
    return np.asarray(moved, dtype=np.float32)
