"""Run folders of untrained networks, written in a moment: what an ensemble needs of its members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.fitting.runs import RunFolder, RunRecord
from training.recipe import Recipe


def small_network(
    seed: int, *, labels: int = 2, side: int = 48, activation: str = "sigmoid", pooling: str = "average"
) -> Any:
    """An untrained network whose logits differ from film to film."""
    import keras

    from training.networks import Options, build_network

    keras.utils.set_random_seed(seed)
    options = Options(filters=(8, 12, 16), pooling=pooling, pool_size=4 if pooling == "flatten" else None)
    model = build_network(
        "small_cnn",
        height=side,
        width=side,
        labels=labels,
        activation=activation,
        dropout=0.0,
        weights=None,
        options=options,
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(layer.moving_variance * 0.05)
    return model


def changed(recipe: Recipe, **sections: dict[str, Any]) -> Recipe:
    """A recipe with some entries of some sections replaced."""
    table = recipe.model_dump(mode="json")
    for name, entries in sections.items():
        table[name] = {**(table.get(name) or {}), **entries}
    return Recipe.model_validate(table)


def write_run(
    folder: Path, model: Any, recipe: Recipe, root: Path, labels: tuple[str, ...] = ("effusion", "finding")
) -> Path:
    """A finished run of that model on the films in ``root``."""
    folder.mkdir(parents=True)
    run = RunFolder(folder)
    model.save(run.model)
    RunRecord(
        recipe=recipe,
        labels=list(labels),
        left_out={},
        train_films=36,
        data_root=str(root),
        weights="",
        commit="unknown",
        date="2024-01-01",
        versions={},
        minutes=0.0,
        best_epoch=0,
        val_macro_auroc=0.5,
    ).write(run.record)
    return folder
