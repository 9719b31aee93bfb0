"""A finished bundle measured, compared and applied; always through the serving path."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import Bundle, load_bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import SplitMetrics
from training.evaluation import metrics as m
from training.evaluation.scoring import score_films
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED, split_metrics
from training.evaluation.subject import runtime_of
from training.export.card import figure
from training.films.manifest import Film, of_split, read_manifest
from training.fitting.data import targets_of

_NEGATIVE = "no_finding"
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
    )


def compare_bundles(folders: Sequence[Path], manifest: Path, split: str) -> list[str]:
    """AUROC of each label of each bundle on the same films, and the difference from the first bundle.

    The interval of a difference comes from the same resampled patients for both, and is the one to read.

    Returns
    -------
    list of str
        Lines of a table.
    """
    bundles = [load_bundle(folder) for folder in folders]
    shared = [key for key in bundles[0].spec.label_keys if all(key in b.spec.label_keys for b in bundles)]
    if len(bundles) < 2 or not shared:
        raise TrainingError(
            f"`compare` needs two or more bundles with a label in common; received {[b.id for b in bundles]}."
        )
    lines = []
    baseline: dict[str, tuple[Float64Array, Float64Array]] = {}
    for bundle in bundles:
        films, targets = _truths(bundle, manifest, split)
        probabilities = _probabilities(bundle, films)
        resampling = m.bootstrap_weights([film.group for film in films], BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
        ones = np.ones((1, len(films)))
        for key in shared:
            column = bundle.label_index(key)
            pair = probabilities[:, column], targets[:, column]
            value, samples = m.auroc(*pair, ones), m.auroc(*pair, resampling)
            line = f"{key:20} {bundle.id:28} AUROC {figure(m.interval(value, samples), digits=3)}"
            if key in baseline:
                first = baseline[key]
                difference = m.interval(value - first[0], samples - first[1])
                line += f"  difference {figure(difference, digits=3)}"
            else:
                baseline[key] = value, samples
            lines.append(line)
    return sorted(lines, key=lambda line: shared.index(line.split()[0]))


def predict_csv(folder: Path, films: Sequence[Path]) -> str:
    """Logits and calibrated probabilities of some films as CSV.

    Raises
    ------
    BundleError, TrainingError
    """
    bundle = load_bundle(folder)
    missing = [path for path in films if not path.is_file()]
    if missing:
        raise TrainingError(f"`films` must be files; there is none at {missing[0]}.")
    logits = score_films(runtime_of(bundle), films, bundle.spec.preparation).logits
    probabilities = calibrated_probabilities(logits, bundle.spec)
    keys = bundle.spec.label_keys
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["path", *keys, *(f"logit_{key}" for key in keys)])
    for path, probability, logit in zip(films, probabilities, logits, strict=True):
        writer.writerow(
            [path, *(f"{value:.6f}" for value in probability), *(f"{value:.6f}" for value in logit)]
        )
    return stream.getvalue()


def _truths(bundle: Bundle, manifest: Path, split: str) -> tuple[list[Film], Float64Array]:
    films = of_split(read_manifest(manifest, negative_label=_NEGATIVE), split)
    return films, targets_of(films, bundle.spec.label_keys, _ANY).astype(np.float64)


def _probabilities(bundle: Bundle, films: Sequence[Film]) -> Float64Array:
    scores = score_films(runtime_of(bundle), [film.path for film in films], bundle.spec.preparation)
    return calibrated_probabilities(scores.logits, bundle.spec)
