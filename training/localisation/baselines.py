"""What points at boxes without looking at the film: where such boxes lie, the middle, and chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np

from cxr_dash.domain import Float32Array
from training.films.boxes import BoxedFilm, box_mask

TRAIN_BOXES, CENTRE, RANDOM = "train_boxes", "centre", "random"
BASELINES = (TRAIN_BOXES, CENTRE, RANDOM)
SIDE = 80
CENTRE_SPREAD = 0.19  # standard deviation of the Gaussian, as a share of the film's sides
RANDOM_MAPS = 10  # for each film: their measures are averaged
RANDOM_GRID = 7


def mean_box_maps(train: Sequence[BoxedFilm]) -> dict[str, Float32Array]:
    """How often each place of the film lies inside a box of a finding, on train films.

    Returns
    -------
    dict of str to ndarray of float32, shape (SIDE, SIDE), 0-1
        By finding.
    """
    masks = defaultdict(list)
    for boxed in train:
        masks[boxed.finding].append(box_mask(boxed.regions, SIDE, SIDE))
    return {finding: np.mean(found, axis=0).astype(np.float32) for finding, found in masks.items()}


def centre_map() -> Float32Array:
    """A Gaussian around the middle of the film, shape (SIDE, SIDE), 0-1."""
    place = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) / CENTRE_SPREAD
    bell = np.exp(-0.5 * place**2)
    return np.asarray(np.outer(bell, bell), dtype=np.float32)


def random_maps(seed: int) -> list[Float32Array]:
    """Maps as a model without knowledge could make them: Gaussian noise on a coarse grid, cut off at 0."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(RANDOM_MAPS, RANDOM_GRID, RANDOM_GRID))
    return [np.maximum(one, 0.0).astype(np.float32) for one in noise]


def over_film(heat: Float32Array, height: int, width: int) -> Float32Array:
    """A map of the whole film at the film's own size."""
    return np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
