"""Subject: pytorch-grad-cam on the same Keras model, whose layers are torch modules under that backend.

Its maps before they are enlarged to the film's size; it stretches each over its own range. Its forward pass
gives the probabilities too. Several classes are one batch of the same film, which is quicker than one after
the other. A third argument is how many threads torch may use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alike import probabilities_of
from benchmarks.peer import Array, Opened, answer, opened


def main(bundle_path: Path, film: Path, threads: int | None) -> None:
    found = opened(bundle_path, film)
    torch, library = import_module("torch"), import_module("pytorch_grad_cam")
    if threads is not None:
        torch.set_num_threads(threads)
    target = import_module("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget

    class OnTheGrid(library.GradCAM):  # type: ignore[misc, name-defined]
        """Its maps as the network has them, 14 x 14."""

        def get_target_width_height(self, _input_tensor: Any) -> None:
            """No size to enlarge to."""

    class ChannelsFirst(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The Keras model for films as torch has them, (N, 1, H, W); logits."""

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.keras_model = model

        def forward(self, films: Any) -> Any:
            return self.keras_model(films.permute(0, 2, 3, 1))

    gradcam = OnTheGrid(
        ChannelsFirst(_logits_with_gradients(found)),
        [found.model.get_layer(found.spec.cam_layer)],
        reshape_transform=lambda tensor: tensor.permute(0, 3, 1, 2),
    )
    film_tensor = torch.from_numpy(found.batch).permute(0, 3, 1, 2)

    def explain(classes: Sequence[int]) -> tuple[Array, Array]:
        films = film_tensor.expand(len(classes), -1, -1, -1)
        maps = gradcam(films, [target(number) for number in classes])
        logits = gradcam.outputs[0].detach().numpy()
        return probabilities_of(logits, found.spec.activation).astype(np.float32), np.asarray(maps)

    answer(explain, len(found.spec.labels))


def _logits_with_gradients(found: Opened) -> Any:
    """The model up to its logits.

    Of its weights only the last before the map take a gradient, so no more is gone back through than must be.
    """
    import keras  # noqa: PLC0415  (the backend is chosen first)

    found.model.trainable = False
    layers = found.model.layers
    names = [layer.name for layer in layers]
    before = layers[: names.index(found.spec.cam_layer) + 1]
    last = next(layer for layer in reversed(before) if layer.weights)
    last.trainable = True
    return keras.Model(found.model.inputs, found.model.get_layer("logits").output)


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "torch"
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
