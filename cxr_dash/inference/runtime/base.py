"""The one interface behind which models run."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BundleMismatchError

OUTPUT_NAMES = ("logits", "cams", "embedding")


class Runtime(Protocol):
    """One loaded model. Safe to call from several threads at once.

    Attributes
    ----------
    name : str
        Which library runs it: ``"litert"`` or ``"keras"``.
    """

    @property
    def name(self) -> str:
        """Which library runs it."""
        ...

    def run(self, model_input: Float32Array) -> RawOutput:
        """Run the model on one prepared film.

        Parameters
        ----------
        model_input : ndarray of float32, shape (H, W, 1), grey levels 0-255

        Returns
        -------
        RawOutput
            Arrays of its own: nothing in it is overwritten by a later call.

        Raises
        ------
        BundleMismatchError
            When the array is not of the size the model was made for.
        """
        ...


def as_batch(model_input: Float32Array, input_size: tuple[int, int]) -> Float32Array:
    """One film as the batch of one a model takes.

    Raises
    ------
    BundleMismatchError
        When the shape is not ``(*input_size, 1)``.
    """
    if model_input.shape != (*input_size, 1):
        raise BundleMismatchError(
            f"`model_input` must have shape {(*input_size, 1)}; received shape={model_input.shape}.",
            remedy="Prepare the film with the preparation of the model's own bundle.",
        )
    return np.ascontiguousarray(model_input[None], dtype=np.float32)
