"""Pooled features of each member for all heads: computed once, kept in the folder of prepared films."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array
from training.ensembles.join import Joined
from training.ensembles.members import Member
from training.ensembles.stack import StackSplit
from training.films.manifest import Film
from training.films.prepared import prepared_films
from training.fitting.data import cache_features, film_weights, targets_of
from training.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class FilmSet:
    """The films of one split as model inputs.

    Attributes
    ----------
    films : list of Film
    pixels : ndarray of uint8, shape (n, H, W, 1)
    """

    films: list[Film]
    pixels: NDArray[np.uint8]

    @classmethod
    def prepare(cls, films: list[Film], recipe: Recipe, cache: Path) -> FilmSet:
        """Prepared at the recipe's size, or read back."""
        return cls(films, prepared_films(films, recipe.preparation, cache))

    def targets(self, recipe: Recipe, labels: Sequence[str]) -> Float32Array:
        """Truth of every film and label, (n, C), 0 or 1."""
        return targets_of(self.films, labels, recipe.data.any_label)

    def split(
        self, recipe: Recipe, labels: Sequence[str], features: NDArray[Any], widths: tuple[int, ...]
    ) -> StackSplit:
        """Truths and weights of these films beside their features, (copies, n, K)."""
        targets = self.targets(recipe, labels)
        softmax = recipe.network.activation == "softmax"
        weights = film_weights(self.films, targets, recipe.fit, softmax=softmax)
        copies = len(features)
        return StackSplit(
            np.concatenate([np.asarray(copy, dtype=np.float32) for copy in features]),
            np.tile(targets, (copies, 1)),
            np.tile(weights, copies),
            widths,
        )


def pooled_features(
    fronts: Sequence[Any],
    members: Sequence[Member],
    films: FilmSet,
    recipe: Recipe,
    cache: Path,
    *,
    copies: int,
    variant: str = "",
) -> NDArray[np.float16]:
    """Every member's features of every copy, side by side; copy 0 is the film itself.

    The copies are the same for all members: augmentation depends on the recipe's seed alone.

    Parameters
    ----------
    fronts : sequence of keras.Model
        From the joint film to each member's pooled map.
    members : sequence of Member
    films : FilmSet
    recipe : Recipe
    cache : Path
    copies : int
    variant : str
        What else the features depend on.

    Returns
    -------
    ndarray of float16, shape (copies, n, K)
    """
    digest = hashlib.sha256(np.ascontiguousarray(films.pixels).tobytes())
    digest.update(f"{variant} {copies} {films.pixels.shape}".encode())
    if copies > 1:
        digest.update(f"{recipe.seed} {recipe.fit.batch_size} {recipe.augment.model_dump_json()}".encode())
    parts = []
    for front, member in zip(fronts, members, strict=True):
        own = digest.copy()
        own.update(f"{member.sha256} {member.cam_layer} {front.output.shape}".encode())
        parts.append(
            cache_features(
                front,
                films.pixels,
                cache / f"member-{own.hexdigest()[:16]}.npy",
                copies=copies,
                fit=recipe.fit,
                recipe=recipe.augment,
                seed=recipe.seed,
            )
        )
    return np.concatenate(parts, axis=-1)


def member_fronts(joined: Joined) -> list[Any]:
    """From the joint film to the pooled map of each member alone."""
    import keras

    return [
        keras.Model(joined.film, keras.layers.GlobalAveragePooling2D(name=f"member{index}.pooled")(own))
        for index, own in enumerate(joined.maps)
    ]
