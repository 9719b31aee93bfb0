"""Subject: ``model.predict`` and the Grad-CAM of tf-keras-vis.

Its map before it is enlarged to the film's size and stretched over its own range, which are options of the
library. Several classes are one batch of the same film, which is quicker than one after the other.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peer import Array, answer, opened


def main(bundle_path: Path, film: Path) -> None:
    found = opened(bundle_path, film)
    import keras  # noqa: PLC0415  (after what it warns of is set aside)
    from tf_keras_vis.gradcam import Gradcam  # noqa: PLC0415
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear  # noqa: PLC0415
    from tf_keras_vis.utils.scores import CategoricalScore  # noqa: PLC0415

    functional = keras.Model(found.model.inputs, found.model.outputs)  # it reads no Sequential of Keras 3
    gradcam = Gradcam(functional, model_modifier=ReplaceToLinear(), clone=True)

    def explain(classes: Sequence[int]) -> tuple[Array, Array]:
        probabilities = np.asarray(found.model.predict(found.batch, verbose=0))[0]
        maps = gradcam(
            CategoricalScore(list(classes)),
            np.repeat(found.batch, len(classes), axis=0),
            penultimate_layer=found.spec.cam_layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        return probabilities, np.asarray(maps)

    answer(explain, len(found.spec.labels))


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
