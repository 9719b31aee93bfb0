"""Which library Keras computes with. Importing this imports neither Keras nor any of them."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from importlib.util import find_spec

from cxr_dash.errors import TrainingError

BACKENDS = {
    "tensorflow": "pip install -e '.[training]'",
    "jax": "pip install -e '.[training,jax]'",
    "torch": "pip install torch, of the build for this machine (pytorch.org)",
}
"""Name of each backend, and how its library is installed."""
DEVICES = ("cpu", "gpu")

logger = logging.getLogger(__name__)


def use_machine(backend: str | None, device: str | None) -> None:
    """Both as a command was told; what it was not told stays as it is. See :func:`use_device`."""
    if backend:
        use_backend(backend)
    if device:
        use_device(device)


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


def use_device(name: str) -> None:
    """Compute on a GPU or on the CPU; to be called after :func:`use_backend`, before Keras is imported.

    Parameters
    ----------
    name : {"cpu", "gpu"}
        ``cpu`` hides every GPU from this process.

    Raises
    ------
    TrainingError
        When there is no such device: a run that was meant for a GPU would take days without a word.
    """
    if name not in DEVICES:
        raise TrainingError(f"`device` must be one of {', '.join(DEVICES)}; received {name!r}.")
    if name == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        os.environ["JAX_PLATFORMS"] = "cpu"
    elif not (found := graphics()):
        backend = chosen_backend()
        raise TrainingError(
            f"`device` gpu needs a GPU that {backend} can compute on; no GPU was found.",
            remedy="`nvidia-smi` names those of this machine; docs/training.md#on-a-gpu says what to install "
            "(`make setup-gpu`). Leave `--device` out to compute on the CPU.",
        )
    else:
        logger.info("computing on %s", ", ".join(found))


def graphics() -> list[str]:
    """The GPUs that the chosen backend can compute on, by its own names; loads its library."""
    backend = chosen_backend()
    if backend == "torch":
        cuda = import_module("torch").cuda
        return [cuda.get_device_name(index) for index in range(cuda.device_count())]
    if backend == "jax":
        devices = import_module("jax").devices()
        return [device.device_kind for device in devices if device.platform == "gpu"]
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(one).get("device_name", one.name) for one in found]


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


def chosen_backend() -> str:
    """What Keras runs on, or will once it is imported."""
    return current_backend() or os.environ.get("KERAS_BACKEND") or "tensorflow"


def current_backend() -> str | None:
    """The backend that Keras runs on in this process; None while it is not imported."""
    keras = sys.modules.get("keras")
    return None if keras is None else str(keras.backend.backend())
