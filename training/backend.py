"""Which library Keras computes with. Importing this imports neither Keras nor any of them."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from cxr_dash.errors import TrainingError

BACKENDS = {
    "tensorflow": "pip install -e '.[training]'",
    "jax": "pip install -e '.[training,jax]'",
    "torch": "pip install torch, of the build for this machine (pytorch.org)",
}
"""Name of each backend, and how its library is installed."""


def use_backend(name: str) -> None:
    """Let Keras compute with a library; to be called before Keras is imported for the first time.

    Films are decoded, augmented and handed over by ``tf.data`` whatever the backend, and ``export``
    always computes with TensorFlow: the saved model is the same for all of them.

    Parameters
    ----------
    name : {"tensorflow", "jax", "torch"}

    Raises
    ------
    TrainingError
        When there is no such backend, its library is not installed, or Keras already runs on another.
    """
    require_backend(name)
    running = current_backend()
    if running is not None and running != name:
        raise TrainingError(
            f"`backend` must be chosen before Keras is imported; it runs on {running}, received {name!r}.",
            remedy="Use one process for each backend.",
        )
    os.environ["KERAS_BACKEND"] = name
    if name != "tensorflow":
        # the pipeline's TensorFlow would otherwise take all memory of a GPU from the one that trains
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def require_backend(name: str) -> None:
    """Look whether a backend could be used, without loading it.

    Raises
    ------
    TrainingError
        When there is no such backend, or its library is not installed.
    """
    if name not in BACKENDS:
        raise TrainingError(f"`backend` must be one of {', '.join(BACKENDS)}; received {name!r}.")
    if find_spec(name) is None:
        raise TrainingError(
            f"`backend` must be installed; there is no module {name}.", remedy=f"{BACKENDS[name]}."
        )


def current_backend() -> str | None:
    """The backend that Keras runs on in this process; None while it is not imported."""
    keras = sys.modules.get("keras")
    return None if keras is None else str(keras.backend.backend())
