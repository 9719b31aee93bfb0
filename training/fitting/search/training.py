"""What a search does with one recipe: an ordinary run."""

from __future__ import annotations

from pathlib import Path

from training.fitting.fit import fit
from training.fitting.search.study import OnEpoch, Train
from training.recipe import Recipe


def fitted(data_root: Path, weights: str | None) -> Train:
    """A function that fits a recipe in a run folder, going on with a run that was broken off.

    Parameters
    ----------
    data_root : Path
    weights : str or None
        As for :func:`training.fitting.fit.fit`.
    """

    def train(recipe: Recipe, folder: Path, on_epoch: OnEpoch) -> float:
        record = fit(recipe, data_root, folder, weights=weights, resume=folder.exists(), on_epoch=on_epoch)
        return record.val_macro_auroc

    return train
