"""Training in two phases: a new head on pooled features, then the layers above the cut.

What lies below the cut never changes, so its output is computed once for several augmented copies of
every film and kept on disk; an epoch then costs the layers above the cut only.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, of_split
from training.films.of_recipe import choose_labels, read_films, training_films
from training.films.prepared import prepared_films
from training.films.sampling import oversample
from training.fitting.box_maps import train_shares
from training.fitting.callbacks import Phase
from training.fitting.data import cache_features, film_weights, targets_of
from training.fitting.feature_store import feature_file
from training.fitting.phases import FitSplit, fine_tune, fit_head, val_score
from training.fitting.runs import RunFolder, RunRecord, origin
from training.fitting.start import check_start, start_weights, write_start
from training.fitting.texts import present_recipe
from training.fitting.views.cache import cached_views
from training.fitting.views.fit import fit_views, side_of, take_over_head, without_auxiliary
from training.networks import (
    NETWORKS,
    build_network,
    choose_cut,
    freeze_batch_norm,
    normalise_featurewise,
    split_at,
)
from training.networks.earlier import is_earlier_model, weights_name
from training.recipe import Recipe
from training.writing import whole_file

logger = logging.getLogger(__name__)


def fit(
    recipe: Recipe,
    data_root: Path,
    folder: Path,
    *,
    weights: str | None = None,
    resume: bool = False,
    tensorboard: bool = False,
    on_epoch: Callable[[int, float], None] | None = None,
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
        Backbone weights: a path, ``"imagenet"``, or ``"none"`` for random ones, as None is where all of the
        network is trained.
    resume : bool
        Go on from the last finished epoch of an interrupted run, as if it had never stopped.
    tensorboard : bool
        Write TensorBoard's events into the run's folder too.
    on_epoch : callable, optional
        Is told each finished epoch of the recipe's last phase, from 1, and its macro AUROC on val; may end
        training by raising.

    Returns
    -------
    RunRecord

    Raises
    ------
    TrainingError
        When data, weights or recipe cannot be used, the folder holds another run, or the loss is not finite.
    """
    run = RunFolder(folder)
    started = time.monotonic()
    weights = start_weights(recipe, weights)
    check_start(run, recipe, weights, resume=resume)
    films = read_films(recipe.data, data_root / recipe.data.manifest)
    labels, left_out = choose_labels(films, recipe.data)
    # what its export needs is asked for now, not when all is trained
    present_recipe(recipe, films, data_root)

    import keras

    keras.utils.set_random_seed(recipe.seed)
    if recipe.views is not None and not recipe.head_only:
        return _fit_views(
            recipe,
            data_root,
            run,
            films,
            labels,
            left_out=left_out,
            weights=weights,
            phases=run.phases(recipe, tensorboard=tensorboard, on_epoch=on_epoch),
            started=started,
        )
    train, val = training_films(films, recipe.data, recipe.seed), of_split(films, "val")
    used = len(train)
    if recipe.data.sampling == "oversample":
        train = oversample(train, recipe.seed)
    logger.info("%d train and %d val films, labels %s", len(train), len(val), labels)

    model = recipe_network(recipe, len(labels), weights)
    if recipe.network.normalisation == "featurewise":
        normalise_featurewise(model, prepared_films(train, recipe.preparation, run.prepared))
    parts = split_at(model, _cut(model, recipe))
    write_start(run, recipe, weights)
    train_split = _split(train, labels, recipe, parts.front, run=run, name="train")
    val_split = _split(val, labels, recipe, parts.front, run=run, name="val")

    trained, best_epoch = parts.head, 0
    if recipe.fit.map_loss_weight:
        shares = train_shares(recipe, data_root, train, labels, parts)
        train_split = replace(train_split, boxes=shares)
        val_split = replace(val_split, boxes=np.zeros((1, len(val), *shares.shape[2:]), dtype=np.uint8))
    phases = run.phases(recipe, tensorboard=tensorboard, on_epoch=on_epoch)
    if "head" in phases:
        best_epoch = fit_head(parts, recipe, train_split, val_split, phases["head"])
    if "fine_tune" in phases:
        best_epoch = fine_tune(parts, recipe, train_split, val_split, phases["fine_tune"])
        trained = parts.tail
    score = val_score(parts.tail, val_split, recipe.fit.batch_size)
    _save(model, run.model)
    return _record(
        model,
        trained,
        recipe,
        run,
        labels=labels,
        left_out=left_out,
        train_films=used,
        data_root=str(data_root),
        weights=weights_name(weights),
        minutes=round((time.monotonic() - started) / 60, 1),
        best_epoch=best_epoch,
        val_macro_auroc=round(score, 5),
    )


def _record(model: Any, trained: Any, recipe: Recipe, run: RunFolder, **known: Any) -> RunRecord:
    """What a finished run remembers of itself, written into its folder."""
    record = RunRecord(
        recipe=recipe,
        parameters=model.count_params(),
        trainable_parameters=sum(math.prod(weight.shape) for weight in trained.trainable_weights),
        **known,
        **origin(),
        **run.history(),
    )
    record.write(run.record)
    return record


def _fit_views(
    recipe: Recipe,
    data_root: Path,
    run: RunFolder,
    films: list[Film],
    labels: list[str],
    *,
    left_out: dict[str, tuple[int, int]],
    weights: str | None,
    phases: dict[str, Phase],
    started: float,
) -> RunRecord:
    """Train the whole network on views of the films."""
    every = [*labels, *recipe.data.auxiliary]
    size = side_of(recipe)
    model = recipe_network(recipe, len(every), weights, size)
    _cut(model, recipe)  # freezes what lies before it
    if weights is not None and is_earlier_model(weights) and take_over_head(model, weights, every):
        logger.info("the head goes on from the earlier run's")
    elif recipe.views is not None and recipe.views.interpolation < 1.0:
        raise TrainingError(
            "`views.interpolation` below 1 needs a run to go on from, with the same labels in its head; "
            f"received {weights_name(weights)}.",
            remedy="Pass --weights RUN/model.keras of such a run, or leave `interpolation` out.",
        )
    write_start(run, recipe, weights)
    train, val = training_films(films, recipe.data, recipe.seed), of_split(films, "val")
    best_epoch, score = fit_views(
        model, recipe, (train, val), every, data_root=data_root, run=run, phase=phases["fine_tune"]
    )
    logger.info("best epoch %d, val macro AUROC within sources %.4f", best_epoch, score)
    answer = recipe_network(recipe, len(labels), None, size)
    answer = without_auxiliary(model, answer, labels, recipe.data.auxiliary, run)
    _save(answer, run.model)
    return _record(
        answer,
        model,
        recipe,
        run,
        labels=labels,
        left_out=left_out,
        train_films=len(train),
        data_root=str(data_root),
        weights=weights_name(weights),
        minutes=round((time.monotonic() - started) / 60, 1),
        best_epoch=best_epoch,
        val_macro_auroc=round(score, 5),
    )


def recipe_network(
    recipe: Recipe, labels: int, weights: str | None, size: tuple[int, int] | None = None
) -> Any:
    """The recipe's network, untrained or with a backbone's weights."""
    height, width = size or (recipe.preparation.height, recipe.preparation.width)
    model = build_network(
        recipe.network.name,
        height=height,
        width=width,
        labels=labels,
        activation=recipe.network.activation,
        dropout=recipe.network.dropout,
        weights=weights,
        options=recipe.network.options(),
    )
    if weights is not None and recipe.network.backbone_batch_norm == "frozen":
        freeze_batch_norm(model)
    return model


def _save(model: Any, path: Path) -> None:
    """Without a compiled loss or optimizer: a bundle needs neither."""
    with whole_file(path) as partial:
        model.save(partial)


def _cut(model: Any, recipe: Recipe) -> str | None:
    """The layer behind which features are computed anew in every epoch."""
    network = recipe.network
    start = network.unfreeze_from
    if network.unfreeze_last_blocks is not None:
        start = NETWORKS[network.name].cuts[-network.unfreeze_last_blocks]
    if network.unfreeze_last is not None or start is not None:
        return choose_cut(model, unfreeze_last=network.unfreeze_last, unfreeze_from=start)
    if not recipe.fit.fine_tune_epochs and network.fine_tune_after is None:
        # only the head is trained: what it reads is all that need be kept
        return "embedding"
    return network.fine_tune_after


def _split(
    films: list[Film], labels: list[str], recipe: Recipe, front: Any | None, *, run: RunFolder, name: str
) -> FitSplit:
    """Truths, weights and cached features of one split; prepared films are shared by runs side by side."""
    targets = targets_of(films, labels, recipe.data.any_label)
    softmax = recipe.network.activation == "softmax"
    if softmax and not (targets.sum(axis=1) == 1).all():
        raise TrainingError("With softmax every film must have exactly one of the recipe's labels.")
    pixels = prepared_films(films, recipe.preparation, run.prepared)
    copies = recipe.fit.copies if name == "train" else 1
    weights = film_weights(films, targets, recipe.fit, softmax=softmax)
    if recipe.views is not None:
        size = side_of(recipe)
        kept = cached_views(front, pixels, size, recipe.views, run.prepared, copies=copies, seed=recipe.seed)
        return FitSplit(kept.features, targets, weights, softmax)
    target = run.cache / f"{name}.npy"
    if front is not None and len(front.output.shape) == 2:
        # pooled features are small and the same for every head: kept once for all runs
        target = feature_file(front, pixels, recipe, copies=copies, folder=run.prepared)
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
    return FitSplit(features, targets, weights, softmax)
