"""What a run was begun with: it goes on with the same, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import file_sha256
from training.fitting.runs import RunFolder
from training.networks import NETWORKS
from training.networks.build import where_to_get
from training.networks.earlier import weights_name
from training.recipe import FurtherFilms, Recipe
from training.recipe.earlier import with_entries_since
from training.recipe.segmenter import SegmenterRecipe
from training.writing import write_text

# how long to train may be thought over while a run is interrupted
_FREE = ("fit.fine_tune_epochs", "fit.stop_after", "fit.epochs")
_FURTHER = "data.further"
_DIGESTS = "sha256"
RANDOM = "none"
"""What ``--weights`` is for a backbone that is to begin with random weights."""
IMAGENET = "imagenet"
"""What ``--weights`` is for Keras's own, which it fetches."""


def start_weights(recipe: Recipe, weights: str | None) -> str | None:
    """The weights that a run begins with; ``"none"`` asks for random ones.

    Raises
    ------
    TrainingError
        When a backbone that the recipe never trains would have random ones: its head could learn nothing.
    """
    if weights == RANDOM:
        return None
    network = NETWORKS.get(recipe.network.name)
    if weights is not None or network is None or not network.application or not keeps_backbone(recipe):
        return weights
    height, width = recipe.preparation.height, recipe.preparation.width
    raise TrainingError(
        f"`--weights` must be given: {recipe.id} never trains {network.name}, or not all of it, and the "
        "features of random weights say nothing about a film.",
        remedy=f"{where_to_get(network, height, width)} A model.keras of this backbone serves too; --weights "
        f"{RANDOM} takes random ones all the same.",
    )


def check_weights(weights: str | None) -> None:
    """Refuse weights that are no file, before anything else is looked at.

    Raises
    ------
    TrainingError
    """
    if weights in (None, RANDOM, IMAGENET) or Path(str(weights)).is_file():
        return
    raise TrainingError(
        f"`--weights` must be a file, {IMAGENET} or {RANDOM}; there is no file {weights}.",
        remedy="The weights of a run are its model.keras; those of the shipped findings are "
        "models/findings/model.keras.",
    )


def keeps_backbone(recipe: Recipe) -> bool:
    """Whether any layer of a recipe's network is never trained."""
    network = recipe.network
    cuts = (network.fine_tune_after, network.unfreeze_last, network.unfreeze_from)
    partly = any(cut is not None for cut in (*cuts, network.unfreeze_last_blocks))
    return partly or not recipe.fit.fine_tune_epochs


def write_start(run: RunFolder, recipe: Recipe | SegmenterRecipe, weights: str | None) -> None:
    """Note recipe, weights and teachers, the files by their SHA-256; kept as they are when they are there."""
    if not run.start.is_file():
        table = _table(recipe, weights) | {_DIGESTS: digests_of(run, recipe, weights)}
        write_text(json.dumps(table, indent=1) + "\n", run.start)


def digests_of(run: RunFolder, recipe: Recipe | SegmenterRecipe, weights: str | None) -> dict[str, str]:
    """Hex SHA-256 of the files that a run learns from besides its films.

    Parameters
    ----------
    run : RunFolder
        Its teachers lie beside it.
    recipe : Recipe or SegmenterRecipe
    weights : str or None

    Returns
    -------
    dict of str to str
        ``weights``, where they are a file, and ``teacher NAME``; those that are not there are left out.
    """
    files = {"weights": Path(weights)} if weights else {}
    if isinstance(recipe, Recipe) and recipe.views is not None:
        for name in recipe.views.teachers:
            files[f"teacher {name}"] = RunFolder(run.path.parent / name).model
    return {name: file_sha256(path) for name, path in files.items() if path.is_file()}


def check_start(
    run: RunFolder, recipe: Recipe | SegmenterRecipe, weights: str | None, *, resume: bool
) -> None:
    """Check that a run may begin here, or go on.

    Raises
    ------
    TrainingError
        When the folder holds a run that is not resumed, or one of another recipe or other weights.
    """
    traces = [path for path in (run.start, run.model, run.log, run.head_log) if path.exists()]
    if traces and not resume:
        raise TrainingError(
            f"`run folder` must be new; {run.path} holds a run.",
            remedy="Pass --resume, or another --run-folder.",
        )
    if not traces:
        return
    if not run.start.is_file():
        raise TrainingError(
            f"A run must have {run.start.name} to be resumed; {run.path} was left by an earlier version.",
            remedy="Give another --run-folder.",
        )
    kept, now = json.loads(run.start.read_text(encoding="utf-8")), _table(recipe, weights)
    digests = kept.pop(_DIGESTS, {})
    begun = with_entries_since(kept, recipe)
    for name in sorted(begun.keys() | now.keys()):
        before = _further(begun.get(name)) if name == _FURTHER else begun.get(name)
        if name in begun and name not in _FREE and before != now.get(name):
            raise TrainingError(
                f"A run must be resumed as it was begun: {name} was {begun[name]!r}; "
                f"received {now.get(name)!r}.",
                remedy="Give the same recipe and weights, or another --run-folder.",
            )
    _check_digests(digests, digests_of(run, recipe, weights))


def _check_digests(begun: dict[str, str], now: dict[str, str]) -> None:
    """Names of files say nothing of what is in them; one that is gone was read when the run began."""
    for name in begun.keys() & now.keys():
        if begun[name] != now[name]:
            raise TrainingError(
                f"A run must be resumed as it was begun: the file of its {name} had the SHA-256 "
                f"{begun[name][:12]}...; received {now[name][:12]}...",
                remedy="Give the file that the run was begun with, or another --run-folder.",
            )


def _table(recipe: Recipe | SegmenterRecipe, weights: str | None) -> dict[str, object]:
    table: dict[str, object] = {**recipe.flat(), "weights": weights_name(weights)}
    if isinstance(recipe, Recipe):
        # films that are only measured on decide nothing about the weights
        table[_FURTHER] = recipe.data.learned_further
    return table


def _further(entries: object) -> object:
    """Further manifests as :func:`_table` writes them, also from a run begun by an earlier version."""
    if not isinstance(entries, list):
        return entries
    read = [FurtherFilms.model_validate(entry) if isinstance(entry, dict) else entry for entry in entries]
    return [one.learned() if isinstance(one, FurtherFilms) else one for one in read]
