"""The figures of ``bundle.json``, measured again through the serving path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.bundle import Bundle, load_bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import SplitMetrics
from training.evaluation.scoring import score_films
from training.evaluation.split_figures import split_metrics
from training.evaluation.subject import open_subject, runtime_of
from training.films.manifest import Film, of_split
from training.fitting.data import targets_of

_ANY = "finding"


def evaluate_bundle(folder: Path, manifest: Path, split: str) -> SplitMetrics:
    """Measure a bundle on one split, at its default operating point.

    Raises
    ------
    BundleError, TrainingError
    """
    bundle = load_bundle(folder)
    films, targets = _truths(bundle, manifest, split)
    spec = bundle.spec
    return split_metrics(
        films,
        _probabilities(bundle, films),
        targets,
        spec.label_keys,
        spec.operating_point().thresholds,
        split=split,
        description=f"{manifest.parent.name}/{manifest.name}",
        softmax=spec.activation == "softmax",
        any_label=_ANY if _ANY in spec.label_keys else None,
        points=spec.operating_points,
    )


def _truths(bundle: Bundle, manifest: Path, split: str) -> tuple[list[Film], Float64Array]:
    films = of_split(open_subject(bundle.path).read(manifest), split)
    return films, targets_of(films, bundle.spec.label_keys, _ANY).astype(np.float64)


def _probabilities(bundle: Bundle, films: Sequence[Film]) -> Float64Array:
    scores = score_films(runtime_of(bundle), [film.path for film in films], bundle.spec.preparation)
    return calibrated_probabilities(scores.logits, bundle.spec)
