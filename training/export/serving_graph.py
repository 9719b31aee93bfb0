"""Compiles a trained model for serving and proves that the file gives Keras's own answers.

The compiled graph holds the forward pass and Grad-CAM of every class. Before it may go into a bundle, the
file is read back by LiteRT, the saved model by Keras, and logits and maps are compared with Keras's own
automatic differentiation on several films. TensorFlow is imported inside functions only.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import BundleError, TrainingError
from cxr_dash.inference.runtime.gradcam import Explainer, build_explainer
from cxr_dash.inference.runtime.litert import SIGNATURE, LiteRtRuntime
from training.export.autodiff import autodiff_gradcam

MAX_DIFFERENCE = 1e-3
CHECKED_FILMS = 4


@dataclass(frozen=True, slots=True)
class ServingReport:
    """What was compiled and how closely it agrees with Keras.

    Attributes
    ----------
    method : str
        ``"closed_form"`` or ``"traced"``.
    cam_layer : str
        Path of the layer whose map is used, for ``bundle.json``.
    cam_grid : tuple of int
        Height and width of the maps, cells.
    input_size : tuple of int
        Height and width of the input, pixels.
    embedding_size : int
    films : int
        How many films were compared.
    logits_difference, cams_difference : float
        Largest absolute difference from Keras autodiff, as a fraction of the range.
    model_bytes, serving_bytes : int
        Sizes of the saved model and of the compiled graph.
    """

    method: str
    cam_layer: str
    cam_grid: tuple[int, int]
    input_size: tuple[int, int]
    embedding_size: int
    films: int
    logits_difference: float
    cams_difference: float
    model_bytes: int
    serving_bytes: int


def compile_serving(
    model: Any,
    cam_layer: str | None,
    output: Path,
    *,
    films: Float32Array | None = None,
    model_path: Path | None = None,
) -> ServingReport:
    """Write ``serving.tflite`` for a model and compare it with the saved model.

    Parameters
    ----------
    model : keras.Model
        Takes grey levels, ends in a linear layer ``logits`` and a separate activation.
    cam_layer : str or None
        Name or path of the layer whose map is used; ``None`` takes the last feature map.
    output : Path
        File to write, only when the comparison succeeds.
    films : ndarray of float32, shape (n, H, W, 1), grey levels 0-255, optional
        Films to compare on; generated ones if left out.
    model_path : Path, optional
        The saved ``model.keras`` of the same model, reloaded for the comparison; saved to a temporary
        folder if left out.

    Raises
    ------
    TrainingError
        When the model has no feature map or logits, does not convert, or the two files disagree by more
        than 1e-3 of the range.
    """
    try:
        explainer = build_explainer(model, cam_layer)
    except BundleError as error:
        raise TrainingError(error.message, remedy=error.remedy) from error
    if films is None:
        films = _generated_films(explainer.input_size)
    # renamed into place at the end: a server may have the old file mapped into its memory
    candidate = output.with_name(f".{output.name}.candidate")
    try:
        candidate.write_bytes(_convert(explainer))
        with tempfile.TemporaryDirectory() as folder:
            if model_path is None:
                model_path = Path(folder) / "model.keras"
                model.save(model_path)
            model_bytes = model_path.stat().st_size
            logits, cams = _compare(candidate, model_path, explainer.cam_layer, films)
        candidate.replace(output)
    finally:
        candidate.unlink(missing_ok=True)
    return ServingReport(
        method=explainer.method,
        cam_layer=explainer.cam_layer,
        cam_grid=explainer.cam_grid,
        input_size=explainer.input_size,
        embedding_size=explainer.embedding_size,
        films=len(films),
        logits_difference=logits,
        cams_difference=cams,
        model_bytes=model_bytes,
        serving_bytes=output.stat().st_size,
    )


def relative_difference(received: Float32Array, expected: Float32Array) -> float:
    """Largest absolute difference as a fraction of the span of ``expected`` and zero; NaN stays NaN."""
    span = max(float(expected.max()), 0.0) - min(float(expected.min()), 0.0)
    difference = float(np.abs(received - expected).max())
    return 0.0 if difference == 0.0 else difference / max(span, float(np.finfo(np.float32).tiny))


def _compare(
    serving_path: Path, model_path: Path, cam_layer: str, films: Float32Array
) -> tuple[float, float]:
    """Differences of logits and of maps between the two files, as fractions of the range."""
    reference = autodiff_gradcam(_reload(model_path), cam_layer, films)
    runtime = LiteRtRuntime(serving_path)
    outputs = [runtime.run(film) for film in films]
    logits = relative_difference(np.stack([out.logits for out in outputs]), reference[0])
    cams = relative_difference(np.stack([out.cams for out in outputs]), reference[1])
    if not (logits <= MAX_DIFFERENCE and cams <= MAX_DIFFERENCE):  # written so that NaN fails
        raise TrainingError(
            f"The compiled graph must agree with Keras to {MAX_DIFFERENCE:g} of the range; "
            f"received differences logits={logits:.3g}, cams={cams:.3g}.",
            remedy="Look for layers that behave differently when converted, or name another `cam_layer`.",
        )
    return logits, cams


def _convert(explainer: Explainer) -> bytes:
    """The explainer at batch size 1 as a LiteRT graph of built-in float32 operations."""
    return litert_graph(explainer.trace(batch_size=1), explainer.model)


def litert_graph(function: Any, model: Any) -> bytes:
    """A traced function of a Keras model as a LiteRT graph of built-in float32 operations.

    Parameters
    ----------
    function : tf.function
        With one input signature; gives a mapping of named outputs.
    model : keras.Model
        Whose variables it uses.

    Raises
    ------
    TrainingError
        When an operation has no built-in kernel.
    """
    import tensorflow as tf

    module = tf.Module()
    # Keras variables are not tf.Variables; only what the module tracks is saved, and then frozen
    module.variables_of_model = [variable.value for variable in model.variables]
    module.function = function
    # the gradients are in the graph already; saving them a second time fails for overridden ones
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    with tempfile.TemporaryDirectory() as folder:
        signatures = {SIGNATURE: function.get_concrete_function()}
        tf.saved_model.save(module, folder, signatures=signatures, options=options)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return bytes(converter.convert())
        except Exception as error:  # the converter raises its own class, private and version-dependent
            raise TrainingError(
                f"`model` must convert to built-in LiteRT operations; received: {str(error)[:400]}",
                remedy="Put `cam_layer` after the last pooling, or use activations with a plain gradient.",
            ) from error


def _reload(path: Path) -> Any:
    """The saved model, the way serving loads it."""
    import keras

    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _generated_films(input_size: tuple[int, int]) -> Float32Array:
    """Seeded pictures with large and small structures, grey levels 0-255."""
    rng = np.random.default_rng(20240607)
    height, width = input_size
    coarse = rng.uniform(0, 200, (CHECKED_FILMS, -(-height // 16), -(-width // 16)))
    large = np.kron(coarse, np.ones((1, 16, 16)))[:, :height, :width]
    return (large + rng.uniform(0, 55, large.shape))[..., None].astype(np.float32)
