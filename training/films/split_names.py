"""The splits there are, what each is for, and which one a model is calibrated on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from training.films.manifest import Film

VAL: Final = "val"
NATURAL_VAL: Final = "natural_val"
NATURAL: Final = "natural"

# nothing is chosen on these; the first is how common findings are said to be where a reader says nothing
HELD_OUT_SPLITS: Final = (NATURAL, "test", "external")
SPLITS: Final = (VAL, NATURAL_VAL, *HELD_OUT_SPLITS)
_TELLING: Final = ("external", NATURAL, "test", NATURAL_VAL, VAL)


def split_place(split: str) -> int:
    """Where a split's figures stand among those of others: the most telling first, unknown ones last."""
    return _TELLING.index(split) if split in _TELLING else len(_TELLING)


def chosen_on(films: Iterable[Film]) -> str:
    """The split that calibration and thresholds are chosen on.

    ``natural_val`` where a recipe has films taken as they came; else ``val``, whose prevalence is that of the
    collection.
    """
    return NATURAL_VAL if any(film.split == NATURAL_VAL for film in films) else VAL
