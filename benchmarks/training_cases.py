"""What is timed about training: a head on cached features, and what the input pipeline costs."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.films.manifest import Film, of_split, read_manifest
from training.films.prepared import prepared_films
from training.fitting.data import cache_features, feature_batches, targets_of
from training.fitting.fit import fit
from training.fitting.losses import make_loss
from training.fitting.optimizers import fine_tune_optimizer, head_optimizer
from training.networks import build_network, split_at
from training.recipe import Recipe, load_recipe

LABELS = ("normal", "pneumonia", "covid")
# a head as in the recipe findings-mobilenet-frozen, on the collection that has 5,000 train films
HEAD = {
    "network.name": "mobilenet",
    "network.dense": "[64]",
    "network.dropout": "0.5",
    "fit.copies": "1",
    "fit.fine_tune_epochs": "0",
    "fit.head_epochs": "30",
    "fit.patience": "30",
}
# name -> network, side of the films, where it is cut
PIPELINES = {
    "block_cnn from scratch": ("block_cnn", 128, None),
    "MobileNetV2 fine-tuned above block 6": ("mobilenet_v2", 224, "block_6_project_BN"),
}


@dataclass(frozen=True)
class Paths:
    """Where films, weights and what is made of them lie."""

    data: Path
    mobilenet: str
    mobilenet_v2: str
    folder: Path


def some_films(manifest: Path, train: int, val: int) -> list[Film]:
    """Different films of a manifest, the same ones each time."""
    films = read_manifest(manifest)
    chosen = []
    for split, count in (("train", train), ("val", val)):
        found = of_split(films, split)
        rows = np.random.default_rng(0).permutation(len(found))[:count]
        chosen += [found[row] for row in sorted(rows)]
    return chosen


def write_manifest(films: list[Film], path: Path) -> None:
    """A manifest of these films only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "split", "split_group", "source"])
        for film in films:
            writer.writerow([film.path.resolve(), *sorted(film.labels), film.split, film.group, film.source])


def head_recipe(seed: int) -> Recipe:
    """A recipe whose head alone is trained; another seed is another run on the same features."""
    given = {"seed": str(seed), "data.manifest": "films/manifest.csv", "data.labels": str(list(LABELS))}
    loaded = load_recipe("covid-mobilenetv2", {**HEAD, **given})
    cuts = {"fine_tune_after": None, "unfreeze_last": None, "unfreeze_from": None}
    every = {"exclude_train_sources": [], "max_train_films_per_source": None}
    return loaded.model_copy(
        update={
            "network": loaded.network.model_copy(update=cuts),
            "data": loaded.data.model_copy(update=every),
        }
    )


def head_run(paths: Paths, seed: int) -> dict[str, float]:
    """One whole run in this process: read the manifest and the features, train, measure, save."""
    started = time.perf_counter()
    record = fit(
        head_recipe(seed), paths.folder, paths.folder / "runs" / f"head-{seed}", weights=paths.mobilenet
    )
    return {
        "run": time.perf_counter() - started,
        "epochs_seconds": record.seconds,
        "epochs": record.epochs,
        "score": record.val_macro_auroc,
    }


def naive_epoch(paths: Paths, films: list[Film], batch_size: int) -> Callable[[], float]:
    """Seconds of an epoch of the same head with the frozen backbone in the loop, on these films."""
    recipe = head_recipe(0)
    model = build_network(
        "mobilenet",
        height=recipe.preparation.height,
        width=recipe.preparation.width,
        labels=len(LABELS),
        activation="softmax",
        dropout=0.5,
        weights=paths.mobilenet,
        options=recipe.network.options(),
    )
    frozen = split_at(model, "embedding")
    frozen.front.trainable = False
    whole = keras.Model(model.input, frozen.tail(frozen.front(model.input, training=False)))
    targets = targets_of(films, LABELS)
    whole.compile(head_optimizer(recipe.fit, 1), make_loss(recipe, targets))
    pixels = prepared_films(films, recipe.preparation, paths.folder / "runs" / "prepared")
    batches = tf.data.Dataset.from_tensor_slices((pixels, targets)).batch(batch_size).prefetch(2)
    whole.fit(batches.take(2), shuffle=False, verbose=0)

    def epoch() -> float:
        started = time.perf_counter()
        whole.fit(batches, shuffle=False, verbose=0)
        return time.perf_counter() - started

    return epoch


def pipeline_epochs(
    name: str, paths: Paths, films: list[Film], batch_size: int
) -> dict[str, Callable[[], tuple[float, float]]]:
    """Two ways to run the same training steps: from the real pipeline, and with one batch held in memory.

    Each gives back seconds on the clock, and of all cores.
    """
    network, side, cut = PIPELINES[name]
    recipe = load_recipe("covid-mobilenetv2")
    preparation = replace(recipe.preparation, height=side, width=side)
    model = build_network(
        network,
        height=side,
        width=side,
        labels=len(LABELS),
        activation="softmax",
        dropout=0.2,
        weights=paths.mobilenet_v2 if network == "mobilenet_v2" else None,
    )
    parts = split_at(model, cut)
    pixels = prepared_films(films, preparation, paths.folder / "runs" / "prepared")
    features = cache_features(
        parts.front,
        pixels,
        paths.folder / f"{network}.npy",
        copies=2,
        fit=recipe.fit,
        recipe=recipe.augment,
        seed=0,
    )
    targets, weights = targets_of(films, LABELS), np.ones(len(films), np.float32)
    trained = keras.Model(parts.tail.inputs[0], parts.tail.outputs[0])
    trained.compile(fine_tune_optimizer(recipe.fit, 1), make_loss(recipe, targets))
    real = feature_batches(features, targets, weights, batch_size, 0)
    first = (features[0, :batch_size].astype(np.float32), targets[:batch_size], weights[:batch_size])
    held = tf.data.Dataset.from_tensors(first).repeat(len(films) // batch_size)

    def timed(batches: Any) -> Callable[[], tuple[float, float]]:
        def epoch() -> tuple[float, float]:
            started, worked = time.perf_counter(), time.process_time()
            trained.fit(batches, epochs=1, shuffle=False, verbose=0)
            return time.perf_counter() - started, time.process_time() - worked

        return epoch

    return {"real": timed(real), "held": timed(held)}
