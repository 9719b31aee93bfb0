"""From a recipe with an ``[ensemble]`` section to a run folder like any other."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.inference.calibration import activate
from training.ensembles.describe import train_films_of
from training.ensembles.features import FilmSet, member_fronts, pooled_features
from training.ensembles.heads import mean_of_heads, stack_model
from training.ensembles.join import Joined, join
from training.ensembles.members import Member, find_member, joint_recipe, open_members
from training.ensembles.stack import Layer, train_head
from training.ensembles.vote import best_weights, vote_model
from training.films.manifest import of_split
from training.films.of_recipe import choose_labels, read_films, training_films
from training.films.sampling import oversample
from training.fitting.data import logits_of
from training.fitting.runs import RunFolder, RunRecord, current_commit, library_versions, today
from training.metrics import macro_auroc_of_logits
from training.recipe import EnsembleRecipe, Recipe

logger = logging.getLogger(__name__)


def check_new(run: RunFolder) -> None:
    """Refuse a folder that holds a run: an ensemble is made at once, and not resumed.

    Raises
    ------
    TrainingError
    """
    if run.model.exists():
        raise TrainingError(
            f"`run folder` must be new; {run.path} holds a run.", remedy="Pass another --run-folder."
        )


def fit_ensemble(recipe: Recipe, data_root: Path, folder: Path, *, runs: Path | None = None) -> RunRecord:
    """Make one model of finished ones and leave ``model.keras`` and ``run.json`` in ``folder``.

    The members are not trained any further. The run's recipe says which weights, or which settings of the
    head, val chose.

    Parameters
    ----------
    recipe : Recipe
        With an ``[ensemble]`` section; its film becomes as large as its largest member's.
    data_root : Path
    folder : Path
        The ensemble's own run folder.
    runs : Path, optional
        Where members are looked up by name; beside ``folder`` if left out.

    Returns
    -------
    RunRecord

    Raises
    ------
    BundleError, TrainingError
        When a member is missing, members do not fit each other or the recipe, or the folder holds a run.
    """
    run, section = RunFolder(folder), _section(recipe)
    check_new(run)
    started = time.monotonic()
    folders = [find_member(name, runs or folder.parent) for name in section.members]
    members = open_members(folders, data_root)
    recipe = joint_recipe(recipe, members)
    films = read_films(recipe.data, data_root / recipe.data.manifest)
    _, left_out = choose_labels(films, recipe.data)
    labels = members[0].subject.labels
    models = [member.load() for member in members]
    joined = join(
        models,
        [member.cam_layer for member in members],
        recipe.preparation.height,
        recipe.preparation.width,
    )
    cache = run.prepared
    val = FilmSet.prepare(of_split(films, "val"), recipe, cache)
    if section.kind == "vote":
        model, recipe = _vote(joined, members, recipe, val)
        used = train_films_of(folders)
    else:
        train = training_films(films, recipe.data, recipe.seed)
        used = len(train)
        if recipe.data.sampling == "oversample":
            train = oversample(train, recipe.seed)
        linear = section.start == "members" and not recipe.network.dense
        start = mean_of_heads(models, members, labels) if linear else None
        films_used = FilmSet.prepare(train, recipe, cache)
        model, recipe = _stack(joined, members, recipe, train=films_used, val=val, start=start, cache=cache)
    score = _score(model, val, recipe, labels)
    logger.info("%s of %d members: val macro AUROC %.4f", section.kind, len(members), score)
    folder.mkdir(parents=True, exist_ok=True)
    # the members' layers are marked as not trained, so that what is left is the head
    model.save(run.model)
    record = RunRecord(
        recipe=recipe,
        labels=labels,
        left_out={key: counts for key, counts in left_out.items() if key not in labels},
        train_films=used,
        data_root=str(data_root),
        weights="",
        commit=current_commit(),
        date=today(),
        versions=library_versions(),
        minutes=round((time.monotonic() - started) / 60, 1),
        best_epoch=0,
        val_macro_auroc=round(score, 5),
        parameters=int(model.count_params()),
        trainable_parameters=int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
    )
    record.write(run.record)
    return record


def _vote(joined: Joined, members: Sequence[Member], recipe: Recipe, val: FilmSet) -> tuple[Any, Recipe]:
    """The vote, and the recipe with the weights that were given, or chosen on val."""
    import keras

    section, labels = _section(recipe), members[0].subject.labels
    activation = recipe.network.activation
    lines = [member.line(labels) for member in members]
    weights: Sequence[float]
    if section.weights == "val":
        logits = [
            logits_of(keras.Model(joined.film, own), val.pixels, recipe.fit.batch_size)
            for own in joined.logits
        ]
        probabilities = [
            activate(own @ kernel + bias, activation)
            for own, (kernel, bias) in zip(logits, lines, strict=True)
        ]
        weights = best_weights(probabilities, val.targets(recipe, labels).astype(float))
    else:
        weights = [1.0 / len(members)] * len(members) if section.weights == "equal" else section.weights
    logger.info("weights %s", ", ".join(f"{weight:.2f}" for weight in weights))
    model = vote_model(joined, lines, weights, activation, recipe.id.replace("-", "_"))
    chosen = section.model_copy(update={"weights": list(weights)})
    return model, recipe.model_copy(update={"ensemble": chosen})


def _stack(
    joined: Joined,
    members: Sequence[Member],
    recipe: Recipe,
    *,
    train: FilmSet,
    val: FilmSet,
    start: Layer | None,
    cache: Path,
) -> tuple[Any, Recipe]:
    """The stack, and the recipe with the settings of its head that val chose."""
    labels = members[0].subject.labels
    fronts = member_fronts(joined)
    widths = tuple(int(front.output.shape[-1]) for front in fronts)
    splits = [
        films.split(
            recipe, labels, pooled_features(fronts, members, films, recipe, cache, copies=copies), widths
        )
        for films, copies in ((train, recipe.fit.copies), (val, 1))
    ]
    head = train_head(recipe, splits[0], splits[1], start)
    if head.best is None:
        logger.warning("on val no correction beats the mean of the members' logits, which is kept")
        return stack_model(joined, recipe, head, len(labels)), recipe
    network = recipe.network.model_copy(update={"l2": head.best.l2, "dropout": head.best.dropout})
    plan = recipe.fit.model_copy(update={"head_learning_rate": head.best.learning_rate})
    recipe = recipe.model_copy(update={"network": network, "fit": plan})
    return stack_model(joined, recipe, head, len(labels)), recipe


def _section(recipe: Recipe) -> EnsembleRecipe:
    if recipe.ensemble is None:
        raise TrainingError(f"Recipe {recipe.id!r} must have a section [ensemble].")
    return recipe.ensemble


def _score(model: Any, val: FilmSet, recipe: Recipe, labels: Sequence[str]) -> float:
    """Macro AUROC on val of the model as it will be saved."""
    import keras

    logits = logits_of(
        keras.Model(model.input, model.get_layer("logits").output), val.pixels, recipe.fit.batch_size
    )
    return macro_auroc_of_logits(
        logits, val.targets(recipe, labels).astype(float), softmax=recipe.network.activation == "softmax"
    )
