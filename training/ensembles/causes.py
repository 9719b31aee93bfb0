"""Why a naive stack underfits: its causes removed one after another, each step measured on train and val."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.ensembles.features import FilmSet, member_fronts, pooled_features
from training.ensembles.heads import mean_of_heads
from training.ensembles.join import join
from training.ensembles.members import find_member, joint_recipe, open_members
from training.ensembles.stack import Layer, Scale, StackSplit, answers, fit_dense, train_head
from training.films.manifest import of_split
from training.films.of_recipe import read_films, training_films
from training.metrics import macro_auroc_of_logits
from training.recipe import Recipe

logger = logging.getLogger(__name__)

# what a first attempt looks like: a narrow hidden layer, much dropout, a fast optimizer
NAIVE_WIDTH, NAIVE_DROPOUT, NAIVE_RATE = 16, 0.5, 1e-2
ONE_SCALING = 1.0 / 255.0


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table.

    Attributes
    ----------
    change : str
        What differs from the row above.
    train, val : float
        Macro AUROC of copy 0 of the train films, and of the val films.
    train_accuracy, val_accuracy : float
        Share of right answers: the most probable class (softmax), or all labels at a logit of 0 (sigmoid).
    """

    change: str
    train: float
    val: float
    train_accuracy: float
    val_accuracy: float


def remove_causes(recipe: Recipe, data_root: Path, runs: Path) -> Iterator[Step]:
    """Train a naive stack of a recipe's members, then put one thing right at a time.

    Every head is trained on the same train films, not augmented, with the same loss and stopping; test is
    never looked at.

    Parameters
    ----------
    recipe : Recipe
        With an ``[ensemble]`` section.
    data_root : Path
    runs : Path
        Where members are looked up by name and features are kept.

    Yields
    ------
    Step
        Each member whose head is one dense layer alone, the naive stack, and a row for each change.

    Raises
    ------
    BundleError, TrainingError
    """
    names = recipe.ensemble.members if recipe.ensemble else []
    members = open_members([find_member(name, runs) for name in names], data_root)
    recipe = joint_recipe(recipe, members)
    labels, cache = members[0].subject.labels, runs / "prepared"
    films = read_films(recipe.data, data_root / recipe.data.manifest)
    chosen = training_films(films, recipe.data, recipe.seed), of_split(films, "val")
    sets = [FilmSet.prepare(part, recipe, cache) for part in chosen]
    models = [member.load() for member in members]
    size = recipe.preparation.height, recipe.preparation.width
    fronts = member_fronts(join(models, [member.cam_layer for member in members], *size))

    widths = tuple(int(front.output.shape[-1]) for front in fronts)

    def splits(fronts: Sequence[Any], variant: str) -> list[StackSplit]:
        made = [pooled_features(fronts, members, s, recipe, cache, copies=1, variant=variant) for s in sets]
        return [s.split(recipe, labels, features, widths) for s, features in zip(sets, made, strict=True)]

    own, end = splits(fronts, ""), 0
    for front, model, member in zip(fronts, models, members, strict=True):
        begin, end = end, end + int(front.output.shape[-1])
        head = mean_of_heads([model], [member], labels)
        if head is not None:
            part = [StackSplit(s.features[:, begin:end], s.targets, s.weights) for s in own]
            yield _measured(f"{member.subject.id} alone", (head,), part, recipe)
    yield from stack_steps(
        recipe,
        splits([_scaled_first(front) for front in fronts], "one scaling"),
        own,
        mean_of_heads(models, members, labels),
    )


def stack_steps(
    recipe: Recipe, one_scaling: list[StackSplit], own: list[StackSplit], start: Layer | None
) -> Iterator[Step]:
    """The naive stack, and a row for each change, up to the stack that is trained here.

    Parameters
    ----------
    recipe : Recipe
    one_scaling, own : list of StackSplit
        Train and val, of films scaled twice and of films as each backbone expects them.
    start : Layer or None
        The mean of the members' heads, where they are linear.
    """
    narrow = recipe.network.model_copy(update={"dense": [NAIVE_WIDTH], "hidden_activation": "relu"})
    hidden = recipe.model_copy(update={"network": narrow})
    linear = recipe.model_copy(update={"network": narrow.model_copy(update={"dense": []})})
    scale = Scale.of(own[0].features, own[0].widths)
    yield _naive("naive: films divided by 255 before every backbone", hidden, one_scaling, None)
    yield _naive("each backbone gets its own scaling", hidden, own, None)
    yield _naive("features standardised on train", hidden, own, scale)
    yield _naive(f"no hidden layer of {NAIVE_WIDTH} ReLUs", linear, own, scale)
    head = train_head(linear, own[0], own[1], None)
    yield _measured("L2, dropout and learning rate chosen on val", head.layers, own, recipe)
    if start is not None:
        head = train_head(linear, own[0], own[1], start)
        yield _measured("starts at the mean of the members' logits", head.layers, own, recipe)


def _naive(change: str, recipe: Recipe, splits: list[StackSplit], scale: Scale | None) -> Step:
    """A head with a first attempt's settings, on features as they are or standardised."""
    scale = scale or Scale.none(splits[0].features.shape[1])
    scaled = [StackSplit(scale.apply(s.features), s.targets, s.weights) for s in splits]
    nothing = [np.zeros(s.targets.shape) for s in splits]
    layers = fit_dense(
        recipe, scaled[0], scaled[1], nothing, l2=0.0, dropout=NAIVE_DROPOUT, learning_rate=NAIVE_RATE
    )
    return _measured(change, layers, scaled, recipe)


def _measured(change: str, layers: Sequence[Layer], splits: Sequence[StackSplit], recipe: Recipe) -> Step:
    figures = []
    for split in splits:
        logits, truths = answers(layers, split.features, recipe), split.targets.astype(float)
        softmax = recipe.network.activation == "softmax"
        right = logits.argmax(axis=1) == truths.argmax(axis=1) if softmax else (logits > 0) == (truths > 0.5)
        score = macro_auroc_of_logits(logits, truths, softmax=softmax)
        figures.append((score, float(right.mean())))
    (train, train_right), (val, val_right) = figures
    logger.info("%s: val macro AUROC %.4f", change, val)
    return Step(change, train, val, train_right, val_right)


def _scaled_first(front: Any) -> Any:
    """The same backbone behind one scaling for all: what a generator with ``rescale=1/255`` feeds it."""
    import keras

    film = keras.Input(front.input.shape[1:])
    return keras.Model(film, front(keras.layers.Rescaling(ONE_SCALING)(film)))
