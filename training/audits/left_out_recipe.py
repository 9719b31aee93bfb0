"""A recipe whose head reads a frozen backbone, asked about hospitals that it is trained without.

The features are those that ``fit`` keeps: after a run this costs seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxr_dash.errors import TrainingError
from training.audits.left_out import LeftOut, leave_sources_out
from training.films.manifest import of_split
from training.films.of_recipe import choose_labels, read_films, training_films
from training.films.prepared import prepared_films
from training.fitting.fit import recipe_network
from training.fitting.views.cache import cached_views
from training.fitting.views.fit import side_of
from training.networks import split_at
from training.recipe import Recipe


def leave_out_of_recipe(
    recipe: Recipe, data_root: Path, cache: Path, weights: str | None, left_out: Sequence[Sequence[str]]
) -> list[LeftOut]:
    """Train a linear head on a recipe's train films without some sources, and ask it about them.

    Every drawn copy of a train film teaches; measured are the films of the first manifest as they are, train
    and val. Nothing of ``test`` or ``external`` is read.

    Parameters
    ----------
    recipe : Recipe
        With ``network.unfreeze_last = 0``, a section ``[views]``, and one class for each film or one label:
        films without it are the other class.
    data_root : Path
    cache : Path
        Folder of prepared films and of features.
    weights : str or None
        Of the backbone; None for random ones.
    left_out : sequence of sequence of str
        The sets of sources.

    Raises
    ------
    TrainingError
        When the recipe trains more than a head, or as :func:`leave_sources_out`.
    """
    one_class = recipe.network.activation == "softmax" or len(recipe.data.labels) == 1
    if recipe.views is None or not recipe.head_only or not one_class:
        raise TrainingError(
            f"`recipe` must train a head alone, on [views], of one class or one label; received {recipe.id}.",
            remedy="Set network.unfreeze_last = 0, or name another recipe.",
        )
    films = read_films(recipe.data, data_root / recipe.data.manifest)
    labels, _ = choose_labels(films, recipe.data)
    alone = recipe.data.model_copy(update={"further": []})
    own = {film.path for film in read_films(alone, data_root / alone.manifest)}
    train, val = training_films(films, recipe.data, recipe.seed), of_split(films, "val")
    model = recipe_network(recipe, len(labels), weights)
    front = split_at(model, "embedding").front
    tables, rows, asked = [], [], []
    for part, copies in ((train, recipe.fit.copies), (val, 1)):
        pixels = prepared_films(part, recipe.preparation, cache)
        kept = cached_views(
            front, pixels, side_of(recipe), recipe.views, cache, copies=copies, seed=recipe.seed
        )
        tables.append(kept.features.reshape(-1, kept.features.shape[-1]).astype(np.float32))
        for copy in range(copies):
            rows += part
            asked += [copy == 0 and film.path in own for film in part]
    return leave_sources_out(
        np.concatenate(tables),
        [next((label for label in labels if label in film.labels), f"no {labels[0]}") for film in rows],
        [film.source for film in rows],
        left_out,
        asked=np.array(asked),
        learned=np.array([film.split == "train" for film in rows]),
        patients=[film.patient for film in rows],
    )
