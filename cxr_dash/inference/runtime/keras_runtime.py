"""Runs a saved Keras model that has no compiled graph: slower to start, larger, the same answers.

Keras and TensorFlow are imported when the first such model is loaded, never with this module.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BackendMissingError, BundleMismatchError
from cxr_dash.inference.runtime.base import OUTPUT_NAMES, as_batch
from cxr_dash.inference.runtime.gradcam import build_explainer


class KerasRuntime:
    """A ``model.keras``, traced once for one film.

    Parameters
    ----------
    path : Path
        The saved model. It is read with ``safe_mode=True``: code inside the file is refused, not run.
    cam_layer : str or None
        Name or path of the layer whose map is used; ``None`` takes the last feature map.

    Raises
    ------
    BackendMissingError
        When Keras with TensorFlow is not installed.
    BundleMismatchError
        When the file does not load safely.
    BundleError
        When the model has no such layer, or no linear layer ``logits``.
    """

    name = "keras"

    def __init__(self, path: Path, cam_layer: str | None = None) -> None:
        model = load_safely(path)
        explainer = build_explainer(model, cam_layer)
        self._explainer = explainer  # owns the variables the traced function only refers to
        self._function = explainer.trace(batch_size=1)
        self.input_size = explainer.input_size

    def run(self, model_input: Float32Array) -> RawOutput:
        """Run the model on one film; see :meth:`cxr_dash.inference.runtime.Runtime.run`."""
        outputs = self._function(as_batch(model_input, self.input_size))
        logits, cams, embedding = (outputs[name][0].numpy() for name in OUTPUT_NAMES)
        return RawOutput(logits=logits, cams=cams, embedding=embedding)


def load_safely(path: Path) -> Any:
    """A saved Keras model; code inside the file is refused, not run.

    Raises
    ------
    BackendMissingError
        When Keras with TensorFlow is not installed.
    BundleMismatchError
        When the file does not load safely.
    """
    keras = import_keras()
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, TypeError, ValueError) as error:
        raise BundleMismatchError(
            f"{path.name} must be a Keras 3 model without code inside; received: {str(error)[:400]}",
            remedy="Save the model without Lambda or unregistered custom layers, and export it again.",
        ) from error


def import_keras() -> Any:
    """Keras on TensorFlow, without the start-up messages of TensorFlow's C++ part."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is imported
    try:
        import keras
        import tensorflow as tf
    except ImportError as error:
        raise BackendMissingError(
            f"A bundle without serving.tflite needs Keras and TensorFlow; received: {error}.",
            remedy="Run `pip install -e '.[training]'` in the checkout, or export a compiled graph.",
        ) from error
    if keras.backend.backend() != "tensorflow":
        raise BackendMissingError(
            f"The Keras backend must be tensorflow {tf.__version__}; received {keras.backend.backend()!r}.",
            remedy="Unset KERAS_BACKEND, or set it to tensorflow.",
        )
    return keras
