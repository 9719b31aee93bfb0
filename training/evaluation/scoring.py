"""Films through the serving path: decode, prepare, compiled graph. Every reported figure starts here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array, PreparationSpec
from cxr_dash.explain import shown_peaks
from cxr_dash.inference.runtime import Runtime
from training.films.prepared import read_prepared

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model says about a list of films.

    Attributes
    ----------
    logits : ndarray of float64, shape (n, C)
    embeddings : ndarray of float32, shape (n, D)
    peaks : ndarray of float64, shape (n, C)
        Largest value of each label's map over the film, as a reader is shown it.
    """

    logits: Float64Array
    embeddings: Float32Array
    peaks: Float64Array


def score_films(
    runtime: Runtime,
    paths: Sequence[Path],
    spec: PreparationSpec,
    change: Callable[[Float32Array], Float32Array] | None = None,
) -> Scores:
    """Run a model over films, one at a time, as the app does.

    Parameters
    ----------
    runtime : Runtime
    paths : sequence of Path
    spec : PreparationSpec
    change : callable, optional
        Alters the prepared film first, for audits.

    Returns
    -------
    Scores

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    outputs, peaks = [], []
    for path in paths:
        film, preparation = read_prepared(path, spec)
        outputs.append(runtime.run(film if change is None else change(film)))
        peaks.append(shown_peaks(outputs[-1].cams, preparation))
    logger.info("scored %d films", len(outputs))
    return Scores(
        logits=np.stack([out.logits for out in outputs]).astype(np.float64),
        embeddings=np.stack([out.embedding for out in outputs]),
        peaks=np.stack(peaks).astype(np.float64),
    )
