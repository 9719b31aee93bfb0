"""Adebayo's test (Sanity Checks for Saliency Maps, 2018): maps must change when the weights are drawn anew.

Cascading, from the logits down: first the head alone, then ever deeper layers with it, at last all. Each
kernel is drawn anew with the mean and deviation it had (biases and normalisation keep theirs), so that the
network stays alive. Maps that a redrawn network makes too show the film's edges, not what was learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from scipy.stats import spearmanr

from cxr_dash.domain import Float32Array
from cxr_dash.inference.runtime.gradcam import build_explainer
from cxr_dash.inference.runtime.graph import flatten_model
from cxr_dash.inference.schema_localisation import MapSanity
from training.metrics import bootstrap_weights, interval

STAGES = {"logits": 0.0, "last quarter": 0.25, "last half": 0.5, "all": 1.0}
MAX_CORRELATION = 0.3
SAMPLES = 1000
_SIDE = 56  # maps are compared on a grid fine enough for structural similarity


def map_sanity(
    model: Any,
    cam_layer: str | None,
    films: Float32Array,
    classes: Sequence[int],
    groups: Sequence[str],
    *,
    split: str = "val",
    seed: int = 0,
) -> MapSanity:
    """How alike maps stay while a model's weights are drawn anew, from the logits down.

    Parameters
    ----------
    model : keras.Model
        Left with the weights it had.
    cam_layer : str or None
    films : ndarray of float32, shape (n, H, W, 1)
    classes : sequence of int
        Number of the logit whose map is compared, for each film.
    groups : sequence of str
        Patient of each film.
    split : str
    seed : int
    """
    kept = model.get_weights()
    before = _maps(model, cam_layer, films, classes)
    layers = [step.operation for step in flatten_model(model).steps if _kernels(step.operation)]
    layers = list(dict.fromkeys(reversed(layers)))  # from the logits down
    generator, resampling = np.random.default_rng(seed), bootstrap_weights(groups, SAMPLES, seed)
    stages, done = {}, 0
    for name, share in STAGES.items():
        count = max(1, round(share * len(layers)))
        for layer in layers[done:count]:
            redraw(layer, generator)
        done = max(done, count)
        after = _maps(model, cam_layer, films, classes)
        likeness = np.array([_likeness(one, other) for one, other in zip(before, after, strict=True)])
        stages[name] = {
            measure: interval(
                likeness[:, column].mean(keepdims=True),
                (resampling @ likeness[:, column]) / resampling.sum(axis=1),
            )
            for column, measure in enumerate(("rank correlation", "structural similarity"))
        }
    model.set_weights(kept)
    highest = stages["all"]["rank correlation"].high
    reached = stages["all"]["rank correlation"].value if highest is None else highest
    return MapSanity(
        split=split,
        films=len(films),
        stages=stages,
        passed=reached < MAX_CORRELATION,
        limit=f"with all weights drawn anew, the rank correlation must stay below {MAX_CORRELATION:g}",
    )


def redraw(layer: Any, generator: np.random.Generator) -> None:
    """Draw a layer's kernels anew, from a normal distribution of their own mean and deviation."""
    for weight in _kernels(layer):
        values = np.asarray(weight)
        drawn = generator.normal(values.mean(), values.std(), values.shape)
        weight.assign(drawn.astype(values.dtype))


def _kernels(layer: Any) -> list[Any]:
    """A layer's weights of two dimensions or more: what it learned to look for."""
    return [weight for weight in getattr(layer, "weights", []) if len(weight.shape) > 1]


def _maps(
    model: Any, cam_layer: str | None, films: Float32Array, classes: Sequence[int]
) -> list[Float32Array]:
    """Grad-CAM, before ReLU, of each film's own class."""
    function = build_explainer(model, cam_layer).trace(batch_size=1)
    cams = [function(film[None])["cams"][0].numpy() for film in films]
    return [cam[index] for cam, index in zip(cams, classes, strict=True)]


def _likeness(one: Float32Array, other: Float32Array) -> tuple[float, float]:
    """Spearman's correlation of the cells of what is shown, and structural similarity; 0 for an even map."""
    shown = [np.maximum(cam, 0.0) for cam in (one, other)]
    if any(float(np.ptp(cam)) == 0.0 for cam in shown):
        return 0.0, 0.0
    finer = [cv2.resize(cam / cam.max(), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR) for cam in shown]
    return float(spearmanr(shown[0].ravel(), shown[1].ravel()).statistic), _ssim(finer[0], finer[1])


def _ssim(one: Float32Array, other: Float32Array) -> float:
    """Mean structural similarity of two maps of 0-1 (Wang et al. 2004: Gaussian of 1.5, 0.01 and 0.03)."""

    def local(values: Any) -> Any:
        return cv2.GaussianBlur(values.astype(np.float64), (11, 11), 1.5)

    mean_one, mean_other = local(one), local(other)
    variance_one, variance_other = local(one * one) - mean_one**2, local(other * other) - mean_other**2
    shared = local(one * other) - mean_one * mean_other
    above = (2 * mean_one * mean_other + 0.01**2) * (2 * shared + 0.03**2)
    below = (mean_one**2 + mean_other**2 + 0.01**2) * (variance_one + variance_other + 0.03**2)
    return float((above / below).mean())
