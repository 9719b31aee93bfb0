"""Training in two phases: a new head on pooled features, then the layers above the cut.

What lies below the cut never changes, so its output is computed once for several augmented copies of
every film and kept on disk; an epoch then costs the layers above the cut only.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, choose_labels, of_split, read_manifest
from training.films.prepared import prepared_films
from training.films.sampling import oversample, undersample
from training.fitting.data import cache_features, film_weights, targets_of
from training.fitting.feature_store import feature_file
from training.fitting.phases import FitSplit, fine_tune, fit_head, val_score
from training.fitting.runs import RunFolder, RunRecord, current_commit, library_versions, today
from training.networks import Options, build_network, choose_cut, freeze_batch_norm, split_at
from training.recipe import DataRecipe, Recipe

logger = logging.getLogger(__name__)


def fit(
    recipe: Recipe, data_root: Path, folder: Path, *, weights: str | None = None, resume: bool = False
) -> RunRecord:
    """Train a recipe and leave ``model.keras`` and ``run.json`` in ``folder``.

    Parameters
    ----------
    recipe : Recipe
    data_root : Path
        Folder that ``data.manifest`` is relative to.
    folder : Path
        The run's own folder.
    weights : str or None
        Backbone weights: a path, ``"imagenet"``, or None for random ones.
    resume : bool
        Go on from the last finished epoch of an interrupted run.

    Returns
    -------
    RunRecord

    Raises
    ------
    TrainingError
        When data, weights or recipe cannot be used, the folder holds another run, or the loss is not finite.
    """
    import keras

    run = RunFolder(folder)
    if any(path.exists() for path in (run.model, run.log, run.backup)) and not resume:
        raise TrainingError(
            f"`run folder` must be new; {folder} holds a run.",
            remedy="Pass --resume, or another --run-folder.",
        )
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    films = read_manifest(data_root / recipe.data.manifest, negative_label=recipe.data.negative_label)
    labels, left_out = choose_labels(films, recipe.data)
    train, val = training_films(films, recipe.data, recipe.seed), of_split(films, "val")
    used = len(train)
    if recipe.data.sampling == "oversample":
        train = oversample(train, recipe.seed)
    logger.info("%d train and %d val films, labels %s", len(train), len(val), labels)

    model = build_network(
        recipe.network.name,
        height=recipe.preparation.height,
        width=recipe.preparation.width,
        labels=len(labels),
        activation=recipe.network.activation,
        dropout=recipe.network.dropout,
        weights=weights,
        options=Options.of_recipe(recipe.network),
    )
    if weights is not None:
        freeze_batch_norm(model)
    parts = split_at(model, _cut(model, recipe))
    train_split = _split(train, labels, recipe, parts.front, target=run.cache / "train.npy")
    val_split = _split(val, labels, recipe, parts.front, target=run.cache / "val.npy", copies=1)

    if recipe.fit.head_epochs and not run.head_weights.is_file():
        fit_head(parts, recipe, train_split, val_split)
        model.save_weights(run.head_weights)
    elif run.head_weights.is_file():
        model.load_weights(run.head_weights)
    best_epoch = (
        fine_tune(parts.tail, recipe, train_split, val_split, run) if recipe.fit.fine_tune_epochs else 0
    )
    score = val_score(parts.tail, val_split, recipe.fit.batch_size)
    logger.info("best epoch %d, val macro AUROC %.4f", best_epoch, score)
    # saved without a compiled loss or optimizer: a bundle needs neither
    model.save(run.model)
    record = RunRecord(
        recipe=recipe,
        labels=labels,
        left_out=left_out,
        train_films=used,
        data_root=str(data_root),
        weights=Path(weights).name if weights else "",
        commit=current_commit(),
        date=today(),
        versions=library_versions(),
        minutes=round((time.monotonic() - started) / 60, 1),
        best_epoch=best_epoch,
        val_macro_auroc=round(score, 5),
    )
    record.write(run.record)
    return record


def _cut(model: Any, recipe: Recipe) -> str | None:
    """The layer behind which features are computed anew in every epoch."""
    network = recipe.network
    if network.unfreeze_last is not None or network.unfreeze_from is not None:
        return choose_cut(model, unfreeze_last=network.unfreeze_last, unfreeze_from=network.unfreeze_from)
    if not recipe.fit.fine_tune_epochs and network.fine_tune_after is None:
        # only the head is trained: what it reads is all that need be kept
        return "embedding"
    return network.fine_tune_after


def training_films(films: list[Film], data: DataRecipe, seed: int) -> list[Film]:
    """The train films a recipe uses: without the excluded sources, no source above its cap, undersampled."""
    train = [film for film in of_split(films, "train") if film.source not in data.exclude_train_sources]
    limit = data.max_train_films_per_source
    if limit is not None:
        generator = np.random.default_rng(seed)
        kept: set[int] = set()
        for source in sorted({film.source for film in train}):
            rows = [index for index, film in enumerate(train) if film.source == source]
            kept |= {int(row) for row in generator.permutation(rows)[:limit]}
        train = [film for index, film in enumerate(train) if index in kept]
    return undersample(train, seed) if data.sampling == "undersample" else train


def _split(
    films: list[Film],
    labels: list[str],
    recipe: Recipe,
    front: Any | None,
    *,
    target: Path,
    copies: int | None = None,
) -> FitSplit:
    """Truths, weights and cached features of one split; prepared films are shared by runs side by side."""
    targets = targets_of(films, labels, recipe.data.any_label)
    softmax = recipe.network.activation == "softmax"
    if softmax and not (targets.sum(axis=1) == 1).all():
        raise TrainingError("With softmax every film must have exactly one of the recipe's labels.")
    shared = target.parent.parent.parent / "prepared"
    pixels = prepared_films(films, recipe.preparation, shared)
    copies = copies or recipe.fit.copies
    if front is not None and len(front.output.shape) == 2:
        # pooled features are small and the same for every head: kept once for all runs
        target = feature_file(front, pixels, recipe, copies=copies, folder=shared)
    target.parent.mkdir(parents=True, exist_ok=True)
    features = cache_features(
        front,
        pixels,
        target,
        copies=copies,
        fit=recipe.fit,
        recipe=recipe.augment,
        seed=recipe.seed,
    )
    return FitSplit(features, targets, film_weights(films, targets, recipe.fit, softmax=softmax))
