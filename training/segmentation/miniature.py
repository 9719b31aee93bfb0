"""A segmenter's recipe in miniature: drawn films with drawn masks, small and few."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import chest_phantom
from training.recipe import SegmenterRecipe

SIDE = 96
FILMS = 16
MANIFEST = "manifest.csv"


def write_masked_miniature(out: Path) -> Path:
    """Draw films with masks of their lungs and, every fourth, of the heart.

    Parameters
    ----------
    out : Path
        New folder.

    Returns
    -------
    Path
        The manifest.
    """
    out.mkdir(parents=True)
    with (out / MANIFEST).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("image", "mask", "patient_id", "source", "behind_heart", "heart"))
        for number in range(FILMS):
            lungs, heart = np.zeros((2, SIDE, SIDE), np.uint8)
            for centre in ((0.30, 0.42), (0.70, 0.42)):
                _ellipse(lungs, centre, (0.13, 0.28))
            _ellipse(heart, (0.55, 0.58), (0.13, 0.12))
            names = [f"{number}-{name}.png" for name in ("film", "lungs", "heart")]
            for name, picture in zip(names, (chest_phantom(SIDE, SIDE, number), lungs, heart), strict=True):
                if not cv2.imwrite(str(out / name), picture):
                    raise TrainingError(f"{out / name} must be writable; it could not be written.")
            drawn = number % 4 == 0
            custom = "included" if drawn else "excluded"
            writer.writerow((*names[:2], number // 2, "drawn", custom, names[2] if drawn else ""))
    return out / MANIFEST


def _ellipse(mask: cv2.typing.MatLike, centre: tuple[float, float], half: tuple[float, float]) -> None:
    middle, axes = ([round(value * SIDE) for value in pair] for pair in (centre, half))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, cv2.FILLED)


def miniature_recipe(recipe: SegmenterRecipe) -> SegmenterRecipe:
    """The same recipe for small films, few of them, and one epoch."""
    table = recipe.model_dump(mode="json")
    # an id of its own: an export looks for present texts under the recipe's id
    table["id"] = f"{recipe.id}-smoke"[:64]
    table["preparation"] |= {"height": 64, "width": 64}
    table["fit"] |= {"batch_size": 4, "epochs": 1}
    table["data"] = {"drawn": {"manifest": MANIFEST, "val": 0.25, "test": 0.25}}
    table["sides"] = {}
    return SegmenterRecipe.model_validate(table)
