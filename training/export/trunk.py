"""A head on another bundle's features: proves that one run of the trunk's graph answers both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SERVING_FILE, Bundle, file_sha256, load_bundle
from cxr_dash.inference.head import HEAD_FILE, Head
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from cxr_dash.inference.schema_trunk import Trunk
from training.recipe import Recipe

MAX_DIFFERENCE = 1e-3


def write_head(model: Any, recipe: Recipe, models: Path, staging: Path, films: Float32Array) -> Trunk | None:
    """Write ``head.npz`` of a bundle whose recipe names a trunk.

    Parameters
    ----------
    model : keras.Model
        Ends in a linear layer ``logits`` on pooled features.
    recipe : Recipe
    models : Path
        Folder of bundles, where the trunk lies.
    staging : Path
        The bundle's own folder; its compiled graph lies there.
    films : ndarray of float32, shape (n, H, W, 1), 0-255
        Films to compare both ways of answering on.

    Returns
    -------
    Trunk or None
        The entry of ``bundle.json``; None when the recipe names no trunk.

    Raises
    ------
    TrainingError
        When the trunk prepares films otherwise, or its features with this head give other logits than this
        bundle's own graph.
    """
    trunk = check_trunk(recipe, models)
    if trunk is None or trunk.serving_path is None:
        return None
    kernel, bias = model.get_layer("logits").get_weights()
    head = Head(np.asarray(kernel, np.float32), np.asarray(bias, np.float32))
    _check_same(head, LiteRtRuntime(trunk.serving_path), LiteRtRuntime(staging / SERVING_FILE), films)
    head.write(staging / HEAD_FILE)
    return Trunk(id=trunk.id, sha256=file_sha256(trunk.serving_path))


def check_trunk(recipe: Recipe, models: Path) -> Bundle | None:
    """The bundle that a recipe's head reads, or None where it has a network of its own.

    Raises
    ------
    BundleError, TrainingError
        When it is not among the bundles, is not compiled, or prepares films otherwise.
    """
    if recipe.network.trunk is None:
        return None
    trunk = load_bundle(models / recipe.network.trunk)
    if trunk.serving_path is None:
        raise TrainingError(f"`network.trunk` must have {SERVING_FILE}; {trunk.id} has none.")
    if trunk.spec.preparation != recipe.preparation:
        raise TrainingError(
            f"`preparation` must be that of the trunk {trunk.id}, so that one film serves both; received "
            f"{recipe.preparation} instead of {trunk.spec.preparation}."
        )
    return trunk


def _check_same(head: Head, trunk: LiteRtRuntime, own: LiteRtRuntime, films: Float32Array) -> None:
    through = np.stack([head.logits(trunk.run(film).embedding) for film in films])
    alone = np.stack([own.run(film).logits for film in films])
    apart = float(np.abs(through - alone).max() / max(float(np.ptp(alone)), 1.0))
    if not apart <= MAX_DIFFERENCE:
        raise TrainingError(
            f"The trunk's features with this head must give this bundle's logits to {MAX_DIFFERENCE:g} of "
            f"their range; received {apart:.3g}.",
            remedy="Train the head with --weights models/<trunk>/model.keras, as it is shipped, and with the "
            "same network.half_weights as the trunk.",
        )
